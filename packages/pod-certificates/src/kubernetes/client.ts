import type { Seconds } from '@mayfly/der';
import type { Dispatcher } from 'undici';
import { ApiError, type List } from '../api.js';
import { isObject, type JsonObject, textMember } from '../json.js';
import { apiErrorOf, parseRetryAfter } from './answer-status.js';
import { readText } from './answer-text.js';
import { createClockSkew } from './clock-skew.js';
import type { ClusterConnection } from './connection.js';
import { KubernetesError, messageOf } from './errors.js';
import { parseJsonLines } from './json-lines.js';
import { type ListPage, pagesOf, type ReadPage, readPage, wholeList } from './pages.js';
import type { Query } from './paths.js';
import { createSilentWatches } from './silent-watches.js';
import { type Connections, createTransport } from './transport.js';

/** One request to the API. */
export interface ApiCall {
  readonly method: 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT';
  /** Below the server's own, for example `/api/v1/namespaces/shop/pods`; each part encoded. */
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  /** Of the body. Default `application/json`. */
  readonly contentType?: string;
  /** Does not wait for a connection until others have theirs. Default `false`. */
  readonly urgent?: boolean;
  /** Seconds for all of it, credentials and connection included. Default: what the client gives to each step. */
  readonly timeout?: Seconds;
  readonly signal?: AbortSignal;
}

/** An event of a watch as the server sends it. */
export interface RawWatchEvent {
  readonly type: string;
  readonly object: JsonObject;
}

/** A client of one API server that knows JSON and nothing of kinds. */
export interface KubernetesClient {
  readonly connection: ClusterConnection;
  /**
   * @returns The JSON of the answer.
   * @throws {@link ApiError} for what the server answers, {@link KubernetesError} where no answer came. Nothing is sent
   * twice, but for one attempt with new credentials after a 401.
   */
  request(call: ApiCall): Promise<unknown>;
  /**
   * Every object, read page by page. Throws as `request` does, and `ERR_KUBERNETES_ANSWER` for more than 256 MiB; a list that
   * took too long to page is read in one go.
   */
  list(path: string, query?: Query, signal?: AbortSignal): Promise<List<JsonObject>>;
  /**
   * Every object of one moment, page by page, so that no more than a page is held at once; large objects come in smaller
   * pages. A `continue` in the query, `next` of a page, goes on behind that one. Throws as `request` does: an {@link ApiError} `Expired` where paging took longer than the server remembers.
   */
  pages(path: string, query?: Query, signal?: AbortSignal): AsyncIterable<ListPage>;
  /**
   * One watch until the server or the signal ends it.
   * @param query - What `list` takes, and `resourceVersion`.
   * @throws as `request` does, and `ERR_KUBERNETES_TIMEOUT` when nothing came for longer than bookmarks stay away.
   */
  watch(path: string, query: Query, signal: AbortSignal): AsyncIterable<RawWatchEvent>;
  /** Server-side apply: creates the object or sets the fields that it states, and owns them. */
  apply(path: string, object: JsonObject, fieldManager: string): Promise<unknown>;
  /** Seconds that the server's clock is ahead of ours; `undefined` before the first answer. */
  clockAhead(): Seconds | undefined;
  close(): Promise<void>;
}

export interface ClientOptions {
  /** Told to the server, in `User-Agent`. */
  readonly userAgent: string;
  /** Seconds that an answer may take. Default 30. */
  readonly timeout?: Seconds;
  /** Seconds without any octet after which a watch is given up. Default 90: the server sends a bookmark every minute. */
  readonly silence?: Seconds;
  /** Milliseconds since 1970. Default `Date.now`. */
  readonly now?: () => number;
}

/** Makes a client; it connects when it is first asked. */
export function createClient(
  connection: ClusterConnection,
  { userAgent, timeout = 30, silence = 90, now = Date.now, ...unknown }: ClientOptions,
): KubernetesClient {
  unknown satisfies Record<string, never>;
  const transport = createTransport(connection);
  const silent = createSilentWatches();
  const skew = createClockSkew();
  const { origin, pathname } = new URL(connection.server);
  const prefix = pathname === '/' ? '' : pathname;

  const send = async (
    { method, path, query = {}, body, contentType = 'application/json', signal }: ApiCall,
    kind: keyof Connections,
    bodyTimeout: Seconds,
  ): Promise<Dispatcher.ResponseData> => {
    const attempt = async (connections: Connections): Promise<Dispatcher.ResponseData> => {
      const credentials = await unlessAborted(connection.headers(), signal);
      const sentAt = now();
      const response = await connections[kind].request({
        origin,
        path: prefix + path,
        method,
        query: Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)),
        headers: {
          accept: 'application/json',
          'user-agent': userAgent,
          ...(body !== undefined && { 'content-type': contentType }),
          ...credentials,
        },
        body: body === undefined ? null : JSON.stringify(body),
        headersTimeout: timeout * 1000,
        bodyTimeout: bodyTimeout * 1000,
        ...(signal && { signal }),
      });
      skew.note(single(response.headers['date']), sentAt, now());
      return response;
    };
    try {
      const connections = transport.current();
      const response = await attempt(connections);
      if (response.statusCode !== 401) return response;
      await response.body.dump();
      // What was refused may have been replaced meanwhile, by whoever was refused before.
      if (transport.current() === connections) connection.forgetCredentials();
      transport.replace(connections);
      return await attempt(transport.current());
    } catch (cause) {
      throw brokenOff(cause, `${method} ${path}`, path, signal);
    }
  };

  const ask = async (given: ApiCall): Promise<{ readonly body: unknown; readonly length: number }> => {
    const call = withDeadline(given);
    const where = `${call.method} ${call.path}`;
    const sentAt = performance.now();
    let response: Dispatcher.ResponseData;
    let text: string;
    try {
      response = await send(call, call.urgent === true ? 'unbounded' : 'requests', timeout);
      text = await readText(response.body, where, call.path);
    } catch (cause) {
      const error = brokenOff(cause, where, call.path, call.signal);
      if (error instanceof KubernetesError && error.code === 'ERR_KUBERNETES_TIMEOUT') silent.doubt(sentAt);
      throw error;
    }
    const body = parseJson(text);
    if (response.statusCode >= 300) throw refusal(response, body ?? text, where, now);
    if (body === undefined)
      throw new KubernetesError('ERR_KUBERNETES_ANSWER', call.path, `Cannot use the answer to ${where}: it is no JSON`);
    return { body, length: text.length };
  };
  const request = async (call: ApiCall): Promise<unknown> => (await ask(call)).body;

  const pageReader =
    (path: string, query: Query = {}, signal?: AbortSignal): ReadPage =>
    async (more) => {
      const { body, length } = await ask({
        method: 'GET',
        path,
        query: { ...query, ...more },
        ...(signal && { signal }),
      });
      return readPage(body, length, path);
    };

  return {
    connection,
    request,
    list: (path, query, signal) => wholeList(pageReader(path, query, signal), path),
    pages: (path, { continue: from, ...query } = {}, signal) =>
      pagesOf(pageReader(path, query, signal), path, from === undefined ? '' : String(from)),
    async *watch(path, query, ended) {
      const where = `watch of ${path}`;
      const watched = silent.add();
      const signal = AbortSignal.any([ended, watched.signal]);
      const call: ApiCall = {
        method: 'GET',
        path,
        query: { ...query, watch: true, allowWatchBookmarks: true },
        signal,
      };
      try {
        const response = await send(call, 'unbounded', silence);
        const { body, statusCode } = response;
        if (statusCode >= 300) {
          const text = await readText(body, where, path);
          throw refusal(response, parseJson(text) ?? text, where, now);
        }
        for await (const event of parseJsonLines(body, path)) {
          watched.hear();
          if (!isObject(event) || !isObject(event['object']))
            throw new KubernetesError(
              'ERR_KUBERNETES_ANSWER',
              path,
              `Cannot use an event of ${where}: it has no object`,
            );
          const { object } = event;
          if (event['type'] === 'ERROR') throw apiErrorOf(codeOf(object), object, undefined, where);
          yield { type: textMember(event, 'type'), object };
        }
      } catch (cause) {
        throw brokenOff(cause, where, path, signal);
      } finally {
        watched.end();
      }
    },
    apply: (path, object, fieldManager) =>
      request({
        method: 'PATCH',
        path,
        // Ours to say: whoever else set these fields is told by the managed fields who did.
        query: { fieldManager, force: true },
        body: object,
        contentType: 'application/apply-patch+yaml',
      }),
    clockAhead: () => skew.ahead(),
    close: () => transport.close(),
  };
}

const refusal = ({ statusCode, headers }: Dispatcher.ResponseData, body: unknown, where: string, now: () => number) =>
  apiErrorOf(statusCode, body, parseRetryAfter(single(headers['retry-after']), Math.floor(now() / 1000)), where);

function withDeadline({ timeout, signal, ...call }: ApiCall): ApiCall {
  if (timeout === undefined) return { ...call, ...(signal && { signal }) };
  const deadline = AbortSignal.timeout(timeout * 1000);
  return { ...call, signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]) };
}

/** What does not listen to a signal goes on, and nobody waits for it. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  signal.throwIfAborted();
  let abort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  return await Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', abort));
}

const single = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : header?.[0];

const codeOf = ({ code }: JsonObject): number => (typeof code === 'number' ? code : 500);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told by the caller
  }
}

const TIMEOUTS: readonly string[] = ['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT'];

/** Says of a failure of the network what failed; errors of ours and the signal's reason pass. */
function brokenOff(cause: unknown, where: string, path: string, signal: AbortSignal | undefined): unknown {
  if (cause instanceof KubernetesError || cause instanceof ApiError) return cause;
  const isLate = signal?.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
  if (signal?.aborted === true && !isLate) return signal.reason;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return isLate || TIMEOUTS.includes(code)
    ? new KubernetesError('ERR_KUBERNETES_TIMEOUT', path, `Cannot ${where}: nothing came from the server in time`, {
        cause,
      })
    : new KubernetesError('ERR_KUBERNETES_CONNECTION', path, `Cannot ${where}: ${messageOf(cause)}`, { cause });
}
