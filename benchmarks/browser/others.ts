import type { Part } from '../parts.js';
import type { Peers } from '../peers.js';

const peers: Peers = { parts: () => [], close() {} };

/** There are no other processes here. */
export const withPeers = <T>(use: (peers: Peers) => Promise<T>): Promise<T> => use(peers);

export const octetsOf = (): never => {
  throw new Error('Cannot read a result: there are no other processes in a page');
};

/** Left out of the page with all that is node:crypto's. */
export const opensslSpeed = (): Part => ({ impl: 'openssl', reason: 'no process can be started in a page' });
