import type { Seconds } from '@mayfly/der';
import { type Clock, sleepFor } from '@mayfly/rotation';
import type { Lease, Leases } from './lease.js';

export type LeadershipEvent =
  | { readonly type: 'leading' | 'lost' }
  /** Another one leads, or leads no longer (`''`). */
  | { readonly type: 'following'; readonly leader: string }
  | { readonly type: 'trouble'; readonly error: unknown };

export interface LeadershipOptions {
  readonly leases: Leases;
  /** Of the Lease. */
  readonly name: string;
  /** Unlike that of every other candidate, for example the name of the pod. */
  readonly identity: string;
  /** This machine's; the clocks of others are not compared with it. */
  readonly clock: Clock;
  /** Ends the candidacy; the Lease is given back. */
  readonly signal: AbortSignal;
  /**
   * Called whenever this candidate leads. The signal is aborted when it leads no longer, `holds` says so at once even where
   * the process was stopped meanwhile: ask it before anything that only a leader may do.
   */
  readonly lead: (signal: AbortSignal, holds: () => boolean) => Promise<void>;
  readonly onEvent?: (event: LeadershipEvent) => void;
}

/** Seconds without renewal after which others take a Lease over. */
const LEASE_DURATION: Seconds = 15;
/** Seconds after the last renewal was sent at which its holder stops: sooner than anybody takes over. */
const RENEW_DEADLINE: Seconds = 10;
/** Seconds between two looks. */
const RETRY_PERIOD: Seconds = 2;

/**
 * Leads while it holds a Lease, follows while another does, until the signal is aborted.
 * @throws whatever `lead` throws; trouble with the Lease is told and waited out.
 */
export async function runLeadership(options: LeadershipOptions): Promise<void> {
  const { clock, signal, onEvent = () => {} } = options;
  const observe = observer(clock);
  let leader: string | undefined;
  while (!signal.aborted) {
    try {
      const held = await tryAcquire(options, observe);
      if ('lease' in held) {
        leader = undefined;
        await leadWith(held.lease, held.sentAt, options);
      } else if (held.leader !== leader) {
        leader = held.leader;
        onEvent({ type: 'following', leader });
      }
    } catch (error) {
      if (error instanceof LeadFailure) throw error.cause;
      if (!signal.aborted) onEvent({ type: 'trouble', error });
    }
    await sleepFor(clock, RETRY_PERIOD, signal);
  }
}

/** Carries what `lead` threw past the handling of trouble with the Lease. */
class LeadFailure extends Error {}

/** By both clocks: the wall clock counts while the machine is suspended, the monotonic one when somebody sets the other back. */
interface Moment {
  readonly wall: Seconds;
  readonly monotonic: number;
}

const momentOf = (clock: Clock): Moment => ({ wall: clock.now(), monotonic: clock.monotonic() });

/** Says how many seconds a Lease has been seen unchanged, by our monotonic clock. */
function observer(clock: Clock): (lease: Lease) => Seconds {
  let version: string | undefined;
  let since = 0;
  return ({ resourceVersion }) => {
    if (version !== resourceVersion) {
      version = resourceVersion;
      since = clock.monotonic();
    }
    return (clock.monotonic() - since) / 1000;
  };
}

type Held = { readonly lease: Lease; readonly sentAt: Moment } | { readonly leader: string };

async function tryAcquire(options: LeadershipOptions, unchangedFor: (lease: Lease) => Seconds): Promise<Held> {
  const { leases, name, clock } = options;
  const current = await leases.get(name);
  const sentAt = momentOf(clock);
  const isFree = (lease: Lease): boolean =>
    lease.holderIdentity === '' ||
    lease.holderIdentity === options.identity ||
    unchangedFor(lease) >= Math.max(lease.leaseDurationSeconds, LEASE_DURATION);
  if (current !== undefined && !isFree(current)) return { leader: current.holderIdentity };
  const transitions = (current?.leaseTransitions ?? -1) + 1;
  const wanted = leaseOf(options, options.identity, transitions);
  const lease =
    current === undefined ? await leases.create(wanted) : await leases.update(wanted, current.resourceVersion);
  return lease === undefined ? { leader: '' } : { lease, sentAt };
}

const leaseOf = ({ name, clock }: LeadershipOptions, holderIdentity: string, leaseTransitions: number) => ({
  name,
  labels: { 'app.kubernetes.io/managed-by': 'mayfly' },
  holderIdentity,
  leaseDurationSeconds: LEASE_DURATION,
  renewTime: clock.now() * 1000,
  leaseTransitions,
});

/** Leads until the Lease is lost or the signal is aborted; returns when `lead` has ended. */
async function leadWith(acquired: Lease, sentAt: Moment, options: LeadershipOptions): Promise<void> {
  const { leases, name, identity, clock, signal, lead, onEvent = () => {} } = options;
  const lost = new AbortController();
  const leading = AbortSignal.any([signal, lost.signal]);
  let lease = acquired;
  let renewedAt = sentAt;
  const isInTime = (): boolean =>
    clock.monotonic() < renewedAt.monotonic + RENEW_DEADLINE * 1000 && clock.now() < renewedAt.wall + RENEW_DEADLINE;
  const holds = (): boolean => !leading.aborted && isInTime();

  const renew = async (): Promise<void> => {
    while (await sleepFor(clock, RETRY_PERIOD, leading)) {
      const at = momentOf(clock);
      try {
        const renewed = await leases.update(leaseOf(options, identity, lease.leaseTransitions), lease.resourceVersion);
        const current = renewed ?? (await leases.get(name));
        // An update whose acknowledgement was lost shows as a conflict with ourselves.
        if (current?.holderIdentity !== identity)
          return lost.abort(new Error('Cannot lead: another one holds the Lease'));
        lease = current;
        if (renewed !== undefined) renewedAt = at;
      } catch (error) {
        onEvent({ type: 'trouble', error });
      }
    }
  };
  /** Apart from the renewal, which may hang. */
  const watchDeadline = async (): Promise<void> => {
    while (await sleepFor(clock, 1, leading))
      if (!isInTime()) lost.abort(new Error('Cannot lead: the Lease was not renewed in time'));
  };

  onEvent({ type: 'leading' });
  let failure: { readonly cause: unknown } | undefined;
  const work = lead(leading, holds).catch((cause: unknown) => {
    failure = { cause };
    lost.abort(cause);
  });
  const keeping = [renew(), watchDeadline()];
  await work;
  const wasLost = lost.signal.aborted;
  lost.abort(new Error('Cannot lead: the work has ended'));
  onEvent({ type: 'lost' });
  if (!wasLost || failure !== undefined) {
    await Promise.all(keeping);
    // Given back, so that nobody waits for it to run out; if that fails, it runs out.
    await leases.update(leaseOf(options, '', lease.leaseTransitions), lease.resourceVersion).catch(() => {});
  }
  if (failure !== undefined) throw new LeadFailure('', failure);
}
