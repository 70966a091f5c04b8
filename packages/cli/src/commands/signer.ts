import { hostname } from 'node:os';
import type { Seconds } from '@mayfly/der';
import { isReservedSignerName } from '@mayfly/pod-certificates';
import { Command, Option } from 'commander';
import { CliError } from '../errors.js';
import { formatFindings } from '../manifests/read-manifests.js';
import { signerNameFault } from '../manifests/signer-names.js';
import { type Policy, readPolicy } from '../policy/policy.js';
import { type LogFormat, logEnd, logTo } from '../signer/log.js';
import { type ClusterSignerOptions, runClusterSigner } from '../signer/run-signer.js';
import { keepHeapSmall } from '../small-heap.js';
import { DEFAULT_KEYS, type KeysChoice, keysChoices } from '../up/keys.js';
import { readSourceFile } from '../up/read-files.js';
import { addressArgument, DNS_NAME, durationArgument, leaseOf, logFormatOption, secretOf } from './arguments.js';

interface SignerFlags {
  readonly logFormat?: LogFormat;
  readonly signerName: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly caCert?: string;
  readonly caKey?: string;
  readonly caRoots?: string;
  readonly caSecret?: string;
  readonly caManaged?: string;
  readonly caLifetime: Seconds;
  readonly caPropagation: Seconds;
  readonly caCanary?: Seconds;
  readonly policy?: string;
  readonly trustDomain: string;
  readonly clusterDomain: string;
  readonly maxLifetime: Seconds;
  readonly serviceNames: boolean;
  readonly bundle: string;
  readonly lease?: string;
  readonly listen: string;
  readonly statusAddress: string;
  readonly dryRun?: boolean;
  readonly keys: KeysChoice;
}

const HOUR: Seconds = 3600;
const DAY: Seconds = 24 * HOUR;
const MIN_LIFETIME: Seconds = 3600;
const MAX_LIFETIME: Seconds = 91 * DAY;
/** What a bundle's name has behind the signer's. */
const BUNDLE_SUFFIX = DNS_NAME;

const HELP = `
A pod gets the SPIFFE ID of its service account, and the DNS names of the Services that select it. Annotations of its volume
(mayfly.dev/...) may choose among these names; anything else has to be granted by --policy, or the request is denied, as is
one with a filled stub or an unknown annotation. Whatever may pass (no server, no pod yet, an authority that ends too soon)
leaves the request pending.

An authority of --ca-secret or of files is read again every ten seconds, and used from then on when it can sign. With --ca-managed
the signer makes a root, publishes the next in time, waits until every pod has it, signs with it, and withdraws the old one when
all that it signed has expired. mayfly ca rotate does that before its time.

A key in a PKCS#11 token is named by its URI (RFC 7512), with the file of the token's module. Its PIN is the first line of the
file that pin-source names, or MAYFLY_PKCS11_PIN. It needs the package pkcs11js beside mayfly, which is compiled when installed.

The log is one JSON object a line on standard error, in a terminal text for people; --log-format chooses. --listen serves /livez, /readyz and /metrics.

Examples:
  mayfly signer --signer-name example.com/workload --ca-cert ca.crt --ca-key ca.key
  mayfly signer --signer-name example.com/workload --ca-cert ca.crt \\
    --ca-key 'pkcs11:token=pki;object=ca?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin'
  mayfly signer --signer-name example.com/workload --ca-managed mayfly/ca
  mayfly signer --signer-name example.com/workload --ca-secret mayfly/ca --policy policy.yaml --listen 0.0.0.0:8080
  mayfly signer --signer-name example.com/workload --ca-secret mayfly/ca --dry-run`;

/** `mayfly signer`. */
export const signerCommand = (): Command =>
  new Command('signer')
    .summary('sign the pod certificates of a Kubernetes cluster')
    .description('Answers the PodCertificateRequests of a cluster that name a signer, and publishes its trust bundle.')
    .requiredOption('--signer-name <name>', 'which requests to answer, as in example.com/workload')
    .option('--kubeconfig <file>', 'default: KUBECONFIG, then the service account of the pod, then ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option('--ca-cert <file>', 'PEM: the issuing certificate, then those above it')
    .option('--ca-key <file>', 'PEM: its private key; or the URI of one in a token: pkcs11:...')
    .option(
      '--ca-roots <file>',
      'PEM: what pods are to trust (default: the issuing certificate, which has to be a root)',
    )
    .option('--ca-secret <namespace/name>', 'a Secret with tls.crt, tls.key and, below a root, ca.crt')
    .option(
      '--ca-managed <namespace/name>',
      'a Secret in which the signer makes its own roots and lets them succeed each other; an empty one to begin with',
    )
    .addOption(
      new Option('--ca-lifetime <duration>', 'of each of these roots')
        .argParser(durationArgument)
        .default(90 * DAY, '90d'),
    )
    .addOption(
      new Option('--ca-propagation <duration>', 'time until every pod has a new trust bundle')
        .argParser(durationArgument)
        .default(HOUR, '1h'),
    )
    .option(
      '--ca-canary <duration>',
      'time that the next root is in the bundle <signer>:<suffix>-canary alone, before all pods get it (default: there is no such bundle)',
      durationArgument,
    )
    .option('--policy <file>', 'what is granted beyond the names that a pod has anyway')
    .option('--trust-domain <name>', 'trust domain of SPIFFE IDs', 'cluster.local')
    .option('--cluster-domain <name>', 'DNS domain of the cluster', 'cluster.local')
    .addOption(
      new Option('--max-lifetime <duration>', 'no certificate lives longer')
        .argParser(durationArgument)
        .default(DAY, '24h'),
    )
    .option('--no-service-names', 'SPIFFE IDs alone; no Services and pods are read')
    .option('--bundle <suffix>', 'the ClusterTrustBundle is <signer>:<suffix>; "none" publishes none', 'mayfly')
    .option(
      '--listen <host:port>',
      'address of /livez, /readyz and /metrics; "none" for none',
      addressArgument,
      '127.0.0.1:8080',
    )
    .option(
      '--status-address <host:port>',
      'address of the status page, which names pods: keep it on loopback; "none" for none',
      addressArgument,
      'none',
    )
    .option(
      '--lease <[namespace/]name>',
      'signers with one name here share the requests, each with a Lease; "none" is alone (default: named after the signer, in the namespace of the connection)',
    )
    .option('--dry-run', 'decide and sign, and write nothing')
    .addOption(
      new Option('--keys <kind>', 'what computes with keys: WebAssembly, node:crypto, or plain JavaScript')
        .choices([...keysChoices])
        .default(DEFAULT_KEYS),
    )
    .addOption(logFormatOption())
    .addHelpText('after', HELP)
    .action(signer);

async function signer(flags: SignerFlags): Promise<void> {
  checkFlags(flags);
  keepHeapSmall();
  const controller = new AbortController();
  const stop = (signal: NodeJS.Signals): void => controller.abort(new Error(`ended by ${signal}`));
  const policy = flags.policy === undefined ? undefined : await loadPolicy(flags.policy);
  const log = logTo(process.stderr, flags.logFormat);
  const authority = authoritySource(flags);
  const lease = leaseOf(flags.lease, flags.signerName);
  for (const signal of ENDING) process.on(signal, stop);
  try {
    await runClusterSigner({
      signerName: flags.signerName,
      kubeconfig: flags.kubeconfig,
      context: flags.context,
      authority,
      policy,
      trustDomain: flags.trustDomain,
      clusterDomain: flags.clusterDomain,
      maxLifetime: flags.maxLifetime,
      serviceNames: flags.serviceNames,
      bundle: flags.bundle === 'none' ? undefined : flags.bundle,
      lease,
      dryRun: flags.dryRun ?? false,
      listen: flags.listen === 'none' ? undefined : flags.listen,
      statusAddress: flags.statusAddress === 'none' ? undefined : flags.statusAddress,
      keys: flags.keys,
      instance: process.env['POD_NAME'] || hostname(),
      log,
      signal: controller.signal,
    });
  } catch (error) {
    process.exitCode = logEnd(log, error);
  } finally {
    for (const signal of ENDING) process.off(signal, stop);
  }
}

const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM'];

function checkFlags({ signerName, trustDomain, clusterDomain, maxLifetime, bundle }: SignerFlags): void {
  const fault = signerNameFault(signerName);
  if (fault !== undefined) throw usage(`--signer-name ${JSON.stringify(signerName)}`, fault);
  if (isReservedSignerName(signerName))
    throw usage(
      `--signer-name ${signerName}`,
      'lies in a domain that is reserved for Kubernetes; take one of your own',
    );
  for (const [flag, name] of [
    ['trust-domain', trustDomain],
    ['cluster-domain', clusterDomain],
  ] as const)
    if (!DNS_NAME.test(name) || name.length > 253)
      throw usage(`--${flag} ${JSON.stringify(name)}`, 'is no DNS name in lower case');
  if (maxLifetime < MIN_LIFETIME || maxLifetime > MAX_LIFETIME)
    throw usage(`--max-lifetime ${maxLifetime}s`, 'is not from 1h to 91d, as the API server wants it');
  if (!BUNDLE_SUFFIX.test(bundle)) throw usage(`--bundle ${JSON.stringify(bundle)}`, 'is no DNS name in lower case');
}

function authoritySource(flags: SignerFlags): ClusterSignerOptions['authority'] {
  const { caCert, caKey, caRoots, caSecret, caManaged, caLifetime, caPropagation, caCanary = 0, bundle } = flags;
  if (caManaged !== undefined) {
    if (caCert !== undefined || caKey !== undefined || caRoots !== undefined || caSecret !== undefined)
      throw new CliError('ERR_CLI_USAGE', 'Cannot use --ca-managed beside another authority: name one of them');
    if (bundle === 'none')
      throw new CliError(
        'ERR_CLI_USAGE',
        'Cannot use --ca-managed with --bundle none: nobody would learn of the next root',
      );
    return {
      managed: secretOf('--ca-managed', caManaged),
      lifetime: caLifetime,
      propagation: caPropagation,
      canary: caCanary,
    };
  }
  if (caCanary > 0)
    throw new CliError(
      'ERR_CLI_USAGE',
      'Cannot use --ca-canary without --ca-managed: whoever makes the next root publishes it',
    );
  if (caSecret !== undefined) {
    if (caCert !== undefined || caKey !== undefined || caRoots !== undefined)
      throw new CliError('ERR_CLI_USAGE', 'Cannot use --ca-secret beside files of an authority: name one of them');
    return secretOf('--ca-secret', caSecret);
  }
  if (caCert === undefined || caKey === undefined)
    throw new CliError(
      'ERR_CLI_USAGE',
      'Cannot sign without an authority: name --ca-managed, --ca-secret, or --ca-cert and --ca-key; mayfly ca init makes one',
    );
  return { certificate: caCert, key: caKey, roots: caRoots };
}

async function loadPolicy(path: string): Promise<Policy> {
  const result = readPolicy({ path, text: await readSourceFile(path) });
  if (!result.ok)
    throw new CliError('ERR_CLI_MANIFEST', `Cannot use the policy:\n${formatFindings(result.errors).trimEnd()}`);
  return result.policy;
}

const usage = (what: string, state: string): CliError =>
  new CliError('ERR_CLI_USAGE', `Cannot use ${what}: it ${state}`);
