import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { ClusterConnection } from './connection.js';
import { KubernetesError, messageOf } from './errors.js';

/** Connections for short requests; watches and what is urgent have theirs, so that neither waits for the other. */
const MAX_CONNECTIONS = 32;
/** Milliseconds after which a quiet connection is probed; Linux gives it up ten unanswered seconds later. */
const KEEP_ALIVE_DELAY = 15_000;
const CONNECT_TIMEOUT = 10_000;

/** The connections of one time, all made with what was known of keys then or later. */
export interface Connections {
  readonly requests: Dispatcher;
  /** As many connections as are needed: for watches, and for what has to be in time. */
  readonly unbounded: Dispatcher;
}

/** The connections to one server. */
export interface Transport {
  current(): Connections;
  /**
   * Has what follows use new connections, for a key pair is shown when a connection is made and never again. What is on its
   * way on the old ones, watches too, goes on there. Does nothing when they were replaced already.
   */
  replace(refused: Connections): void;
  /** Ends all connections, what is on its way included. */
  close(): Promise<void>;
}

/** Makes no connection yet. */
export function createTransport(connection: ClusterConnection): Transport {
  const connect = connectorOf(connection);
  const create = (): { readonly requests: Agent; readonly unbounded: Agent } => ({
    requests: new Agent({ connect, connections: MAX_CONNECTIONS }),
    unbounded: new Agent({ connect }),
  });
  let current = create();
  const old = new Set<Agent>();
  const retire = (agent: Agent): void => {
    old.add(agent);
    void agent.close().finally(() => old.delete(agent));
  };
  return {
    current: () => current,
    replace(refused) {
      if (refused !== current) return;
      retire(current.requests);
      retire(current.unbounded);
      current = create();
    },
    async close() {
      await Promise.all([current.requests, current.unbounded, ...old].map((agent) => agent.destroy()));
    },
  };
}

/** Reads keys, certificates and authorities anew for each connection. */
function connectorOf(connection: ClusterConnection): buildConnector.connector {
  return (options, callback) => {
    const begin = async (): Promise<void> => {
      const { servername, ca, cert, key, rejectUnauthorized } = await connection.tls();
      const connector = buildConnector({
        timeout: CONNECT_TIMEOUT,
        keepAlive: true,
        keepAliveInitialDelay: KEEP_ALIVE_DELAY,
        ...(ca !== undefined && { ca: Buffer.from(ca) }),
        ...(cert !== undefined && { cert: Buffer.from(cert) }),
        ...(key !== undefined && { key: Buffer.from(key) }),
        // Said in any case: otherwise NODE_TLS_REJECT_UNAUTHORIZED would decide who gets the token.
        rejectUnauthorized: rejectUnauthorized ?? true,
      });
      const { proxyUrl } = connection;
      const through = proxyUrl === undefined ? undefined : await tunnel(proxyUrl, options);
      connector(
        { ...options, ...(servername !== undefined && { servername }), ...(through && { httpSocket: through }) },
        callback,
      );
    };
    begin().catch((error: unknown) => callback(error instanceof Error ? error : new Error(messageOf(error)), null));
  };
}

/** A connection through an HTTP proxy (RFC 9110 §9.3.6). */
function tunnel(proxyUrl: string, { hostname, port }: buildConnector.Options): Promise<Socket> {
  const proxy = new URL(proxyUrl);
  const target = `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port || 443}`;
  const { username, password } = proxy;
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const options: RequestOptions = {
    method: 'CONNECT',
    host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: proxy.port || (proxy.protocol === 'https:' ? 443 : 80),
    path: target,
    timeout: CONNECT_TIMEOUT,
    agent: false,
    // Said in any case, as for the server behind it: the proxy may be given a password.
    rejectUnauthorized: true,
    headers: {
      host: target,
      ...((username !== '' || password !== '') && {
        'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}`,
      }),
    },
  };
  const refuse = (state: string, cause?: unknown): KubernetesError =>
    new KubernetesError(
      'ERR_KUBERNETES_CONNECTION',
      'proxy-url',
      `Cannot connect to ${target} through proxy ${proxy.host}: ${state}`,
      { cause },
    );
  return new Promise((resolve, reject) => {
    const request = (proxy.protocol === 'https:' ? httpsRequest : httpRequest)(options);
    request
      .on('connect', ({ statusCode }, socket) => {
        if (statusCode === 200) return resolve(socket);
        socket.destroy();
        reject(refuse(`it answers ${statusCode}`));
      })
      .on('response', ({ statusCode }) => {
        request.destroy();
        reject(refuse(`it answers ${statusCode}`));
      })
      .on('timeout', () => request.destroy(new Error(`no answer within ${CONNECT_TIMEOUT / 1000} s`)))
      .on('error', (cause) => reject(refuse(messageOf(cause), cause)))
      .end();
  });
}
