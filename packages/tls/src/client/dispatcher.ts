import { EventEmitter } from 'node:events';
import type { Seconds } from '@mayfly/der';
import { Agent, Dispatcher } from 'undici';
import type { LiveCredentials } from '../credentials.js';
import { type ClientStatus, followGenerations, type Generations, type ReloadingClientOptions } from './generations.js';
import { identityCheck } from './identity.js';

/** Everything of an undici Agent but how it connects. */
export type PlainDispatcherOptions = Omit<Agent.Options, 'connect' | 'factory' | 'interceptors'>;

/** An undici Dispatcher whose credentials change. */
export interface ReloadingDispatcher extends Dispatcher {
  explain(): ClientStatus;
}

/** What an Agent tells; passed on so that whoever waits for `drain` hears it from the dispatcher. */
const EVENTS = ['connect', 'connectionError', 'disconnect', 'drain'] as const;

/**
 * Makes a dispatcher for undici's `request` and `fetch`. Each generation of credentials has an Agent of its own, with
 * its own pools and sessions: after a change new requests go to the new one, and the old one closes when its requests
 * have ended, so none fails.
 * @throws RangeError for options out of range.
 */
export function createReloadingDispatcher(
  live: LiveCredentials,
  options: ReloadingClientOptions & { readonly agent?: PlainDispatcherOptions } = {},
): ReloadingDispatcher {
  const { agent, ...client } = options;
  return new CredentialDispatcher(live, client, agent);
}

// A subclass, because undici installs `request`, `stream` and the rest on Dispatcher.
class CredentialDispatcher extends Dispatcher implements ReloadingDispatcher {
  readonly #generations: Generations<Agent>;
  /** Agents that have not ended, the current one among them. */
  readonly #open = new Map<Agent, Promise<void> | undefined>();

  constructor(live: LiveCredentials, client: ReloadingClientOptions, plain: PlainDispatcherOptions = {}) {
    super();
    const checkServerIdentity = identityCheck(client.expect);
    this.#generations = followGenerations(
      live,
      client,
      (secureContext) => {
        const agent = new Agent({
          ...plain,
          connect: { secureContext, checkServerIdentity, rejectUnauthorized: true },
        });
        const told: EventEmitter = agent;
        for (const event of EVENTS)
          told.on(event, (...details: unknown[]) => EventEmitter.prototype.emit.call(this, event, ...details));
        this.#open.set(agent, undefined);
        return agent;
      },
      (agent, deadline) => this.#retire(agent, deadline),
    );
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.#generations.current.value.dispatch(options, handler);
  }

  explain(): ClientStatus {
    return this.#generations.explain();
  }

  override close(): Promise<void>;
  override close(callback: () => void): void;
  override close(callback?: () => void): Promise<void> | void {
    this.#generations.close();
    for (const agent of this.#open.keys()) this.#retire(agent, undefined);
    return settle(Promise.all(this.#open.values()), callback);
  }

  override destroy(): Promise<void>;
  override destroy(error: Error | null): Promise<void>;
  override destroy(callback: () => void): void;
  override destroy(error: Error | null, callback: () => void): void;
  override destroy(errorOrCallback?: Error | null | (() => void), callback?: () => void): Promise<void> | void {
    this.#generations.close();
    const error = typeof errorOrCallback === 'function' ? null : (errorOrCallback ?? null);
    const done = typeof errorOrCallback === 'function' ? errorOrCallback : callback;
    return settle(Promise.all([...this.#open.keys()].map((agent) => agent.destroy(error))), done);
  }

  #retire(agent: Agent, deadline: Seconds | undefined): void {
    if (this.#open.get(agent) !== undefined) return;
    const timer = deadline === undefined ? undefined : setTimeout(() => void agent.destroy(), deadline * 1000).unref();
    const ended = (): void => {
      clearTimeout(timer);
      this.#open.delete(agent);
    };
    // A rejection says that the agent was destroyed before it closed, which ends it as well.
    this.#open.set(agent, agent.close().then(ended, ended));
  }
}

function settle(ended: Promise<unknown>, callback: (() => void) | undefined): Promise<void> | void {
  if (callback === undefined) return ended.then(() => undefined);
  void ended.then(callback, callback);
}
