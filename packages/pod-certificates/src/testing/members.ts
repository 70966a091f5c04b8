import type { Clock } from '@mayfly/rotation';
import type { SimulatedClock } from '@mayfly/rotation/testing';
import type { Lease, Leases, NewLease } from '../kubernetes/lease.js';

/** Leases of a namespace, with the rules of the API server. */
export function leaseServer(): Leases & { readonly names: () => readonly string[] } {
  const leases = new Map<string, Lease>();
  let version = 0;
  const write = (wanted: NewLease): Lease => {
    const lease = { ...wanted, resourceVersion: String(++version) };
    leases.set(wanted.name, lease);
    return lease;
  };
  return {
    get: async (name) => leases.get(name),
    list: async () => [...leases.values()],
    create: async (wanted) => (leases.has(wanted.name) ? undefined : write(wanted)),
    update: async (wanted, expected) =>
      leases.get(wanted.name)?.resourceVersion === expected ? write(wanted) : undefined,
    delete: async (name) => void leases.delete(name),
    names: () => [...leases.keys()],
  };
}

/** How a member reaches the server. */
export type Way = 'open' | 'cut' | 'hangs' | 'loses answers';

/** What a member computes on: a machine that can be stopped, with a way to the server that can be cut. */
export interface Machine {
  readonly clock: Clock;
  /** The same object, reached by this machine's way, with answers that wait while it is stopped. */
  reach<T extends object>(server: T): T;
  way: Way;
  /** Stops everything on it, as SIGSTOP does; time goes on. */
  pause(): void;
  resume(): void;
  readonly isPaused: () => boolean;
}

export function machine(clock: SimulatedClock): Machine {
  let resumed: Promise<void> | undefined;
  let resume = (): void => {};
  const running = async (): Promise<void> => {
    while (resumed !== undefined) await resumed;
  };
  const through = async (work: () => unknown): Promise<unknown> => {
    await running();
    if (self.way === 'cut') throw new Error('cut off');
    if (self.way === 'hangs') return await new Promise<never>(() => {});
    const answer = await work();
    await running();
    if (self.way === 'loses answers') throw new Error('the answer was lost');
    return answer;
  };
  const self: Machine = {
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      async sleepUntil(at, signal) {
        const wake = await clock.sleepUntil(at, signal);
        await running();
        return wake;
      },
    },
    reach: <T extends object>(server: T): T =>
      Object.fromEntries(
        Object.entries(server).map(([name, call]) => [
          name,
          // Watches are left as they are: what they bring is asked for again before it is answered.
          typeof call === 'function' && !name.startsWith('watch')
            ? (...args: readonly unknown[]) => through(() => call(...args))
            : call,
        ]),
      ) as T, // the same members with the same types
    way: 'open',
    pause() {
      resumed ??= new Promise((resolve) => {
        resume = resolve;
      });
    },
    resume() {
      resumed = undefined;
      resume();
    },
    isPaused: () => resumed !== undefined,
  };
  return self;
}
