import type { Cluster } from '../cluster.js';
import type { Fault, FaultPlan, FaultyProxy, ProxiedCall } from './proxy.js';

/** One kind of trouble. */
export interface Trouble {
  readonly name: string;
  readonly plan?: FaultPlan;
  /** Done when half of the requests are made. */
  readonly happens?: (proxy: FaultyProxy, cluster: Cluster) => Promise<void>;
}

const isWrite = ({ method, path }: ProxiedCall): boolean => method === 'PUT' && path.endsWith('/status');

/** So often, to requests of a kind. */
const sometimes =
  (share: number, applies: (call: ProxiedCall) => boolean, ...faults: readonly Fault[]): FaultPlan =>
  (call, random) =>
    applies(call) && random() < share ? faults[Math.floor(random() * faults.length)] : undefined;

const anything = (): boolean => true;
const isWatch = (call: ProxiedCall): boolean => call.isWatch;
const busy: Fault = { type: 'answer', status: 429, reason: 'TooManyRequests', retryAfter: 1 };
const broken: Fault = { type: 'answer', status: 500, reason: 'InternalError' };
const away: Fault = { type: 'answer', status: 503, reason: 'ServiceUnavailable' };
const conflict: Fault = { type: 'answer', status: 409, reason: 'Conflict' };
const forgotten: Fault = { type: 'answer', status: 410, reason: 'Expired' };
const everySecond: Fault = { type: 'cut', afterMs: 1000 };

/** The first fault that one of the plans has. */
const anyOf =
  (...plans: readonly FaultPlan[]): FaultPlan =>
  (call, random) => {
    for (const plan of plans) {
      const fault = plan(call, random);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };

const freeze: Trouble['happens'] = async (proxy) => proxy.freeze();
const restart: Trouble['happens'] = async (_proxy, cluster) => {
  await cluster.kill();
  await cluster.restart();
};

/** Each alone, then all at once. */
export const troubles: readonly Trouble[] = [
  { name: 'nothing' },
  { name: '429 with Retry-After', plan: sometimes(0.3, anything, busy) },
  { name: '500', plan: sometimes(0.3, anything, broken) },
  { name: '503', plan: sometimes(0.3, anything, away) },
  { name: '409', plan: sometimes(0.5, isWrite, conflict) },
  { name: '410', plan: sometimes(0.5, isWatch, forgotten, { type: 'expire' }) },
  { name: 'no answer within the limit', plan: sometimes(0.1, anything, { type: 'silence' }) },
  { name: 'written, and the answer lost', plan: sometimes(0.5, isWrite, { type: 'lost' }) },
  { name: 'watches that break every second', plan: sometimes(1, isWatch, everySecond) },
  { name: 'stale and reordered events', plan: sometimes(1, isWatch, { type: 'shuffle' }) },
  { name: 'half-open connections', happens: freeze },
  { name: 'the API server killed', happens: restart },
  {
    name: 'all at once',
    plan: anyOf(
      sometimes(0.05, anything, busy, broken, away),
      sometimes(0.01, anything, { type: 'silence' }),
      sometimes(0.1, isWrite, conflict, { type: 'lost' }),
      sometimes(0.05, isWatch, forgotten, { type: 'expire' }),
      sometimes(0.5, isWatch, everySecond, { type: 'shuffle' }),
    ),
    async happens(proxy, cluster) {
      await restart(proxy, cluster);
      await freeze(proxy, cluster);
    },
  },
];
