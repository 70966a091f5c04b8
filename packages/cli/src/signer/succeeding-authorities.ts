import { defineIssuer, type Issuer } from '@mayfly/ca';
import { formatDuration, type Seconds } from '@mayfly/der';
import type { KubernetesClient } from '@mayfly/pod-certificates/kubernetes';
import type { Clock } from '@mayfly/rotation';
import {
  type Authority,
  activate,
  minAuthorityLifetime,
  nextStep,
  prepare,
  recordLeaf,
  retire,
  type Step,
  type SuccessionPolicy,
  signingAuthority,
  trustAnchors,
} from '@mayfly/rotation/authorities';
import { CliError } from '../errors.js';
import { createGeneration } from '../up/generation.js';
import type { Keys } from '../up/keys.js';
import type { ClusterAuthorities, ComingStep, Publish } from './authorities.js';
import {
  type AuthorityRecord,
  ROTATE_ANNOTATION,
  readAuthoritySecret,
  type SecretName,
  type StoredAuthorities,
  secretText,
  writeAuthoritySecret,
} from './authority-secret.js';
import type { Log } from './log.js';
import { rfc3339 } from './log.js';
import { refuseOlder, refuseUnwitnessed } from './older-state.js';
import { type BundleWitness, CanaryBundleError } from './trust-bundle.js';

export interface SucceedingAuthoritiesOptions {
  readonly client: Pick<KubernetesClient, 'request'>;
  readonly secret: SecretName;
  readonly keys: Keys;
  readonly signerName: string;
  /** The server's, by which certificates are judged. */
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
  /** Seconds that an authority is valid. */
  readonly lifetime: Seconds;
  readonly backdate: Seconds;
  /** Longest lifetime of a certificate. */
  readonly maxLifetime: Seconds;
  /** Seconds until every pod has a new trust bundle. */
  readonly propagation: Seconds;
  /** What the trust bundle that is out there was published from, if it says. Asked once, before the Secret is read. */
  readonly witness?: () => Promise<BundleWitness | undefined>;
  /** Seconds that the next authority is in the canary bundle alone, before all pods get it; 0 does without. */
  readonly canary: Seconds;
  readonly log: Log;
}

/** Seconds after which what was read of the Secret signs nothing any more: so long others may sign with what retires. */
const STALE_AFTER: Seconds = 60;

/**
 * Authorities that make and succeed themselves, with their state and keys in one Secret. Three facts keep pods served throughout:
 * a bundle is published before its authority is noted as prepared; nothing is signed from a state that is older than
 * {@link STALE_AFTER}, and what retires is trusted for that long and the longest lifetime more; every write is to exactly the version
 * that was read, so of two that act one begins again.
 * @throws {@link CliError} `ERR_CLI_USAGE` for a lifetime that is too short, `ERR_CLI_STATE` for a Secret that cannot be read.
 */
export async function succeedingAuthorities(options: SucceedingAuthoritiesOptions): Promise<ClusterAuthorities> {
  const { client, secret, keys, clock, maxLifetime, log } = options;
  let stored: StoredAuthorities;
  let readAt: { readonly wall: Seconds; readonly monotonic: number };
  let issuers: ReadonlyMap<bigint, Issuer>;
  /** When this process learned of an emergency, by the monotonic clock: whoever read what was before read it sooner. */
  let replacedAt = 0;
  /** What keeps the canary bundle from being as it should be, since this one began to act. */
  let canaryTrouble: CanaryBundleError | undefined;
  /** What the next authority has to be able to sign, which is more than the active one may where --max-lifetime was raised. */
  const policy = (): SuccessionPolicy => ({
    maxLeafLifetime: Math.max(maxLifetime, stored?.longestLifetime ?? 0),
    propagation: options.propagation,
  });
  /** The same for one that is still to be made: it is a canary first. */
  const planning = (): SuccessionPolicy => ({ ...policy(), propagation: options.canary + options.propagation });
  const due = (now: Seconds): Step => {
    const step = nextStep(stored.authorities, stored.authorities.some(isPrepared) ? policy() : planning(), now);
    const until = step.type === 'prepare' ? heldUntil() : 0;
    return until > now ? { type: 'wait', until } : step;
  };
  /** What was taken back is not made anew as soon as it is gone: whoever did that has a canary's time, unless that is too long. */
  const heldUntil = (): Seconds => {
    const signing = active();
    if (stored.withdrawnAt === undefined || signing === undefined) return 0;
    const { maxLeafLifetime, propagation } = planning();
    const last = signing.certificate.validity.notAfter - maxLeafLifetime - propagation - STALE_AFTER;
    return Math.min(stored.withdrawnAt + options.canary, last);
  };

  const refuseShortLife = (): void => {
    const needed = minAuthorityLifetime(planning());
    if (options.lifetime < needed)
      throw new CliError(
        'ERR_CLI_USAGE',
        `Cannot let an authority live ${options.lifetime} s: certificates of ${policy().maxLeafLifetime} s and a propagation of ${planning().propagation} s need one of ${needed} s or more; see --ca-lifetime`,
      );
  };

  const load = async (): Promise<boolean> => {
    const at = { wall: clock.now(), monotonic: clock.monotonic() };
    const next = await readAuthoritySecret(client, secret);
    if (stored !== undefined) refuseOlder(next, stored, secret);
    const isChanged = stored === undefined || next.resourceVersion !== stored.resourceVersion;
    if (next.unknownRotation !== stored?.unknownRotation) tellUnknown(next);
    if (isChanged) adopt(next);
    readAt = at;
    return isChanged;
  };

  const adopt = (next: StoredAuthorities): void => {
    issuers = issuersOf(next);
    const isSameEmergency = stored?.rotation === 'replaced' && serialOf(next) === serialOf(stored);
    if (next.rotation === 'replaced' && !isSameEmergency) replacedAt = clock.monotonic();
    stored = next;
  };

  /** Issuers of what signs or will. */
  const issuersOf = ({ authorities, keys: secrets }: AuthorityRecord): ReadonlyMap<bigint, Issuer> => {
    const made = new Map<bigint, Issuer>();
    for (const { certificate, state } of authorities) {
      const { serialNumber } = certificate;
      const key = secrets.get(serialNumber);
      if (state === 'retiring' || key === undefined) continue;
      try {
        made.set(serialNumber, defineIssuer({ certificate, chain: [], key: keys.fromPkcs8(key), verify: keys.verify }));
      } catch (cause) {
        throw new CliError(
          'ERR_CLI_STATE',
          `Cannot sign with ${serialNumber.toString(16)}.key of ${secretText(secret)}: it is not the key of its certificate`,
          { cause },
        );
      }
    }
    return made;
  };

  const active = (): Authority | undefined => activeOf(stored);
  /** Seconds of the longest certificate that is granted now. */
  const granted = (): Seconds => Math.min(maxLifetime, stored.longestLifetime);

  /** What may be granted once this one is active: longer only where its successor is not due by that. */
  const longestWith = (active: Authority, now: Seconds): Seconds => {
    const isOutlived = nextStep([active], planning(), now).type === 'wait';
    return isOutlived || stored.longestLifetime === 0 ? policy().maxLeafLifetime : stored.longestLifetime;
  };

  const write = async (record: Partial<AuthorityRecord>): Promise<boolean> => {
    const written = await writeAuthoritySecret(client, secret, stored, { ...stored, ...record });
    if (written === undefined) return false;
    adopt(written);
    return true;
  };

  const tell = (reason: string, { certificate }: Pick<Authority, 'certificate'>, message: string): void =>
    log({
      level: 'info',
      reason,
      message: `Authority ${certificate.serialNumber.toString(16).slice(0, 8)} ${message}`,
      notAfter: rfc3339(certificate.validity.notAfter),
    });

  const tellUnknown = ({ unknownRotation }: StoredAuthorities): void => {
    if (unknownRotation === undefined) return;
    const found = JSON.stringify(unknownRotation.slice(0, 32));
    log({
      level: 'error',
      reason: 'RotationUnknown',
      message: `No authority is rotated for ${ROTATE_ANNOTATION} ${found} of ${secretText(secret)}: it has to be planned, emergency or withdraw-canary`,
    });
  };

  /** @throws {@link CliError} `ERR_CLI_USAGE` where it would need a successor before it could sign, and so without end. */
  const createAuthority = (): ReturnType<typeof createGeneration> => {
    refuseShortLife();
    return createGeneration({ ...options, now: clock.now() });
  };

  /** Begins the next: as a canary, where there are pods that another could fail. */
  const addGeneration = async (publish: Publish): Promise<boolean> => {
    const { certificate, key } = await createAuthority();
    const anchors = trustAnchors(stored.authorities);
    const isCanary = options.canary > 0 && stored.authorities.length > 0;
    await (isCanary
      ? publish(anchors, stored.generation, certificate)
      : publish([...anchors, certificate], stored.generation));
    if (isCanary && canaryTrouble !== undefined) return true;
    const prepared = prepare(isCanary ? [] : stored.authorities, certificate, clock.now());
    const isWritten = await write({
      ...(isCanary ? { canary: prepared[0] } : { authorities: prepared }),
      withdrawnAt: undefined,
      keys: new Map([...stored.keys, [certificate.serialNumber, key.exportPkcs8()]]),
      rotation: stored.rotation === 'planned' ? undefined : stored.rotation,
    });
    if (isWritten && isCanary) tell('AuthorityAnnounced', { certificate }, 'is in the canary trust bundle alone');
    if (isWritten && !isCanary) tell('AuthorityPrepared', { certificate }, 'is in the trust bundle and will sign next');
    return isWritten;
  };

  /** Shows the canary to all pods, and reckons the propagation from now on. */
  const prepareCanary = async ({ certificate }: Authority, publish: Publish): Promise<boolean> => {
    await publish([...trustAnchors(stored.authorities), certificate], stored.generation);
    if (canaryTrouble !== undefined) return true;
    const authorities = prepare(stored.authorities, certificate, clock.now());
    const isWritten = await write({ authorities, canary: undefined });
    if (isWritten) tell('AuthorityPrepared', { certificate }, 'is in the trust bundle and will sign next');
    return isWritten;
  };

  /** Forgets the canary; the next look publishes without it. */
  const withdrawCanary = async (): Promise<boolean> => {
    const { canary } = stored;
    const secrets = new Map(stored.keys);
    if (canary !== undefined) secrets.delete(canary.certificate.serialNumber);
    const withdrawnAt = canary === undefined ? stored.withdrawnAt : clock.now();
    const isWritten = await write({ canary: undefined, withdrawnAt, keys: secrets, rotation: undefined });
    if (isWritten && canary !== undefined)
      tell('AuthorityWithdrawn', canary, 'is no canary any more, and will not sign');
    return isWritten;
  };

  const replaceAll = async (publish: Publish): Promise<boolean> => {
    const { certificate, key } = await createAuthority();
    await publish([...trustAnchors(stored.authorities), certificate], stored.generation, undefined, true);
    const alone = prepare([], certificate, clock.now());
    const authorities = activate(alone, alone[0]!, policy(), clock.now()); // it holds the one that was prepared
    const isWritten = await write({
      authorities,
      ...{ canary: undefined, withdrawnAt: undefined },
      longestLifetime: longestWith(authorities[0]!, clock.now()),
      keys: new Map([[certificate.serialNumber, key.exportPkcs8()]]),
      rotation: 'replaced',
    });
    if (isWritten) tell('AuthoritiesReplaced', { certificate }, 'signs, and the trust bundle is to hold it alone');
    return isWritten;
  };

  /** Ends an emergency, once its bundles are out: a canary bundle of before would go on trusting what is replaced. */
  const endEmergency = async (): Promise<boolean> => {
    const isWritten = await write({ rotation: undefined });
    if (isWritten && active() !== undefined)
      tell('AuthoritiesDistrusted', active()!, 'is trusted alone, and nobody signs with another');
    return isWritten;
  };

  const activateNext = async (next: Authority): Promise<boolean> => {
    const now = clock.now();
    const retiring = active();
    const noted =
      retiring === undefined ? stored.authorities : recordLeaf(stored.authorities, retiring, lastLeaf(retiring, now));
    const secrets = new Map(stored.keys);
    if (retiring !== undefined) secrets.delete(retiring.certificate.serialNumber);
    const authorities = activate(noted, next, policy(), now);
    const longestLifetime = longestWith({ ...next, state: 'active' }, now);
    const isWritten = await write({ authorities, keys: secrets, longestLifetime });
    if (isWritten) tell('AuthorityActivated', next, 'signs from now on');
    return isWritten;
  };

  /** When the last certificate ends that anybody may sign with it who has not read yet that it retires. */
  const lastLeaf = ({ certificate }: Authority, now: Seconds): Seconds =>
    Math.min(now + STALE_AFTER + stored.longestLifetime, certificate.validity.notAfter);

  /** Takes one step if one is due. @returns Whether another may be. */
  const step = async (publish: Publish): Promise<boolean> => {
    if (stored.rotation === 'emergency') return await replaceAll(publish);
    const isOver = clock.monotonic() >= replacedAt + STALE_AFTER * 1000 && canaryTrouble === undefined;
    if (stored.rotation === 'replaced' && isOver) return await endEmergency();
    if (stored.rotation === 'withdraw-canary') return await withdrawCanary();
    const signing = active();
    const longestLifetime = signing === undefined ? 0 : longestWith(signing, clock.now());
    if (longestLifetime > stored.longestLifetime) return await write({ longestLifetime });
    const { canary } = stored;
    // A next authority that canaries cannot see is shown to nobody.
    const mayAdd = canaryTrouble === undefined;
    if (canary !== undefined && mayAdd && canary.since + options.canary <= clock.now())
      return await prepareCanary(canary, publish);
    const next = due(clock.now());
    if (next.type === 'prepare' && canary === undefined && mayAdd) return await addGeneration(publish);
    if (next.type === 'activate') return await activateNext(next.authority);
    if (next.type === 'retire') {
      const authorities = retire(stored.authorities, next.authority, policy(), clock.now());
      const isWritten = await write({ authorities });
      if (isWritten)
        tell('AuthorityRetired', next.authority, 'has left the trust bundle: all that it signed has expired');
      return isWritten;
    }
    if (stored.rotation !== 'planned') return false;
    // One that waits for its turn is what was asked for.
    const isWaiting = canary !== undefined || stored.authorities.some(isPrepared);
    if (isWaiting) return await write({ rotation: undefined });
    return mayAdd && (await addGeneration(publish));
  };

  // First: a bundle is published from a state that was written, so what is read of the Secret afterwards is no older.
  const witness = await options.witness?.();
  await load();
  refuseUnwitnessed(stored!, witness, secret);
  refuseShortLife();
  return {
    issuer() {
      const age = Math.max(clock.now() - readAt.wall, (clock.monotonic() - readAt.monotonic) / 1000);
      if (age >= STALE_AFTER)
        throw new Error(
          `Cannot sign: ${secretText(secret)} was read ${Math.floor(age)} s ago, and others may sign by now`,
        );
      const now = clock.now();
      const authority = signingAuthority(stored.authorities, { ...policy(), maxLeafLifetime: granted() }, now);
      const issuer = authority && issuers.get(authority.certificate.serialNumber);
      if (issuer !== undefined) return issuer;
      const signing = active();
      throw new Error(
        signing === undefined
          ? `Cannot sign: no authority of ${secretText(secret)} is active`
          : `Cannot sign: the active authority of ${secretText(secret)} ends in ${formatDuration(signing.certificate.validity.notAfter - now)}, before a certificate of ${formatDuration(granted())}`,
      );
    },
    maxLifetime: granted,
    notAfter: () => active()?.certificate.validity.notAfter,
    anchors: () => trustAnchors(stored.authorities),
    generations: () => stored.authorities,
    nextStep() {
      const { canary } = stored;
      if (canary !== undefined) return { type: 'prepare', at: canary.since + options.canary };
      const coming = comingStep(due, clock.now());
      return coming?.type === 'prepare' && options.canary > 0 ? { ...coming, type: 'announce' } : coming;
    },
    look: load,
    async act(publishAll, holds) {
      canaryTrouble = undefined;
      const publish: Publish = async (...given) => {
        try {
          await publishAll(...given);
        } catch (error) {
          if (!(error instanceof CanaryBundleError)) throw error;
          canaryTrouble ??= error;
        }
      };
      await load();
      do {
        if (!holds()) return;
        const { authorities, generation, canary, rotation } = stored;
        const isEmergency = rotation === 'emergency' || rotation === 'replaced';
        if (authorities.length > 0)
          await publish(trustAnchors(authorities), generation, canary?.certificate, isEmergency);
      } while (holds() && (await step(publish)));
      if (canaryTrouble !== undefined) throw canaryTrouble;
    },
  };
}

const activeOf = ({ authorities }: AuthorityRecord): Authority | undefined =>
  authorities.find(({ state }) => state === 'active');

const isPrepared = ({ state }: Authority): boolean => state === 'prepared';

const serialOf = (record: AuthorityRecord): bigint | undefined => activeOf(record)?.certificate.serialNumber;

/** What comes next, and when; it may be due. */
function comingStep(dueAt: (at: Seconds) => Step, now: Seconds): ComingStep | undefined {
  const due = dueAt(now);
  if (due.type !== 'wait') return { type: due.type, at: now };
  const then = dueAt(due.until);
  return then.type === 'wait' ? undefined : { type: then.type, at: due.until };
}
