import type { Seconds } from '@mayfly/der';
import { createClient, type KubernetesClient, openConnection } from '@mayfly/pod-certificates/kubernetes';
import { type Clock, sleepFor, systemClock } from '@mayfly/rotation';
import { Command, Option } from 'commander';
import { type CommandIo, processIo } from '../command-io.js';
import { CliError } from '../errors.js';
import {
  type AuthorityRecord,
  type RotationRequest,
  readAuthoritySecret,
  requestRotation,
  type SecretName,
  secretText,
} from '../signer/authority-secret.js';
import { formatTime } from '../terminal-text.js';
import { childEnvironment } from '../token-key.js';
import { durationArgument, secretOf } from './arguments.js';

interface RotateFlags {
  readonly caManaged: string;
  readonly emergency?: boolean;
  readonly withdrawCanary?: boolean;
  readonly timeout: Seconds;
  readonly kubeconfig?: string;
  readonly context?: string;
}

const MINUTE: Seconds = 60;
/** Seconds between two looks at whether the signer has done it. */
const LOOK_PERIOD: Seconds = 1;

const HELP = `
The running signer does it; this command asks by an annotation of the Secret, waits, and prints the authorities as they are then.
It needs get and patch of that Secret.

Without --emergency nothing fails: the next root is published now, signs when every pod has it, and the old one stays trusted
until all that it signed has expired. Where the signer has canaries (--ca-canary), they get it first; --withdraw-canary takes it
back while they alone have it, and another is made when it is due or asked for.

With --emergency a new root signs at once and is trusted alone: the keys of all others are deleted, and every certificate that
they signed is refused by whoever has the new trust bundle. The command ends when that bundle is published and no signer can
sign with an old key, which takes a minute or two. Pods get certificates of the new root at their next refresh; restart
them to have it now:

  kubectl rollout restart deployment -A

Examples:
  mayfly ca rotate --ca-managed mayfly/mayfly-ca
  mayfly ca rotate --ca-managed mayfly/mayfly-ca --emergency`;

/** `mayfly ca rotate`. */
export const caRotateCommand = (io: CommandIo = processIo()): Command =>
  new Command('rotate')
    .summary("replace a signer's authority before its time")
    .description('Has the signer of a cluster replace the authority that it keeps in a Secret.')
    .requiredOption('--ca-managed <namespace/name>', 'the Secret, as the signer was told')
    .option('--emergency', 'distrust all authorities of now at once, for a key that others may have')
    .addOption(
      new Option('--withdraw-canary', 'take back the next root, which canaries alone have so far').conflicts(
        'emergency',
      ),
    )
    .addOption(
      new Option('--timeout <duration>', 'how long to wait for the signer')
        .argParser(durationArgument)
        .default(5 * MINUTE, '5m'),
    )
    .option('--kubeconfig <file>', 'default: KUBECONFIG, then the service account of the pod, then ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .addHelpText('after', HELP)
    .exitOverride()
    .action((flags: RotateFlags) => caRotate(flags, io));

async function caRotate(
  { caManaged, emergency, withdrawCanary, timeout, kubeconfig, context }: RotateFlags,
  io: CommandIo,
): Promise<void> {
  const secret = secretOf('--ca-managed', caManaged);
  const client = createClient(await openConnection({ kubeconfig, context, env: childEnvironment() }), {
    userAgent: 'mayfly-ca-rotate',
  });
  try {
    const { authorities, canary } = await rotateAuthorities(
      client,
      secret,
      emergency ? 'emergency' : withdrawCanary ? 'withdraw-canary' : 'planned',
      timeout,
    );
    for (const { certificate, state } of [...authorities, ...(canary ? [{ ...canary, state: 'canary' }] : [])])
      io.writeOut(
        `${certificate.serialNumber.toString(16)} ${state}, valid until ${formatTime(certificate.validity.notAfter)}\n`,
      );
  } finally {
    await client.close();
  }
}

/**
 * Asks the signer for a rotation and waits until it has begun or, in an emergency, until none of the authorities of before is
 * left, the new root is published alone, and nobody signs with another.
 * @throws {@link CliError} `ERR_CLI_STATE` when no signer does it in time, the wish then stays; and for a planned rotation
 * while an emergency is being dealt with.
 */
export async function rotateAuthorities(
  client: Pick<KubernetesClient, 'request'>,
  secret: SecretName,
  rotation: RotationRequest,
  timeout: Seconds,
  clock: Clock = systemClock(),
): Promise<AuthorityRecord> {
  const until = clock.monotonic() + timeout * 1000;
  /** Serial numbers of those that were there when the signer was asked. */
  let before: ReadonlySet<bigint> | undefined;
  for (;;) {
    const stored = await readAuthoritySecret(client, secret);
    if (before === undefined) refuseRotation(stored, secret, rotation);
    const isReplaced =
      stored.authorities.length > 0 &&
      !stored.authorities.some(({ certificate }) => before?.has(certificate.serialNumber));
    const isDone = before !== undefined && (rotation !== 'emergency' || isReplaced);
    if (isDone && stored.rotation === undefined) return stored;
    // Somebody may have taken the wish for an emergency back.
    const isToAsk = !isDone && (before === undefined || stored.rotation !== rotation);
    if (isToAsk && (await requestRotation(client, secret, stored, rotation)) !== undefined)
      before ??= new Set(stored.authorities.map(({ certificate }) => certificate.serialNumber));
    if (clock.monotonic() >= until)
      throw new CliError(
        'ERR_CLI_STATE',
        `Cannot see the rotation of ${secretText(secret)}: ${
          isDone && stored.rotation === 'replaced'
            ? `all authorities are replaced, but after ${timeout} s no signer has noted that the new root is published alone`
            : `no signer has begun it in ${timeout} s; it will when one runs with --ca-managed`
        }, see its log`,
      );
    await sleepFor(clock, LOOK_PERIOD, new AbortController().signal);
  }
}

function refuseRotation(
  { authorities, canary, rotation: noted }: AuthorityRecord,
  secret: SecretName,
  rotation: RotationRequest,
): void {
  const refuse = (state: string): CliError =>
    new CliError('ERR_CLI_STATE', `Cannot rotate the authorities of ${secretText(secret)}: ${state}`);
  if (authorities.length === 0)
    throw refuse(`it holds none; is a signer running with --ca-managed ${secret.namespace}/${secret.name}?`);
  if (rotation === 'withdraw-canary' && canary === undefined) throw refuse('none of them is a canary');
  if (rotation !== 'emergency' && (noted === 'emergency' || noted === 'replaced'))
    throw refuse('all of them are being replaced in an emergency');
}
