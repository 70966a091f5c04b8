import { setTimeout } from 'node:timers/promises';
import type { SimulatedClock } from '@mayfly/rotation/testing';
import { type ClientOptions, createClient, type KubernetesClient } from '../kubernetes/client.js';
import type { ClusterConnection } from '../kubernetes/connection.js';

/** A connection without credentials. */
const plainConnection = (server: string, more: Partial<ClusterConnection> = {}): ClusterConnection => ({
  server,
  namespace: 'default',
  origin: 'a test',
  proxyUrl: undefined,
  tls: async () => ({}),
  headers: async () => ({}),
  forgetCredentials: () => {},
  ...more,
});

/** A client of a server of the test's own. */
export const loopbackClient = (
  server: string,
  options: Partial<ClientOptions> = {},
  more: Partial<ClusterConnection> = {},
): KubernetesClient => createClient(plainConnection(server, more), { userAgent: 'mayfly-test', ...options });

/** Lets sockets do their work, and a simulated clock its seconds, until something holds. */
export async function until(condition: () => boolean, clock?: SimulatedClock): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i === 5000) throw new Error('Cannot wait any longer: the condition does not come to hold');
    await setTimeout(2);
    if (i % 3 === 2) await clock?.advance(1);
  }
}
