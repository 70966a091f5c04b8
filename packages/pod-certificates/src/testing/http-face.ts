import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { ApiError, type RequestSelector, type WatchEvent } from '../api.js';
import type { EmbeddedApi } from '../embedded.js';
import { isObject, type JsonObject, objectMember, textMember } from '../json.js';
import { clusterTrustBundleToJson, podCertificateRequestToJson, readPodCertificateRequest } from '../read.js';
import type { ApiVersion, NewClusterTrustBundle, NewPodCertificateRequest } from '../types.js';

/** What a test makes of one request before the server sees it. */
export type Fault =
  /** Answers this instead. */
  | { readonly status: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** Closes the connection: before the request is worked on, or after it, so that only the answer is lost. */
  | 'drop'
  | 'drop-answer'
  /** Answers nothing and keeps the connection open. */
  | 'hang';

/** One request that came in. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export interface HttpFaceOptions {
  readonly versions?: readonly ApiVersion[];
  readonly tls?: ServerOptions;
  /** Asked for every request. */
  readonly fault?: (request: SeenRequest) => Fault | undefined;
  /** Events on their way to a watcher; a test reorders them, repeats them or leaves some out. */
  readonly distort?: (event: JsonObject) => readonly JsonObject[];
  /** Milliseconds. Default none. */
  readonly bookmarkEvery?: number;
  /** What `Date` says. */
  readonly date?: () => Date;
}

/** The embedded API as a server of HTTP, for tests of the client: its paths, its lists, its watches. */
export interface HttpFace {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** Ends every watch at once, as a server does that is restarted. */
  dropWatches(): void;
  /** Keeps watches open and lets nothing through any more, as a half-open connection does. */
  silenceWatches(): void;
  watches(): number;
  close(): Promise<void>;
}

/** What answers a request for a resource, by the parts of the path behind it. */
type Handler = (request: SeenRequest, ...parts: readonly (string | undefined)[]) => Promise<unknown>;

export async function openHttpFace(api: EmbeddedApi, options: HttpFaceOptions = {}): Promise<HttpFace> {
  const { versions = ['v1', 'v1beta1'], fault = () => undefined, distort = (event) => [event] } = options;
  const seen: SeenRequest[] = [];
  const watching = new Set<{ response: ServerResponse; controller: AbortController; silent: boolean }>();
  const leases = leaseStore();

  const watch = async (
    events: (signal: AbortSignal) => AsyncIterable<WatchEvent<unknown>>,
    toJson: (object: never) => JsonObject,
    response: ServerResponse,
    kind: string,
  ): Promise<void> => {
    const controller = new AbortController();
    const watcher = { response, controller, silent: false };
    const source = events(controller.signal);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    watching.add(watcher);
    response.on('close', () => controller.abort());
    const send = (event: JsonObject): void => {
      if (!watcher.silent) for (const each of distort(event)) response.write(`${JSON.stringify(each)}\n`);
    };
    const bookmark = async (): Promise<void> => {
      const { resourceVersion } = await api.listRequests({ name: '-' });
      send({ type: 'BOOKMARK', object: { kind, metadata: { resourceVersion } } });
    };
    const timer =
      options.bookmarkEvery === undefined ? undefined : setInterval(() => void bookmark(), options.bookmarkEvery);
    try {
      for await (const event of source)
        if (event.type !== 'bookmark') send({ type: event.type.toUpperCase(), object: toJson(event.object as never) });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      send({ type: 'ERROR', object: statusOf(error) });
    } finally {
      clearInterval(timer);
      watching.delete(watcher);
      response.end();
    }
  };

  const page = (items: readonly JsonObject[], resourceVersion: string, { query }: SeenRequest): JsonObject => {
    const from = Number(query.get('continue') ?? '0');
    const limit = Number(query.get('limit') ?? '0') || items.length;
    const more = from + limit < items.length;
    return {
      kind: 'List',
      metadata: { resourceVersion, ...(more && { continue: String(from + limit) }) },
      // As a server writes them: without kind and version.
      items: items.slice(from, from + limit).map(({ kind: _kind, apiVersion: _version, ...item }) => item),
    };
  };

  const requests =
    (version: ApiVersion): Handler =>
    async (request, namespace, name, subresource) => {
      const { method, query, body } = request;
      if (method === 'POST')
        return podCertificateRequestToJson(await api.createRequest(newRequest(body, namespace!)), version);
      if (name === undefined) {
        const { items, resourceVersion } = await api.listRequests(selectorOf(query, namespace));
        return page(
          items.map((item) => podCertificateRequestToJson(item, version)),
          resourceVersion,
          request,
        );
      }
      if (method === 'GET') return podCertificateRequestToJson(await api.getRequest(namespace!, name), version);
      if (method === 'DELETE') {
        await api.deleteRequest(namespace!, name, textMember(objectMember(body, 'preconditions'), 'uid') || undefined);
        return { kind: 'Status', status: 'Success' };
      }
      if (method !== 'PUT' || subresource !== 'status') throw new ApiError('BadRequest', `no ${method} of it`);
      const metadata = objectMember(body, 'metadata');
      const update = await api.updateStatus(
        {
          metadata: {
            namespace: namespace!,
            name,
            uid: textMember(metadata, 'uid'),
            resourceVersion: textMember(metadata, 'resourceVersion'),
          },
        },
        objectMember(body, 'status') as never,
      );
      if (!update.ok) throw new ApiError(update.reason, update.message);
      return podCertificateRequestToJson(update.request, version);
    };

  const bundles =
    (version: ApiVersion): Handler =>
    async (request, name) => {
      const { method, body } = request;
      if (name === undefined) {
        const { items, resourceVersion } = await api.listTrustBundles();
        return page(
          items.map((item) => clusterTrustBundleToJson(item, version)),
          resourceVersion,
          request,
        );
      }
      if (method === 'PATCH') {
        const spec = objectMember(body, 'spec');
        const bundle: NewClusterTrustBundle = {
          metadata: { name, labels: { ...(objectMember(objectMember(body, 'metadata'), 'labels') as object) } },
          spec: { signerName: textMember(spec, 'signerName'), trustBundle: textMember(spec, 'trustBundle') },
        };
        return clusterTrustBundleToJson(await api.applyTrustBundle(bundle), version);
      }
      if (method === 'DELETE') {
        const preconditions = objectMember(body, 'preconditions');
        const uid = textMember(preconditions, 'uid');
        const resourceVersion = textMember(preconditions, 'resourceVersion');
        await api.deleteTrustBundle(name, uid === '' ? undefined : { uid, resourceVersion });
        return { kind: 'Status', status: 'Success' };
      }
      return clusterTrustBundleToJson(await api.getTrustBundle(name), version);
    };

  const events: Handler = async ({ body }, namespace) => {
    const event = isObject(body) ? body : {};
    const regarding = objectMember(event, 'regarding');
    await api.createEvent({
      type: textMember(event, 'type') === 'Warning' ? 'Warning' : 'Normal',
      reason: textMember(event, 'reason'),
      note: textMember(event, 'note'),
      regarding: { namespace: namespace!, name: textMember(regarding, 'name'), uid: textMember(regarding, 'uid') },
      reportingController: textMember(event, 'reportingController'),
      eventTime: Math.floor(Date.parse(textMember(event, 'eventTime')) / 1000),
    });
    return event;
  };

  const answer = async (request: SeenRequest, response: ServerResponse): Promise<unknown> => {
    const { path, query } = request;
    if (path === '/version') return { gitVersion: 'v1.37.0' };
    if (path === '/apis/certificates.k8s.io')
      return { kind: 'APIGroup', versions: versions.map((version) => ({ version })) };
    const [, version, rest = ''] = /^\/apis\/certificates\.k8s\.io\/(v1|v1beta1)(\/.*)?$/.exec(path) ?? [];
    if (version !== undefined) {
      const served = versions.find((each) => each === version);
      if (served === undefined) throw new ApiError('NotFound', 'the server could not find the requested resource');
      if (rest === '') return { resources: [{ name: 'podcertificaterequests' }, { name: 'clustertrustbundles' }] };
      const [, namespace, resource, tail] =
        /^(?:\/namespaces\/([^/]+))?\/(podcertificaterequests|clustertrustbundles)(\/.*)?$/.exec(rest) ?? [];
      if (resource === 'podcertificaterequests') {
        const resourceVersion = query.get('resourceVersion') ?? '';
        if (query.get('watch') !== 'true') return await requests(served)(request, namespace, ...partsOf(tail));
        return await watch(
          (signal) => api.watchRequests(selectorOf(query, namespace), { resourceVersion, signal }),
          (object) => podCertificateRequestToJson(object, served),
          response,
          'PodCertificateRequest',
        );
      }
      if (query.get('watch') === 'true')
        return await watch(
          (signal) => api.watchTrustBundles(undefined, { resourceVersion: query.get('resourceVersion')!, signal }),
          (object) => clusterTrustBundleToJson(object, served),
          response,
          'ClusterTrustBundle',
        );
      return await bundles(served)(request, ...partsOf(tail));
    }
    const [, eventNamespace] = /^\/apis\/events\.k8s\.io\/v1\/namespaces\/([^/]+)\/events$/.exec(path) ?? [];
    if (eventNamespace !== undefined) return await events(request, eventNamespace);
    const [, leaseName] =
      /^\/apis\/coordination\.k8s\.io\/v1\/namespaces\/[^/]+\/leases(?:\/([^/]+))?$/.exec(path) ?? [];
    if (path.includes('/leases')) return leases(request, leaseName);
    throw new ApiError('NotFound', 'the server could not find the requested resource');
  };

  const serve = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(message.url!, 'http://server');
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const request: SeenRequest = {
      method: message.method!,
      path: url.pathname,
      query: url.searchParams,
      headers: message.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
    seen.push(request);
    if (options.date !== undefined) response.setHeader('date', options.date().toUTCString());
    const trouble = fault(request);
    if (trouble === 'hang') return;
    if (trouble === 'drop') return void message.socket.destroy();
    if (typeof trouble === 'object') return write(response, trouble.status, trouble.body, trouble.headers);
    try {
      const body = await answer(request, response);
      if (trouble === 'drop-answer') return void message.socket.destroy();
      if (body !== undefined) write(response, request.method === 'POST' ? 201 : 200, body);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      write(response, error.status, statusOf(error));
    }
  };

  const listener = (message: IncomingMessage, response: ServerResponse): void => {
    serve(message, response).catch((error: unknown) => response.destroy(error as Error));
  };
  const server: Server = options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    seen,
    dropWatches() {
      for (const { response } of watching) response.destroy();
    },
    silenceWatches() {
      for (const watcher of watching) watcher.silent = true;
    },
    watches: () => watching.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

const statusOf = ({ status, reason, message, causes }: ApiError): JsonObject => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code: status,
  reason,
  message,
  details: { causes },
});

function write(
  response: ServerResponse,
  status: number,
  body: unknown = '',
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
}

const partsOf = (tail: string | undefined): readonly string[] =>
  (tail ?? '').split('/').filter(Boolean).map(decodeURIComponent);

function selectorOf(query: URLSearchParams, namespace: string | undefined): RequestSelector {
  const names: Readonly<Record<string, keyof RequestSelector>> = {
    'metadata.name': 'name',
    'spec.signerName': 'signerName',
    'spec.podName': 'podName',
    'spec.nodeName': 'nodeName',
  };
  const fields = (query.get('fieldSelector') ?? '').split(',').filter(Boolean);
  return {
    ...(namespace !== undefined && { namespace }),
    ...Object.fromEntries(
      fields.map((field) => {
        const [name, value] = field.split('=');
        const member = names[name!];
        if (member === undefined) throw new ApiError('BadRequest', `field label not supported: ${name}`);
        return [member, value];
      }),
    ),
  };
}

/** A new request from what was posted: read as an object that the server has completed. */
function newRequest(body: unknown, namespace: string): NewPodCertificateRequest {
  const metadata = objectMember(body, 'metadata');
  const completed = {
    uid: '-',
    resourceVersion: '0',
    creationTimestamp: '1970-01-01T00:00:00Z',
    name: '-',
    ...metadata,
  };
  const { spec } = readPodCertificateRequest({ ...(body as object), metadata: { ...completed, namespace } });
  const name = textMember(metadata, 'name');
  const generateName = textMember(metadata, 'generateName');
  return { metadata: { namespace, ...(name && { name }), ...(generateName && { generateName }) }, spec };
}

/** Leases with the rules that matter: no second one of a name, no update of another version than the last. */
function leaseStore(): (request: SeenRequest, name: string | undefined) => unknown {
  const leases = new Map<string, JsonObject>();
  let version = 0;
  return ({ method, body }, name) => {
    const metadata = objectMember(body, 'metadata');
    const key = name ?? textMember(metadata, 'name');
    const current = leases.get(key);
    if (method === 'GET' && name === undefined)
      return { kind: 'LeaseList', metadata: { resourceVersion: String(version) }, items: [...leases.values()] };
    if (method === 'POST' && current !== undefined)
      throw new ApiError('AlreadyExists', `leases "${key}" already exists`);
    if (method !== 'POST' && current === undefined) throw new ApiError('NotFound', `leases "${key}" not found`);
    if (method === 'GET') return current;
    if (method === 'DELETE') {
      leases.delete(key);
      return { kind: 'Status', status: 'Success' };
    }
    const expected = textMember(metadata, 'resourceVersion');
    if (method === 'PUT' && expected !== textMember(objectMember(current, 'metadata'), 'resourceVersion'))
      throw new ApiError('Conflict', `leases "${key}": the object has been modified`);
    const written = { ...(body as object), metadata: { ...metadata, resourceVersion: String(++version) } };
    leases.set(key, written);
    return written;
  };
}
