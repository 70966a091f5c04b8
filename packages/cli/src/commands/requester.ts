import type { Seconds } from '@mayfly/der';
import { type KeyType, keyTypes } from '@mayfly/pod-certificates';
import { Command, InvalidArgumentError, Option } from 'commander';
import { CliError } from '../errors.js';
import { signerNameFault } from '../manifests/signer-names.js';
import { type ClusterRequesterOptions, runClusterRequester } from '../requester/run-requester.js';
import { type LogFormat, logEnd, logTo } from '../signer/log.js';
import { DEFAULT_KEYS, type KeysChoice, keysChoices } from '../up/keys.js';
import { DEFAULT_STATE } from '../up/places.js';
import { addressArgument, durationArgument, logFormatOption } from './arguments.js';

interface RequesterFlags {
  readonly logFormat?: LogFormat;
  readonly signerName: string;
  readonly directory: string;
  readonly keyType: KeyType;
  readonly maxExpiration?: Seconds;
  readonly annotation?: Readonly<Record<string, string>>;
  readonly credentialBundle?: string;
  readonly key?: string;
  readonly chain?: string;
  readonly trustBundle: string;
  readonly trustBundleLabel?: Readonly<Record<string, string>>;
  readonly mode: number;
  readonly state: string;
  readonly namespace?: string;
  readonly pod?: string;
  readonly podUid?: string;
  readonly serviceAccount?: string;
  readonly serviceAccountUid?: string;
  readonly node?: string;
  readonly nodeUid?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly roots?: string;
  readonly once?: boolean;
  readonly listen: string;
  readonly keys: KeysChoice;
}

const MIN_LIFETIME: Seconds = 3600;
const MAX_LIFETIME: Seconds = 7_862_400;

const HELP = `
Does what a kubelet does for a podCertificate source: a new key for each request, an empty stub (key and proof where the server
is 1.35), the chain verified against the signer's ClusterTrustBundle, all files replaced at once, and again when the signer says
so. A denial keeps the files and asks again every minute.

Who asks is what the token of the service account says, if it is bound to a pod; the flags say it elsewhere. The API server
checks this of nodes alone: whoever may create requests in a namespace may claim any pod of it. packages/cli/deploy/requester has
the role and an admission policy that holds others to their own pod.

The signer looks for the pod to find its Services: for machines that are no pods, run it with --no-service-names.
The log is one JSON object a line on standard error, in a terminal text for people; --log-format chooses. --listen serves /livez, /readyz and /metrics.

Examples:
  mayfly requester --signer-name example.com/workload --directory /var/run/identity --state /run/mayfly
  mayfly requester --signer-name example.com/workload --directory out --once --kubeconfig ci.kubeconfig --namespace ci \\
    --pod job-17 --pod-uid job-17 --service-account ci --service-account-uid ci --node ci --node-uid ci`;

/** `mayfly requester`. */
export const requesterCommand = (): Command =>
  new Command('requester')
    .summary("play a kubelet's part: keep a certificate of a cluster's signer in a directory")
    .description(
      'Asks a signer of a cluster for a certificate and keeps it fresh, with the files that a projected volume would have.\nFor virtual machines, CI, and beside programs on nodes whose kubelet does not.',
    )
    .requiredOption('--signer-name <name>', 'who is to sign, as in example.com/workload')
    .requiredOption('--directory <directory>', 'where the files go')
    .addOption(new Option('--key-type <type>', 'kind of the keys').choices([...keyTypes]).default('ECDSAP256'))
    .option(
      '--max-expiration <duration>',
      'longest lifetime, 1h to 91d (default: the server says 24h)',
      durationArgument,
    )
    .option('--annotation <key=value...>', 'userAnnotations for the signer', annotationArgument)
    .option('--credential-bundle <path>', 'file with key and chain')
    .option('--key <path>', 'file with the key (default without --credential-bundle: tls.key)')
    .option('--chain <path>', 'file with the chain (default without --credential-bundle: tls.crt)')
    .option('--trust-bundle <path>', 'file with the roots of the signer; "none" writes none', 'ca.crt')
    .option(
      '--trust-bundle-label <key=value...>',
      'labels of the bundles in it, as mayfly.dev/variant=canary (default: all bundles of the signer)',
      annotationArgument,
    )
    .addOption(
      new Option('--mode <octal>', 'permission bits of the files; nobody but owner and group reads a key')
        .argParser(modeArgument)
        .default(0o600, '0600'),
    )
    .option('--state <directory>', 'where keys and requests outlive the process', DEFAULT_STATE)
    .option('--namespace <name>', 'of the pod (default: as the token says, as all that follow)')
    .option('--pod <name>', 'its name')
    .option('--pod-uid <uid>', 'its UID')
    .option('--service-account <name>', 'its service account')
    .option('--service-account-uid <uid>', 'the UID of that')
    .option('--node <name>', 'its node')
    .option('--node-uid <uid>', 'the UID of that')
    .option('--kubeconfig <file>', 'default: KUBECONFIG, then the service account of the pod, then ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option('--roots <file>', 'PEM: the roots of the signer, where the cluster has no ClusterTrustBundles')
    .option('--once', 'end when the files are there; a denial is a failure then')
    .option(
      '--listen <host:port>',
      'address of /livez, /readyz and /metrics; "none" for none',
      addressArgument,
      '127.0.0.1:0',
    )
    .addOption(
      new Option('--keys <kind>', 'what computes with keys: WebAssembly, node:crypto, or plain JavaScript')
        .choices([...keysChoices])
        .default(DEFAULT_KEYS),
    )
    .addOption(logFormatOption())
    .addHelpText('after', HELP)
    .action(requester);

const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];

async function requester(flags: RequesterFlags): Promise<void> {
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => controller.abort(new Error(`ended by ${signal}`));
  const options = optionsOf(flags, controller.signal);
  for (const signal of ENDING) process.on(signal, stop);
  try {
    await runClusterRequester(options);
  } catch (error) {
    process.exitCode = logEnd(options.log, error);
  } finally {
    for (const signal of ENDING) process.off(signal, stop);
  }
}

function optionsOf(flags: RequesterFlags, signal: AbortSignal): ClusterRequesterOptions {
  const { signerName, maxExpiration, credentialBundle, trustBundle } = flags;
  const fault = signerNameFault(signerName);
  if (fault !== undefined) throw usage(`--signer-name ${JSON.stringify(signerName)}: it ${fault}`);
  if (maxExpiration !== undefined && (maxExpiration < MIN_LIFETIME || maxExpiration > MAX_LIFETIME))
    throw usage(`--max-expiration ${maxExpiration}s: the API server takes 1h to 91d`);
  const isAlone = credentialBundle !== undefined;
  const paths = {
    credentialBundlePath: credentialBundle,
    keyPath: flags.key ?? (isAlone ? undefined : 'tls.key'),
    certificateChainPath: flags.chain ?? (isAlone ? undefined : 'tls.crt'),
  };
  const trustBundlePath = trustBundle === 'none' ? undefined : trustBundle;
  checkPaths([...Object.values(paths), trustBundlePath].filter((path) => path !== undefined));
  return {
    kubeconfig: flags.kubeconfig,
    context: flags.context,
    source: {
      signerName,
      keyType: flags.keyType,
      maxExpirationSeconds: maxExpiration,
      userAnnotations: flags.annotation ?? {},
      ...paths,
    },
    trustBundlePath,
    trustBundleLabels: flags.trustBundleLabel ?? {},
    directory: flags.directory,
    mode: flags.mode,
    stateDirectory: flags.state,
    identity: identityOf(flags),
    roots: flags.roots,
    once: flags.once ?? false,
    listen: flags.listen === 'none' ? undefined : flags.listen,
    keys: flags.keys,
    log: logTo(process.stderr, flags.logFormat),
    signal,
  };
}

function identityOf(flags: RequesterFlags): ClusterRequesterOptions['identity'] {
  const { namespace, pod, podUid, serviceAccount, serviceAccountUid, node, nodeUid } = flags;
  return {
    ...(namespace !== undefined && { namespace }),
    ...(pod !== undefined && { podName: pod }),
    ...(podUid !== undefined && { podUID: podUid }),
    ...(serviceAccount !== undefined && { serviceAccountName: serviceAccount }),
    ...(serviceAccountUid !== undefined && { serviceAccountUID: serviceAccountUid }),
    ...(node !== undefined && { nodeName: node }),
    ...(nodeUid !== undefined && { nodeUID: nodeUid }),
  };
}

function checkPaths(paths: readonly string[]): void {
  for (const path of paths)
    if (path.startsWith('..') || path.split('/').some((part) => part === '' || part === '.' || part === '..'))
      throw usage(`${JSON.stringify(path)} as a file's name: it has to be a plain path below --directory`);
  const repeated = paths.find((path, i) => paths.indexOf(path) !== i);
  if (repeated !== undefined) throw usage(`${repeated} as the name of two files`);
}

function annotationArgument(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, key, value] = /^([^=/]+\/[^=/]+)=(.*)$/s.exec(text) ?? [];
  if (key === undefined || value === undefined)
    throw new InvalidArgumentError('Write a key with a domain and its value, as in example.com/key=value.');
  return { ...before, [key]: value };
}

function modeArgument(text: string): number {
  if (!/^0?[0-7]{3}$/.test(text)) throw new InvalidArgumentError('Write permission bits in octal, such as 0640.');
  return Number.parseInt(text, 8);
}

const usage = (what: string): CliError => new CliError('ERR_CLI_USAGE', `Cannot use ${what}`);
