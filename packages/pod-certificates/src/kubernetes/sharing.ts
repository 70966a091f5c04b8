import { createHash } from 'node:crypto';
import type { Seconds } from '@mayfly/der';
import { type Clock, sleepFor } from '@mayfly/rotation';
import type { RequestShare } from '../share.js';
import type { Lease, Leases } from './lease.js';

export type SharingEvent =
  /** Who is there by the last look, this one included once it takes part. */
  | { readonly type: 'members'; readonly members: readonly string[] }
  /** From now on this one takes its share, or takes none any more. */
  | { readonly type: 'joined' | 'lost' }
  /** Its share is left to those who are ready, and is its own again. */
  | { readonly type: 'unready' | 'ready' }
  | { readonly type: 'trouble'; readonly error: unknown };

export interface SharingOptions {
  readonly leases: Leases;
  /** Names those who share; their Leases are labelled with it. At most 63 characters, as label values are. */
  readonly group: string;
  /** Unlike that of every other member, and of whoever had the same name before: this process's alone. */
  readonly identity: string;
  /** This machine's; the clocks of others are not compared with it. */
  readonly clock: Clock;
  /** Whether this one could do its share now; while it could not, those do it who are ready. Default always. */
  readonly isReady?: () => boolean;
  readonly onEvent?: (event: SharingEvent) => void;
}

/** What one of several does of work that they share. */
export interface Sharing extends RequestShare {
  /** Whether this one holds its Lease, knows who else is there, and has waited for them to know it. */
  takesPart(): boolean;
  /** Identities by the last look. */
  members(): readonly string[];
  /** Takes part until the signal is aborted: abort it when the work has ended, for then others take over at once. */
  run(signal: AbortSignal): Promise<void>;
}

/** Label by which the Leases of a group are found. */
export const SHARING_GROUP_LABEL = 'mayfly.dev/signer-group';
/** Label of the Lease of a member that could not do its share. */
const UNREADY_LABEL = 'mayfly.dev/unready';
/** Seconds between two looks and two renewals, and after one that failed. */
const PERIOD: Seconds = 2;
const RETRY_PERIOD: Seconds = 1;
/** Seconds after the last renewal was sent at which a member stops: sooner than anybody takes its share. */
const RENEW_DEADLINE: Seconds = 10;
/** Seconds without renewal after which others take a member's share. */
const LEASE_DURATION: Seconds = 15;
/** Seconds after a look was sent at which it no longer says who is there. */
const VIEW_DEADLINE: Seconds = 6;
/** Seconds after its Lease was written at which a member begins: then every look that still counts has seen it. */
const JOIN_DELAY: Seconds = VIEW_DEADLINE + 1;
/** Seconds without renewal after which a Lease is litter. */
const FORGET_AFTER: Seconds = 10 * LEASE_DURATION;

/**
 * Divides keys among members that each hold a Lease of their own, by rendezvous hashing: a key belongs to the member with the
 * highest hash of both, so of n members one that goes moves an n-th of the keys, and no other.
 *
 * No key ever belongs to two. Let A and B both take it. Either both see each other, then one of them ranks second and does not
 * take it. Or A does not see B. Then A's last look was sent before B's Lease was written, so A stopped counting on it six seconds
 * later, and B begins seven seconds after the write was acknowledged; or A saw B's Lease unchanged for 15 seconds, and B
 * stopped 10 seconds after it sent its last renewal, which was before A first saw that. Members that were stopped or cut off ask
 * their clocks, the wall clock and the monotonic one, whenever they are asked: a suspended machine finds that it holds nothing. Who
 * lost its Lease joins anew, and waits again.
 *
 * A member that is not ready says so in its Lease, and keys belong to those that are. It counts as not seen for this: it takes
 * nothing from the moment that it is not ready, and, ready again, begins seven seconds after that is written. Where nobody is ready
 * keys belong to members as if all were, for somebody has to see to it that they become so. Drift between monotonic clocks of up to a quarter is covered by these margins.
 *
 * What was asked before a pause and is done after it no clock can prevent. There the API server decides: a request has one answer.
 */
export function createSharing(options: SharingOptions): Sharing {
  const { leases, group, identity, clock, isReady = () => true, onEvent = () => {} } = options;
  const listeners = new Set<() => void>();
  const name = `${group}.${createHash('sha256').update(identity).digest('hex').slice(0, 16)}`;
  const observe = createObserver(clock);
  let lease: Lease | undefined;
  let renewedAt: Moment | undefined;
  /** When the Lease that is held became old enough. */
  let beginsAt: Moment | undefined;
  /** When others were told that this one is ready; `undefined` while they may think otherwise. */
  let readyAt: Moment | undefined;
  let view: { readonly at: Moment; readonly members: readonly string[]; readonly ready: readonly string[] } | undefined;
  let tookPart = false;
  let wasReady = true;
  let told = '';

  /** Whether every look that still counts has seen what was written then. */
  const isKnown = (since: Moment | undefined): boolean =>
    // By the slower of both clocks: a wall clock that is set forward shortens no wait.
    since !== undefined && clock.monotonic() >= since.monotonic + JOIN_DELAY * 1000;

  const takesPart = (): boolean =>
    isWithin(renewedAt, RENEW_DEADLINE, clock) && isWithin(view?.at, VIEW_DEADLINE, clock) && isKnown(beginsAt);

  const owns = (key: string): boolean => {
    if (!takesPart() || view === undefined) return false;
    const { members, ready } = view;
    if (ready.length === 0) return first(members, key) === identity;
    return isReady() && isKnown(readyAt) && first(ready, key) === identity;
  };

  const renew = async (): Promise<void> => {
    const at = momentOf(clock);
    const isNowReady = isReady();
    // Before it is written: nobody knows whether a write arrives.
    if (!isNowReady) readyAt = undefined;
    const wanted = {
      name,
      labels: {
        'app.kubernetes.io/managed-by': 'mayfly',
        [SHARING_GROUP_LABEL]: group,
        ...(!isNowReady && { [UNREADY_LABEL]: 'true' }),
      },
      holderIdentity: identity,
      leaseDurationSeconds: LEASE_DURATION,
      renewTime: clock.now() * 1000,
      leaseTransitions: 0,
    };
    let written = lease && (await leases.update(wanted, lease.resourceVersion));
    if (written === undefined) {
      // An update whose acknowledgement was lost shows as a conflict with ourselves.
      const found = await leases.get(name);
      // Whoever deleted it, nobody has seen this member since.
      if (found === undefined) beginsAt = undefined;
      written = found === undefined ? await leases.create(wanted) : await leases.update(wanted, found.resourceVersion);
    }
    if (written === undefined) return;
    lease = written;
    // Whoever was late may have lost its share, and begins anew when others have had time to see it.
    if (beginsAt === undefined || !isWithin(renewedAt, RENEW_DEADLINE, clock)) beginsAt = momentOf(clock);
    renewedAt = at;
    if (isNowReady) readyAt ??= momentOf(clock);
  };

  const look = async (): Promise<void> => {
    const at = momentOf(clock);
    const found = await leases.list(`${SHARING_GROUP_LABEL}=${group}`);
    const ages = observe(found);
    const live = found.filter((_, i) => ages[i]! < LEASE_DURATION);
    view = { at, members: holdersOf(live), ready: holdersOf(live.filter(({ labels }) => !(UNREADY_LABEL in labels))) };
    // One at a time, and nobody waits for it: litter that cannot be cleared away is no reason not to know who is there.
    const litter = found.find((each, i) => ages[i]! >= FORGET_AFTER && each.name !== name);
    if (litter !== undefined) leases.delete(litter.name).catch((error: unknown) => onEvent({ type: 'trouble', error }));
  };

  const tell = (): void => {
    const now = takesPart();
    if (now !== tookPart) onEvent({ type: now ? 'joined' : 'lost' });
    tookPart = now;
    const isNowReady = isReady();
    if (now && isNowReady !== wasReady) {
      onEvent({ type: isNowReady ? 'ready' : 'unready' });
      wasReady = isNowReady;
    }
    const members = view?.members ?? [];
    if (members.join('\n') !== told) onEvent({ type: 'members', members });
    told = members.join('\n');
    for (const listener of listeners) listener();
  };

  /** Repeats something until the signal is aborted; trouble is told and waited out. */
  const repeat = async (work: () => Promise<void>, signal: AbortSignal): Promise<void> => {
    let period: Seconds;
    do {
      period = PERIOD;
      try {
        await work();
      } catch (error) {
        period = RETRY_PERIOD;
        if (!signal.aborted) onEvent({ type: 'trouble', error });
      }
      tell();
    } while (await sleepFor(clock, period, signal));
  };

  return {
    owns,
    takesPart,
    members: () => view?.members ?? [],
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async run(signal) {
      await Promise.all([repeat(renew, signal), repeat(look, signal), repeat(async () => {}, signal)]);
      renewedAt = undefined;
      tell();
      // So that nobody waits for it to run out; if that fails, it runs out.
      await leases.delete(name).catch((error: unknown) => onEvent({ type: 'trouble', error }));
    },
  };
}

const holdersOf = (leases: readonly Lease[]): readonly string[] =>
  leases.map(({ holderIdentity }) => holderIdentity).toSorted();

/** By both clocks: the wall clock counts while the machine is suspended, the monotonic one when somebody sets the other back. */
interface Moment {
  readonly wall: Seconds;
  readonly monotonic: number;
}

const momentOf = (clock: Clock): Moment => ({ wall: clock.now(), monotonic: clock.monotonic() });

const isWithin = (since: Moment | undefined, limit: Seconds, clock: Clock): boolean =>
  since !== undefined && clock.monotonic() < since.monotonic + limit * 1000 && clock.now() < since.wall + limit;

/** Says how many seconds each of the Leases that are there has been seen unchanged, by our monotonic clock. */
function createObserver(clock: Clock): (leases: readonly Lease[]) => readonly Seconds[] {
  let seen = new Map<string, { readonly version: string; readonly since: number }>();
  return (leases) => {
    const now = clock.monotonic();
    const before = seen;
    seen = new Map(
      leases.map(({ name, resourceVersion: version }) => {
        const known = before.get(name);
        return [name, known?.version === version ? known : { version, since: now }];
      }),
    );
    return leases.map(({ name }) => (now - seen.get(name)!.since) / 1000);
  };
}

/** The member whose hash with the key is highest. */
function first(members: readonly string[], key: string): string | undefined {
  let best: string | undefined;
  let highest = '';
  for (const member of members) {
    const rank = createHash('sha256').update(`${member}\0${key}`).digest('hex');
    if (rank <= highest) continue;
    highest = rank;
    best = member;
  }
  return best;
}
