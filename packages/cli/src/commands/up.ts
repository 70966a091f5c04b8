import { fileURLToPath } from 'node:url';
import { formatDuration, type Seconds } from '@mayfly/der';
import { isReservedSignerName } from '@mayfly/pod-certificates';
import { Command, Option } from 'commander';
import { CliError } from '../errors.js';
import type { ManifestNotice, ManifestNoticeCode } from '../manifests/findings.js';
import type { Manifests, Pod } from '../manifests/manifest.js';
import { formatFindings, readManifests } from '../manifests/read-manifests.js';
import { type Policy, readPolicy } from '../policy/policy.js';
import { printable } from '../terminal-text.js';
import { DEFAULT_KEYS, type KeysChoice, keysChoices } from '../up/keys.js';
import { jsonOutput, liveOutput, type Output, plainOutput } from '../up/output.js';
import { DEFAULT_STATE, podKey } from '../up/places.js';
import { readSourceFile, readSourceFiles } from '../up/read-files.js';
import { runUp } from '../up/run-up.js';
import { addressArgument, durationArgument } from './arguments.js';

interface UpFlags {
  readonly filename?: readonly string[];
  readonly lifetime?: Seconds;
  readonly for?: Seconds;
  readonly state?: string;
  readonly policy?: string;
  readonly run?: readonly string[];
  readonly listen: string;
  readonly statusAddress: string;
  readonly trustDomain?: string;
  readonly caLifetime?: Seconds;
  readonly keys: KeysChoice;
  readonly output: 'text' | 'json';
  readonly table: boolean;
}

/** Shortest lifetime of local mode: below it a certificate would be due before a program has read it. */
const MIN_LIFETIME: Seconds = 10;
/** What a reserved signer may issue at most. */
const MAX_RESERVED_LIFETIME: Seconds = 86_400;
const MAX_LIFETIME: Seconds = 7_862_400;
/** Milliseconds within which two interrupts are one. */
const SAME_INTERRUPT = 200;
/** A hundred years, so that dates of authorities stay dates that certificates can name. */
const MAX_CA_LIFETIME: Seconds = 36_500 * 86_400;
/** The form of a DNS domain in lower case, as SPIFFE trust domains have it. */
const TRUST_DOMAIN = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

/** What every run of such a manifest would tell again: said with the first lines, and not as a warning. */
const REMARKS: readonly ManifestNoticeCode[] = ['IgnoredFields', 'IgnoredKinds', 'IgnoredSources', 'PopularForm'];

/** Signals that end everything in good order. */
const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** What runs when no manifest is named: the examples, short-lived, with their two programs. */
const DEMO = {
  directory: fileURLToPath(new URL('../../examples', import.meta.url)),
  lifetime: 60,
  /** Not where manifests of one's own go, for a start removes the keys of pods that its manifests lack. */
  state: `${DEFAULT_STATE}-examples`,
  run: ['shop/orders-server', 'shop/orders-client'],
} as const;

const EXAMPLES = `
Examples:
  mayfly up                                        the built-in example: four pods, a server and a client, short lives
  mayfly up -f pod.yaml                            what a kubelet would do for these pods
  mayfly up -f pods/ --lifetime 60s --for 2m       see them rotate; exits 0 only if nothing failed
  mayfly up -f pods/ --run api-server              start that pod's own command once it has its certificates
  mayfly up -f pods/ --output json | jq .reason    one JSON object per event, the summary last`;

/** `mayfly up`. */
export const upCommand = (): Command =>
  new Command('up')
    .summary('give local processes the certificates that a kubelet gives pods')
    .description(
      'Reads pod manifests, issues a certificate for every podCertificate source, writes the volumes as a kubelet does,\nand rotates everything by itself. No cluster, no server, no configuration.',
    )
    .addOption(
      new Option(
        '-f, --filename <path...>',
        'manifests: files, directories, or - for standard input (default: the built-in example)',
      ),
    )
    .option(
      '--lifetime <duration>',
      'every certificate lives this long, from 10s on (default: what the manifests say, one hour or more)',
      durationArgument,
    )
    .option('--for <duration>', 'end after this time with a summary (default: Ctrl-C)', durationArgument)
    .option(
      '--state <directory>',
      'where keys, authorities and volumes live (default: .mayfly, of the example .mayfly-examples)',
    )
    .option('--policy <file>', 'grant only what this file allows (default: what the manifests ask for)')
    .option('--run <pod...>', "start the pod's own command once its volumes are written")
    .option('--listen <host:port>', 'address of /livez and /readyz; "none" for none', addressArgument, '127.0.0.1:0')
    .option(
      '--status-address <host:port>',
      'address of the status page; "none" for none',
      addressArgument,
      '127.0.0.1:0',
    )
    .option('--trust-domain <name>', 'trust domain of SPIFFE IDs (default: cluster.local)')
    .option(
      '--ca-lifetime <duration>',
      'how long an authority lives before the next has taken over (default: 90d)',
      durationArgument,
    )
    .addOption(
      new Option('--keys <kind>', 'what computes with keys: WebAssembly, node:crypto, or plain JavaScript')
        .choices([...keysChoices])
        .default(DEFAULT_KEYS),
    )
    .addOption(
      new Option('-o, --output <format>', 'lines for people or for programs').choices(['text', 'json']).default('text'),
    )
    .option('--no-table', 'plain lines in a terminal too')
    .allowExcessArguments()
    .addHelpText('after', EXAMPLES)
    .action(up);

async function up(flags: UpFlags, { args }: Command): Promise<void> {
  if (args.length > 0)
    throw new CliError(
      'ERR_CLI_USAGE',
      `Cannot use ${args.map(printable).join(' ')}: manifests are named behind -f, as in mayfly up -f ${printable(args[0]!)}`,
    );
  checkFlags(flags);
  const demo = flags.filename === undefined;
  const lifetime = flags.lifetime ?? (demo ? DEMO.lifetime : undefined);
  const { stdout, stderr } = process;
  const output: Output =
    flags.output === 'json'
      ? jsonOutput(stdout, stderr)
      : stdout.isTTY && flags.table
        ? liveOutput(stdout, stderr)
        : plainOutput(stdout, stderr);

  const files = await readSourceFiles(flags.filename ?? [DEMO.directory], process.stdin);
  const result = readManifests(files);
  const isRemark = ({ code }: ManifestNotice): boolean => REMARKS.includes(code);
  for (const line of formatFindings(result.notices.filter((notice) => !isRemark(notice)))
    .split('\n')
    .filter(Boolean))
    output.notice(line);
  if (!result.ok)
    throw new CliError('ERR_CLI_MANIFEST', `Cannot use the manifests:\n${formatFindings(result.errors).trimEnd()}`);
  if (!result.manifests.pods.some(({ volumes }) => volumes.some(({ sources }) => sources.length > 0)))
    throw new CliError(
      'ERR_CLI_MANIFEST',
      'Cannot use the manifests: no pod has a podCertificate or clusterTrustBundle source',
    );
  const remarks = result.notices.filter(isRemark).map(({ message }) => printable(message));
  const manifests = lifetime === undefined ? result.manifests : withLifetime(result.manifests, lifetime);
  const policy = flags.policy === undefined ? undefined : await loadPolicy(flags.policy, lifetime);
  const run = new Set((flags.run ?? (demo ? DEMO.run : [])).map((name) => choosePod(manifests.pods, name)));

  const controller = new AbortController();
  const stop = (): void => controller.abort(new Error('interrupted'));
  let interruptedAt = Number.POSITIVE_INFINITY;
  const interrupt = (_signal: NodeJS.Signals, number: number): void => {
    // A second Ctrl-C ends at once. npm passes on the first one, which the terminal has sent already: no second.
    if (performance.now() - interruptedAt > SAME_INTERRUPT) process.exit(128 + number);
    if (interruptedAt === Number.POSITIVE_INFINITY) interruptedAt = performance.now();
    stop();
  };
  for (const signal of ENDING) process.on(signal, interrupt);
  // Nobody reads any more, as behind `| head`. Heard to the very end: the last words fail like the first.
  for (const stream of [stdout, stderr]) stream.on('error', stop);
  const timer = flags.for === undefined ? undefined : setTimeout(stop, flags.for * 1000);
  const began = performance.now();
  try {
    const { summary, ok } = await runUp({
      manifests,
      policy,
      stateDirectory: flags.state ?? (demo ? DEMO.state : DEFAULT_STATE),
      trustDomain: flags.trustDomain,
      ...(lifetime !== undefined && { minExpirationSeconds: Math.min(3600, lifetime) }),
      caLifetime: flags.caLifetime,
      keys: flags.keys,
      run: [...run],
      listen: flags.listen === 'none' ? undefined : flags.listen,
      statusAddress: flags.statusAddress === 'none' ? undefined : flags.statusAddress,
      signal: controller.signal,
      onEvent: (event) => output.event(event),
      onLine: (pod, line) => output.line(pod, line),
      onStarted: (started) => output.started(started, remarks),
    });
    output.finished(summary, (performance.now() - began) / 1000, ok);
    process.exitCode = ok ? 0 : 1;
  } finally {
    clearTimeout(timer);
    output.close();
    for (const signal of ENDING) process.off(signal, interrupt);
  }
}

function checkFlags({ lifetime, for: duration, caLifetime, trustDomain }: UpFlags): void {
  const refuse = (message: string): never => {
    throw new CliError('ERR_CLI_USAGE', message);
  };
  if (lifetime !== undefined && (lifetime < MIN_LIFETIME || lifetime > MAX_LIFETIME))
    refuse(`Cannot use --lifetime ${lifetime}s: need ${MIN_LIFETIME}s to ${MAX_LIFETIME}s (91d)`);
  if (duration !== undefined && (duration < 1 || duration > 2_000_000))
    refuse(`Cannot use --for ${duration}s: need 1s to 23d`);
  if (caLifetime !== undefined && caLifetime > MAX_CA_LIFETIME)
    refuse(`Cannot use --ca-lifetime ${caLifetime}s: need 36500d at most`);
  if (trustDomain !== undefined && (!TRUST_DOMAIN.test(trustDomain) || trustDomain.length > 255))
    refuse(`Cannot use --trust-domain ${JSON.stringify(trustDomain)}: it is no DNS name in lower case`);
}

/** The manifests with one lifetime for all; `--lifetime` is the operator's word over the author's. */
function withLifetime(manifests: Manifests, lifetime: Seconds): Manifests {
  const pods = manifests.pods.map((pod) => ({
    ...pod,
    volumes: pod.volumes.map((volume) => ({
      ...volume,
      sources: volume.sources.map((source) => {
        if (source.type !== 'podCertificate') return source;
        if (lifetime > MAX_RESERVED_LIFETIME && isReservedSignerName(source.signerName))
          throw new CliError(
            'ERR_CLI_USAGE',
            `Cannot use --lifetime ${formatDuration(lifetime)}: ${source.signerName} is a reserved signer and issues for ${formatDuration(MAX_RESERVED_LIFETIME)} at most`,
          );
        return { ...source, maxExpirationSeconds: lifetime };
      }),
    })),
  }));
  return { ...manifests, pods };
}

async function loadPolicy(path: string, lifetime: Seconds | undefined): Promise<Policy> {
  const file = { path, text: await readSourceFile(path) };
  const result = readPolicy(file, lifetime === undefined ? {} : { minExpirationSeconds: Math.min(3600, lifetime) });
  if (!result.ok)
    throw new CliError('ERR_CLI_MANIFEST', `Cannot use the policy:\n${formatFindings(result.errors).trimEnd()}`);
  return result.policy;
}

function choosePod(pods: readonly Pod[], wanted: string): Pod {
  const found = pods.filter((pod) => podKey(pod) === wanted || pod.name === wanted);
  const [pod] = found;
  if (pod === undefined)
    throw new CliError('ERR_CLI_POD', `Cannot run pod ${wanted}: the manifests have ${pods.map(podKey).join(', ')}`);
  if (found.length > 1)
    throw new CliError(
      'ERR_CLI_POD',
      `Cannot choose pod ${wanted}: there are ${found.map(podKey).join(', ')}; write namespace/name`,
    );
  return pod;
}
