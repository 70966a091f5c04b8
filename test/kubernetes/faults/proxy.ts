import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Seconds } from '@mayfly/der';
import { type Credential, createClusterAuthority } from '../certificates.js';
import { type Relay, startRelay } from './relay.js';
import { shuffledWatch } from './shuffle.js';

/** One request of the client. */
export interface ProxiedCall {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly isWatch: boolean;
  readonly query: URLSearchParams;
  /** Milliseconds since the proxy began. */
  readonly at: number;
}

/** What goes wrong with a request. */
export type Fault =
  /** The proxy answers, and the server never hears of it. */
  | { readonly type: 'answer'; readonly status: number; readonly reason: string; readonly retryAfter?: Seconds }
  /** Nobody answers, and the server never hears of it. */
  | { readonly type: 'silence' }
  /** The server answers, and the connection breaks before that arrives. */
  | { readonly type: 'lost' }
  /** Of a watch: the connection breaks after so many milliseconds. */
  | { readonly type: 'cut'; readonly afterMs: number }
  /** Of a watch: its version has been forgotten, as an event says. */
  | { readonly type: 'expire' }
  /** Of a watch: events come in another order, and more than once. */
  | { readonly type: 'shuffle' };

export type FaultPlan = (call: ProxiedCall, random: () => number) => Fault | undefined;

/** A request, and what became of it. */
interface NotedCall extends ProxiedCall {
  readonly fault: Fault | undefined;
  /** What the server answered, where it heard of it. */
  status: number | undefined;
}

/** A proxy that stands between a client and the API server. */
export interface FaultyProxy {
  readonly url: string;
  /** Vouches for the proxy's certificate. */
  readonly authority: Credential;
  /** What came, in its order. */
  readonly calls: readonly Readonly<NotedCall>[];
  /** What goes wrong from now on. Default nothing. */
  plan: FaultPlan;
  freeze: Relay['freeze'];
  /** Ends the watches that there are, as a server does that goes away. */
  breakWatches(): void;
  close(): Promise<void>;
}

/**
 * Stands before the API server on this port of the loopback interface.
 * @param random - Draws from [0, 1) that decide what goes wrong, in the order of the requests.
 */
export async function startFaultyProxy(
  target: { readonly port: number; readonly authority: Credential },
  random: () => number,
): Promise<FaultyProxy> {
  const authority = createClusterAuthority();
  const { certificate: cert, privateKey: key } = authority.server('proxy', [
    { type: 'iPAddress', value: Uint8Array.of(127, 0, 0, 1) },
  ]);
  const agent = new Agent({ keepAlive: true, ca: target.authority.certificate });
  const calls: NotedCall[] = [];
  const watches = new Set<ServerResponse>();
  const from = Date.now();
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    const { method = 'GET', url = '/' } = request;
    const { pathname: path, searchParams: query } = new URL(url, 'https://proxy');
    const call = { method, path, query, isWatch: query.get('watch') === 'true', at: Date.now() - from };
    const noted: NotedCall = { ...call, fault: proxy.plan(call, random), status: undefined };
    calls.push(noted);
    if (call.isWatch) watches.add(response.once('close', () => watches.delete(response)));
    if (noted.fault?.type === 'silence') request.resume();
    else if (noted.fault?.type === 'answer') answer(response, noted.fault);
    else if (noted.fault?.type === 'expire') expire(response);
    else forward(request, response, noted, { port: target.port, agent, random });
  };
  const server = createServer({ cert, key }, handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const relay = await startRelay((server.address() as AddressInfo).port); // a TCP server has no other
  const proxy: FaultyProxy = {
    url: `https://127.0.0.1:${relay.port}`,
    authority: authority.credential,
    calls,
    plan: () => undefined,
    freeze: relay.freeze,
    breakWatches() {
      for (const response of watches) response.destroy();
    },
    async close() {
      await relay.close();
      server.closeAllConnections();
      server.close();
      agent.destroy();
      await once(server, 'close');
    },
  };
  return proxy;
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  noted: NotedCall,
  { port, agent, random }: { readonly port: number; readonly agent: Agent; readonly random: () => number },
): void {
  const { method, headers, url: path } = request;
  const { fault } = noted;
  const forwarded = httpsRequest({ host: '127.0.0.1', port, method, path, headers, agent }, (answered) => {
    noted.status = answered.statusCode;
    answered.once('error', () => response.destroy());
    if (fault?.type === 'lost') {
      answered.resume().once('end', () => response.destroy());
      return;
    }
    response.writeHead(answered.statusCode ?? 502, answered.headers);
    response.flushHeaders();
    (fault?.type === 'shuffle' ? answered.pipe(shuffledWatch(random)) : answered).pipe(response);
    if (fault?.type === 'cut') setTimeout(() => response.destroy(), fault.afterMs);
  });
  forwarded.once('error', () => response.destroy());
  response.once('close', () => forwarded.destroy());
  request.pipe(forwarded);
}

function answer(response: ServerResponse, { status, reason, retryAfter }: Extract<Fault, { type: 'answer' }>): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
  });
  response.end(JSON.stringify(statusObject(status, reason)));
}

function expire(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify({ type: 'ERROR', object: statusObject(410, 'Expired') })}\n`);
}

const statusObject = (code: number, reason: string): object => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  message: `${reason} of the proxy's`,
  ...{ code, reason },
});
