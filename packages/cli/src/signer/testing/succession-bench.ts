import { randomBytes } from 'node:crypto';
import { type SimulatedClock, simulatedClock } from '@mayfly/rotation/testing';
import { type Keys, openKeys } from '../../up/keys.js';
import type { ClusterAuthorities } from '../authorities.js';
import type { LogLine } from '../log.js';
import { type SucceedingAuthoritiesOptions, succeedingAuthorities } from '../succeeding-authorities.js';
import { type SecretServer, secretServer } from './secret-server.js';

export const NOW = 1_788_256_800;
export const HOUR = 3600;
export const DAY: number = 24 * HOUR;
export const SECRET = { namespace: 'mayfly', name: 'ca' } as const;
const keys: Keys = await openKeys('node', () => {});

/** Authorities that succeed themselves in one Secret, on a clock that moves when it is told to. */
export interface SuccessionBench {
  readonly clock: SimulatedClock;
  readonly server: SecretServer;
  readonly log: LogLine[];
  /** Another process that reads the Secret: authorities of 30 days, certificates of one, an hour of propagation. */
  open(changes?: Partial<SucceedingAuthoritiesOptions>): Promise<ClusterAuthorities>;
}

export function successionBench(data?: Record<string, string>): SuccessionBench {
  const clock = simulatedClock({ now: NOW });
  const server = secretServer(data);
  const log: LogLine[] = [];
  const open: SuccessionBench['open'] = (changes = {}) =>
    succeedingAuthorities({
      ...{ client: server, secret: SECRET, keys, signerName: 'example.com/workload', clock },
      randomBytes: (length) => new Uint8Array(randomBytes(length)),
      ...{ lifetime: 30 * DAY, backdate: 60, maxLifetime: DAY, propagation: HOUR, canary: 0 },
      log: (line) => log.push(line),
      ...changes,
    });
  return { clock, server, log, open };
}
