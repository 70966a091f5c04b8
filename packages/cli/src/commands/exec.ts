import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { formatDuration, type Seconds } from '@mayfly/der';
import { Command, Option } from 'commander';
import { CliError } from '../errors.js';
import { printable, printableLines } from '../terminal-text.js';
import { childEnvironment } from '../token-key.js';
import { DEFAULT_STATE } from '../up/places.js';
import { findPod, isMounted, type RunnablePod } from '../up/pod-file.js';
import { ended, programOf } from '../up/program.js';
import { isServed } from '../up/serving.js';
import { durationArgument } from './arguments.js';

interface ExecFlags {
  readonly pod: string;
  readonly container?: string;
  readonly state: string;
  readonly wait: Seconds;
}

/** Signals that a supervisor or a person sends to a command, passed on to it. */
const FORWARDED: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'];
/** Milliseconds between two looks at volumes that are not written yet. */
const POLL = 100;
/** Milliseconds after which a person is told what is waited for, where somebody is at it. */
const PATIENCE = 1000;

const EXAMPLES = `
The command gets the manifest's environment variables. In them and in the arguments, a path below a mount path that
begins a word, or stands behind one of = : and a comma, is replaced by where the file is here; what stands within a
text, such as the one behind sh -c, is not: use the variables there. Beside them it finds
  MAYFLY_POD_NAMESPACE, MAYFLY_POD_NAME   who it is
  MAYFLY_CREDENTIAL_DIRECTORY             the volume with its credentials
Its exit code is the exit code; signals are passed on.

Examples:
  mayfly exec --pod web -- node server.js
  mayfly exec --pod shop/orders-client -- sh -c 'openssl x509 -in "$TLS_CERT_PATH" -noout -enddate'
  mayfly exec --pod api-server                    the pod's own command`;

/** `mayfly exec`. */
export const execCommand = (): Command =>
  new Command('exec')
    .summary('run a program as a pod of mayfly up')
    .description(
      "Runs a program with a pod's credentials and environment; mayfly up keeps the credentials fresh meanwhile.",
    )
    .requiredOption('--pod <name>', 'the pod, by name or namespace/name')
    .option('--container <name>', 'whose environment it gets (default: the first)')
    .option('--state <directory>', 'the state directory of mayfly up', DEFAULT_STATE)
    .addOption(
      new Option('--wait <duration>', 'how long to wait for the first certificate')
        .argParser(durationArgument)
        .default(30, '30s'),
    )
    .argument('[command...]', "what to run, behind -- (default: the container's own command)")
    .addHelpText('after', EXAMPLES)
    .action(exec);

async function exec(command: readonly string[], { pod: wanted, container, state, wait }: ExecFlags): Promise<void> {
  const pod = await waitUntilMounted(resolve(state), wanted, wait);
  const { file, args, env } = programOf(pod, command, container);
  let child: ChildProcess | undefined;
  const forward = (signal: NodeJS.Signals): void => {
    // The terminal sends Ctrl-C to the whole group, so a child that shares it has the signal already.
    if (!(signal === 'SIGINT' && process.stdin.isTTY)) child?.kill(signal);
  };
  // Before the command begins: from its first word on, somebody may count on signals to reach it.
  for (const signal of FORWARDED) process.on(signal, forward);
  try {
    child = spawn(file, args, {
      // A command of the person's starts where the person is, the container's own where its manifest is.
      ...(command.length === 0 && { cwd: pod.directory }),
      env: { ...childEnvironment(), ...env },
      stdio: 'inherit',
    });
    process.exitCode = (await ended(child, file)).code;
  } finally {
    for (const signal of FORWARDED) process.off(signal, forward);
  }
}

/** No program starts without its certificates. A pod that a running `mayfly up` does not have never gets any. */
async function waitUntilMounted(state: string, wanted: string, wait: Seconds): Promise<RunnablePod> {
  const began = performance.now();
  const until = began + wait * 1000;
  for (let hinted = false; ; ) {
    let missing: CliError;
    // Asked first: what is served by then has its file, and what is written meanwhile is found.
    const allAreThere = await isServed(state);
    let pod: RunnablePod | undefined;
    try {
      pod = await findPod(state, wanted);
      if (await isMounted(pod, Math.floor(Date.now() / 1000))) {
        if (!allAreThere)
          process.stderr.write(
            `mayfly: no mayfly up is running for ${printable(state)}: nobody renews these certificates\n`,
          );
        return pod;
      }
      missing = new CliError(
        'ERR_CLI_POD',
        `Cannot run as pod ${pod.namespace}/${pod.name}: its volumes hold no valid certificates; is mayfly up running, and does it show an error for this pod?`,
      );
    } catch (error) {
      if (!(error instanceof CliError) || error.code !== 'ERR_CLI_POD') throw error;
      missing = error;
      if (pod === undefined && allAreThere) throw missing;
    }
    const now = performance.now();
    if (now >= until) throw missing;
    if (!hinted && (!allAreThere || now - began >= PATIENCE)) {
      hinted = true;
      const limit = formatDuration(wait);
      process.stderr.write(
        allAreThere
          ? `mayfly: ${printableLines(missing.message)}\nmayfly: waiting for it up to ${limit}\n`
          : `mayfly: no mayfly up is running for ${printable(state)}; waiting for it up to ${limit}\n`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}
