import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { testRequest } from '../testing/cluster.js';
import { openFaceClient } from '../testing/face-client.js';
import type { HttpFace, HttpFaceOptions } from '../testing/http-face.js';
import { loopbackClient, until } from '../testing/loopback.js';
import type { KubernetesClient } from './client.js';

const PATH = '/apis/certificates.k8s.io/v1/namespaces/shop/podcertificaterequests';
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

type Arguments = Parameters<typeof openFaceClient> extends [unknown, ...infer Rest] ? Rest : never;
const open = (...args: Arguments) => openFaceClient(closing, ...args);

describe('what a server answers instead of an object', () => {
  const STATUS = { kind: 'Status', reason: 'Gone', message: 'gone', details: { retryAfterSeconds: 3 } };
  test.each([
    [400, '', {}, 'BadRequest', 400, undefined],
    [403, { kind: 'Status', reason: 'Forbidden', message: 'no' }, {}, 'Forbidden', 403, undefined],
    [409, { kind: 'Status', reason: 'AlreadyExists' }, {}, 'AlreadyExists', 409, undefined],
    [409, { kind: 'Status', reason: 'Conflict' }, {}, 'Conflict', 409, undefined],
    [410, STATUS, {}, 'Expired', 410, 3],
    [418, '', {}, 'BadRequest', 400, undefined],
    [429, '<html>slow</html>', { 'retry-after': '7' }, 'TooManyRequests', 429, 7],
    [429, STATUS, { 'retry-after': '99999' }, 'Expired', 410, 3600],
    [500, { kind: 'Status', reason: 'ServerTimeout' }, {}, 'Timeout', 504, undefined],
    [502, 'bad gateway', {}, 'InternalError', 500, undefined],
    [503, '', { 'retry-after': new Date(1_788_256_860_000).toUTCString() }, 'ServiceUnavailable', 503, 60],
    [503, '', { 'retry-after': 'soon' }, 'ServiceUnavailable', 503, undefined],
  ])('%i %j %j', async (status, body, headers, reason, code, retryAfter) => {
    const { client, face } = await open({ fault: () => ({ status, body, headers }) }, { now: () => 1_788_256_800_000 });
    const error = client.request({ method: 'GET', path: PATH });
    await expect(error).rejects.toMatchObject({ name: 'ApiError', reason, status: code, retryAfter });
    await expect(error).rejects.toThrow(`GET ${PATH}: ${status}`);
    expect(face.seen).toHaveLength(1);
  });
  test('has its causes', async () => {
    const { client } = await open();
    const error = client.request({
      method: 'POST',
      path: PATH,
      body: {
        kind: 'PodCertificateRequest',
        apiVersion: 'certificates.k8s.io/v1',
        spec: { ...testRequest().spec, signerName: 'x', stubPKCS10Request: '' },
        metadata: { name: 'a' },
      },
    });
    await expect(error).rejects.toMatchObject({
      reason: 'Invalid',
      causes: expect.arrayContaining([
        expect.objectContaining({ field: 'spec.signerName', reason: 'FieldValueInvalid' }),
      ]),
    });
  });
});

describe('no answer', () => {
  test.each([
    ['a connection that breaks', 'drop', 'ERR_KUBERNETES_CONNECTION'],
    ['an answer that is lost', 'drop-answer', 'ERR_KUBERNETES_CONNECTION'],
    ['a server that hangs', 'hang', 'ERR_KUBERNETES_TIMEOUT'],
    ['an answer that is no JSON', { status: 200, body: '<html>' }, 'ERR_KUBERNETES_ANSWER'],
  ] as const)('%s is not asked twice', async (_name, fault, code) => {
    const { client, face } = await open({ fault: () => fault }, { timeout: 1 });
    await expect(client.request({ method: 'GET', path: PATH })).rejects.toMatchObject({ code, path: PATH });
    expect(face.seen).toHaveLength(1);
  });
  test('a server that is not there', async () => {
    const { client, face } = await open();
    await face.close();
    await expect(client.request({ method: 'GET', path: PATH })).rejects.toMatchObject({
      code: 'ERR_KUBERNETES_CONNECTION',
      message: expect.stringContaining('ECONNREFUSED'),
    });
  });
  test('an answer that is no list', async () => {
    const { client } = await open({ fault: () => ({ status: 200, body: { items: [] } }) });
    await expect(client.list(PATH)).rejects.toMatchObject({ code: 'ERR_KUBERNETES_ANSWER', path: PATH });
  });
});

test('what is urgent waits for no answer to others', async () => {
  const held: (() => void)[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/urgent') response.end('{}');
    else held.push(() => response.end('{}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = loopbackClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  closing.push(
    () => new Promise((resolve) => server.close(resolve)),
    () => client.close(),
  );
  const others = Array.from({ length: 100 }, () => client.request({ method: 'GET', path: '/other' }));
  await until(() => held.length === 32);
  expect(await client.request({ method: 'GET', path: '/urgent', urgent: true })).toEqual({});
  expect(held).toHaveLength(32);
  const all = Promise.all(others);
  for (let answered = 0; answered < others.length; answered++) {
    await until(() => held.length > 0);
    held.shift()!();
  }
  await all;
});

test.each([
  ['of a refusal', { status: 500 }],
  ['of what is asked for', { status: 200 }],
])('more octets than an answer may have are not read: %s', async (_name, { status }) => {
  const { client } = await open({ fault: () => ({ status, body: 'x'.repeat((16 << 20) + 1) }) });
  const tooLarge = { code: 'ERR_KUBERNETES_ANSWER', message: expect.stringContaining('more than 16777216 octets') };
  await expect(client.request({ method: 'GET', path: PATH })).rejects.toMatchObject(tooLarge);
  await expect(client.request({ method: 'GET', path: PATH, urgent: true })).rejects.toMatchObject(tooLarge);
  if (status === 500)
    await expect(
      client.watch(PATH, {}, new AbortController().signal)[Symbol.asyncIterator]().next(),
    ).rejects.toMatchObject(tooLarge);
});

test.each([
  ['a server that hangs', { fault: () => 'hang' as const }, {}],
  ['credentials that do not come', {}, { headers: () => new Promise<never>(() => {}) }],
])('what has to be done within a time is not waited for any longer: %s', async (_name, options, more) => {
  const { client } = await open(options, {}, more);
  const call = { method: 'GET', path: PATH } as const;
  await expect(client.request({ ...call, timeout: 0.2 })).rejects.toMatchObject({ code: 'ERR_KUBERNETES_TIMEOUT' });
  const stop = new AbortController();
  const stopped = client.request({ ...call, timeout: 30, signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(stopped).rejects.toThrow('enough');
});

test('after a 401 asks for new credentials, once', async () => {
  let token = 1;
  const more = { headers: async () => ({ authorization: `Bearer ${token}` }), forgetCredentials: () => void token++ };
  const { client } = await open(
    { fault: ({ headers }) => (headers.authorization === 'Bearer 1' ? { status: 401 } : undefined) },
    {},
    more,
  );
  expect(await client.list(PATH)).toMatchObject({ items: [] });
  token = 1;
  const { client: refused, face: refusing } = await open({ fault: () => ({ status: 401 }) }, {}, more);
  await expect(refused.list(PATH)).rejects.toMatchObject({ reason: 'Unauthorized' });
  expect(refusing.seen).toHaveLength(2);
});

describe('lists', () => {
  const PODS = 203;
  async function filled(options: HttpFaceOptions = {}) {
    const opened = await open(options);
    const stub = testRequest().spec.stubPKCS10Request!;
    for (let i = 0; i < PODS; i++) await opened.cluster.api.createRequest(testRequest({ stubPKCS10Request: stub }));
    return opened;
  }
  test('page by page', async () => {
    const { client, face } = await filled();
    const { items } = await client.list(PATH);
    expect(new Set(items.map(({ metadata }) => (metadata as { uid: string }).uid)).size).toBe(PODS);
    expect(face.seen.map(({ query }) => [query.get('limit'), query.get('continue')])).toEqual([
      ['100', null],
      ['100', '100'],
      ['100', '200'],
    ]);
  });
  test('in one go when the server has forgotten the moment of the pages', async () => {
    let forgets = true;
    const { client, face } = await filled({
      fault: ({ query }) => {
        if (query.get('continue') !== '200' || !forgets) return undefined;
        forgets = false;
        return { status: 410, body: { kind: 'Status', reason: 'Expired' } };
      },
    });
    expect((await client.list(PATH)).items).toHaveLength(PODS);
    expect(face.seen.at(-1)?.query.get('limit')).toBeNull();
  });
});

describe('lists of large objects', () => {
  /** A server of so many objects of so many characters. */
  async function large(count: number, size: number) {
    const limits: number[] = [];
    const server: Server = createServer(({ url }, response) => {
      const query = new URL(url!, 'http://server').searchParams;
      const limit = Number(query.get('limit'));
      limits.push(limit);
      const from = Number(query.get('continue') ?? 0);
      const more = from + limit < count;
      response.write(`{"metadata":{"resourceVersion":"1"${more ? `,"continue":"${from + limit}"` : ''}},"items":[`);
      for (let i = from; i < Math.min(from + limit, count); i++)
        response.write(`${i === from ? '' : ','}{"metadata":{"uid":"${i}"},"text":"${'\\u003c'.repeat(size / 6)}"}`);
      response.end(']}');
    }).listen(0, '127.0.0.1');
    await until(() => server.listening);
    const client = loopbackClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    closing.push(
      async () => server.close(),
      () => client.close(),
    );
    return { client, limits };
  }
  test('come in smaller pages', async () => {
    const { client, limits } = await large(40, 1_200_000);
    const pages: number[] = [];
    for await (const { items } of client.pages(PATH)) pages.push(items.length);
    expect(limits).toEqual([100, 50, 25, 12, 12, 12, 12]);
    expect(pages).toEqual([12, 12, 12, 4]);
  });
  test('are refused where one alone is too large', async () => {
    const { client, limits } = await large(1, 17_000_000);
    await expect(client.list(PATH)).rejects.toMatchObject({ code: 'ERR_KUBERNETES_ANSWER', path: PATH });
    expect(limits).toEqual([100, 50, 25, 12, 6, 3, 1]);
  });
});

describe('watches', () => {
  const watch = (client: KubernetesClient, signal: AbortSignal) => client.watch(PATH, { resourceVersion: '0' }, signal);
  test('see changes and end with their signal', async () => {
    const { client, cluster, face } = await open();
    const stop = new AbortController();
    const types: string[] = [];
    const watching = (async () => {
      for await (const event of watch(client, stop.signal))
        if (types.push(event.type) === 2) stop.abort(new Error('enough'));
    })();
    await until(() => face.watches() === 1);
    const { metadata } = await cluster.api.createRequest(testRequest());
    await cluster.api.deleteRequest('shop', metadata.name);
    await expect(watching).rejects.toThrow('enough');
    expect(types).toEqual(['ADDED', 'DELETED']);
    await until(() => face.watches() === 0);
  });
  test.each([
    ['that end by themselves end', (face: HttpFace) => face.dropWatches(), 'ERR_KUBERNETES_CONNECTION'],
    ['that are silent for too long are given up', (face: HttpFace) => face.silenceWatches(), 'ERR_KUBERNETES_TIMEOUT'],
  ])('%s', async (_name, fail, code) => {
    const { client, face } = await open({ bookmarkEvery: 100 }, { silence: 1 });
    let bookmarks = 0;
    const watching = (async () => {
      for await (const { type } of watch(client, new AbortController().signal))
        if (type === 'BOOKMARK' && ++bookmarks === 15) fail(face); // longer than the silence that ends one
    })();
    await expect(watching).rejects.toMatchObject({ code });
    expect(bookmarks).toBeGreaterThanOrEqual(15);
  });
  test('that are silent are given up where another request has no answer', async () => {
    const { client, face } = await open({ fault: ({ method }) => (method === 'POST' ? 'hang' : undefined) });
    const watching = watch(client, new AbortController().signal)[Symbol.asyncIterator]().next();
    await until(() => face.watches() === 1);
    const call = client.request({ method: 'POST', path: PATH, body: {}, timeout: 0.2 });
    await expect(call).rejects.toMatchObject({ code: 'ERR_KUBERNETES_TIMEOUT' });
    await expect(watching).rejects.toMatchObject({ code: 'ERR_KUBERNETES_TIMEOUT', path: PATH });
    await until(() => face.watches() === 0);
  });
  test('of a moment that is forgotten are refused, in the stream or before it', async () => {
    const { client } = await open({
      fault: () => ({
        status: 200,
        body: '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired"}}\n',
      }),
    });
    await expect(watch(client, new AbortController().signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      reason: 'Expired',
    });
    const { client: other } = await open({ fault: () => ({ status: 410 }) });
    await expect(watch(other, new AbortController().signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      reason: 'Expired',
    });
  });
  test.each([
    ['no JSON', '{\n'],
    ['no object', '[]\n'],
    ['without an object', '{"type":"ADDED"}\n'],
    ['too long', 'x'.repeat((16 << 20) + 1)],
  ])('with an event that is %s are refused', async (_name, body) => {
    const { client } = await open({ fault: () => ({ status: 200, body }) });
    await expect(watch(client, new AbortController().signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'ERR_KUBERNETES_ANSWER',
    });
  });
  test('cut characters and lines anywhere', async () => {
    const text = `${JSON.stringify({ type: 'ADDED', object: { kind: 'ä€𝄞' } })}\n\n`;
    const server: Server = createServer(async (_request, response) => {
      response.writeHead(200);
      for (const octet of Buffer.from(text + text)) {
        response.write(Uint8Array.of(octet));
        await setTimeout(0);
      }
      response.end('{"type":"cut of');
    }).listen(0, '127.0.0.1');
    await until(() => server.listening);
    const client = loopbackClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    closing.push(
      async () => server.close(),
      () => client.close(),
    );
    const kinds: unknown[] = [];
    for await (const { object } of watch(client, new AbortController().signal)) kinds.push(object['kind']);
    expect(kinds).toEqual(['ä€𝄞', 'ä€𝄞']);
  });
});

test.each([0, 7, -7, 3600, -600])('sees a server clock that is %i s ahead', async (ahead) => {
  const { client } = await open({ date: () => new Date(Date.now() + ahead * 1000) });
  expect(client.clockAhead()).toBeUndefined();
  for (let i = 0; i < 3; i++) await client.list(PATH);
  expect(Math.abs(client.clockAhead()! - ahead)).toBeLessThanOrEqual(1);
});

test('paths of the server come before those of the API', async () => {
  const { face } = await open();
  const client = loopbackClient(`${face.url}/k8s/clusters/c-1`);
  closing.push(() => client.close());
  await expect(client.list(PATH)).rejects.toMatchObject({ reason: 'NotFound' });
  expect(face.seen[0]).toMatchObject({ path: `/k8s/clusters/c-1${PATH}`, headers: { 'user-agent': 'mayfly-test' } });
});
