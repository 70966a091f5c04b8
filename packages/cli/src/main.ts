import { Command, CommanderError } from 'commander';
import { CliError, reportOf } from './errors.js';
import { nearestName } from './manifests/spelling.js';
import { printableLines } from './terminal-text.js';

/** The version of all packages, which is one. */
export const VERSION = '0.1.0';

/** What makes each command, in the order of the help. A program that runs for weeks keeps nothing in memory that others need. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import('./commands/up.js')).upCommand(),
  exec: async () => (await import('./commands/exec.js')).execCommand(),
  signer: async () => (await import('./commands/signer.js')).signerCommand(),
  requester: async () => (await import('./commands/requester.js')).requesterCommand(),
  doctor: async () => (await import('./commands/doctor.js')).doctorCommand(),
  translate: async () => (await import('./commands/translate.js')).translateCommand(),
  csr: async () => (await import('./commands/csr.js')).csrCommand(),
  inspect: async () => (await import('./commands/inspect.js')).inspectCommand(),
  verify: async () => (await import('./commands/verify.js')).verifyCommand(),
  p12: async () => (await import('./commands/p12.js')).p12Command(),
  ca: async () => (await import('./commands/ca-init.js')).caCommand(),
};

/**
 * The command line: whole, or with one command alone.
 * @param name - Of that command; anything else, such as `help`, gets all of them.
 */
export async function mayfly(name?: string): Promise<Command> {
  const program = new Command('mayfly')
    .description('Short-lived X.509 identities for workloads: minted, delivered and rotated by themselves')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showSuggestionAfterError()
    .enablePositionalOptions();
  const one = name !== undefined && Object.hasOwn(commands, name) ? commands[name] : undefined;
  for (const make of one === undefined ? Object.values(commands) : [one]) program.addCommand(await make());
  return program;
}

const withSubcommands = (command: Command): readonly Command[] => [
  command,
  ...command.commands.flatMap(withSubcommands),
];

/** Of a command that there is not, commander shows the help of all. */
function requireKnownTopic(program: Command, [command, ...topic]: readonly string[]): void {
  if (command !== 'help') return;
  let at = program;
  for (const name of topic) {
    const names = at.commands.map((known) => known.name());
    const next = at.commands.find((known) => known.name() === name);
    if (next === undefined) {
      if (names.length === 0 || (at === program && name === 'help')) return;
      const meant = nearestName(name, names);
      throw new CliError(
        'ERR_CLI_USAGE',
        `Cannot show help for ${printableLines(name)}: there is no such command; ${meant === undefined ? `there are ${names.join(', ')}` : `did you mean ${meant}?`}`,
      );
    }
    at = next;
  }
}

/** A reader that has gone away is none of ours; a disk that is full is. */
function passOver(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') process.exitCode = 1;
}

/**
 * Runs the command line; what goes wrong is told on standard error.
 * @returns When the command has ended; `process.exitCode` is 0, 1 for what failed, 2 for a wrong call, or what the command says.
 */
export async function run(argv: readonly string[]): Promise<void> {
  const program = await mayfly(argv[2]);
  // Nobody reads any more, as behind `| head`: no reason to fall over what cannot be told.
  for (const stream of [process.stdout, process.stderr]) stream.off('error', passOver).on('error', passOver);
  for (const command of withSubcommands(program))
    command.exitOverride().configureOutput({
      outputError: (text, write) => write(printableLines(text.replace(/^error: /, 'mayfly: '))),
    });
  try {
    requireKnownTopic(program, argv.slice(2));
    // commander's help knows commands of the first level alone.
    const [node, script, command, ...topic] = argv;
    const isDeep = command === 'help' && topic.length > 1;
    await program.parseAsync(isDeep ? [node!, script!, ...topic, '--help'] : [...argv]);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and versions come this way too, and have been printed.
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    process.exitCode = error instanceof CliError ? error.exitCode : 1;
    process.stderr.write(`mayfly: ${printableLines(reportOf(error))}\n`);
    if (process.env['MAYFLY_DEBUG'] === '1' && error instanceof Error)
      process.stderr.write(`${printableLines(error.stack ?? '')}\n`);
  }
}
