import { Agent, type AgentOptions, type RequestOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { Seconds } from '@mayfly/der';
import type { LiveCredentials } from '../credentials.js';
import { type ClientStatus, followGenerations, type Generations, type ReloadingClientOptions } from './generations.js';
import { identityCheck } from './identity.js';

/** Everything of an agent that is not credentials or trust. */
export type PlainAgentOptions = Pick<
  AgentOptions,
  | 'keepAlive'
  | 'keepAliveMsecs'
  | 'maxCachedSessions'
  | 'maxFreeSockets'
  | 'maxSockets'
  | 'maxTotalSockets'
  | 'scheduling'
  | 'servername'
  | 'timeout'
>;

/** An https.Agent whose credentials change. */
export interface ReloadingAgent extends Agent {
  explain(): ClientStatus;
  /** Stops to follow the credentials and destroys all sockets. */
  destroy(): void;
}

/** Sockets and sessions of one generation. */
interface Pool {
  readonly context: SecureContext;
  /** Newest session per connection name, oldest name first. */
  readonly sessions: Map<string, Buffer>;
}

/**
 * Makes an agent for `https.request` with keep-alive. After each change new requests connect with the new credentials;
 * idle sockets are destroyed at once and busy ones after their response, so no request fails. Sessions are resumed only
 * within one generation of credentials, and only where the first connection's server had the expected identity.
 * @throws RangeError for options out of range.
 */
export function createReloadingAgent(
  live: LiveCredentials,
  options: ReloadingClientOptions & { readonly agent?: PlainAgentOptions } = {},
): ReloadingAgent {
  const { agent, ...client } = options;
  return new CredentialAgent(live, client, agent);
}

// A subclass, because node:https takes nothing else and names these methods as the places to extend.
class CredentialAgent extends Agent implements ReloadingAgent {
  readonly #generations: Generations<Pool>;
  readonly #poolOf = new WeakMap<Duplex, Pool>();
  readonly #maxSessions: number;

  constructor(live: LiveCredentials, client: ReloadingClientOptions, plain: PlainAgentOptions = {}) {
    super({
      keepAlive: true,
      ...plain,
      // Sessions are kept here, per generation.
      maxCachedSessions: 0,
      rejectUnauthorized: true,
      checkServerIdentity: identityCheck(client.expect),
    });
    this.#maxSessions = plain.maxCachedSessions ?? 100;
    this.#generations = followGenerations(
      live,
      client,
      (context): Pool => ({ context, sessions: new Map() }),
      (_pool, deadline) => this.#retire(deadline),
    );
    // Before the agent's own listener, which hands the socket to the next request of the same name.
    this.prependListener('free', (socket: Duplex) => {
      if (this.#poolOf.get(socket) !== this.#generations.current.value) socket.destroy();
    });
  }

  override createConnection(
    options: RequestOptions,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    const pool = this.#generations.current.value;
    const name = this.getName(options);
    const session = pool.sessions.get(name);
    const connection = { ...options, secureContext: pool.context, ...(session && { session }) };
    const socket = super.createConnection(connection, callback);
    if (!(socket instanceof TLSSocket)) return socket;
    this.#poolOf.set(socket, pool);
    socket.on('session', (newest: Buffer) => {
      pool.sessions.delete(name);
      pool.sessions.set(name, newest);
      for (const [oldest] of pool.sessions) if (pool.sessions.size > this.#maxSessions) pool.sessions.delete(oldest);
    });
    socket.once('close', (failed: boolean) => {
      if (failed) pool.sessions.delete(name);
    });
    return socket;
  }

  explain(): ClientStatus {
    return this.#generations.explain();
  }

  override destroy(): void {
    this.#generations.close();
    super.destroy();
  }

  #retire(deadline: Seconds | undefined): void {
    for (const socket of allOf(this.freeSockets)) socket.destroy();
    if (deadline === undefined) return;
    const old = allOf(this.sockets);
    setTimeout(() => {
      for (const socket of old) socket.destroy();
    }, deadline * 1000).unref();
  }
}

const allOf = (sockets: NodeJS.ReadOnlyDict<readonly Duplex[]>): readonly Duplex[] =>
  Object.values(sockets).flatMap((list) => list ?? []);
