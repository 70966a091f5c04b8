import { X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { encodePem } from '@mayfly/der/pem';
import { generateKeySync } from '@mayfly/keys/node';
import { afterEach, describe, expect, test } from 'vitest';
import { type TestAuthority, testLeaf, testRoot } from '../testing/authority.js';
import { testCluster, testRequest } from '../testing/cluster.js';
import { type HttpFace, type HttpFaceOptions, openHttpFace } from '../testing/http-face.js';
import { loopbackClient, until } from '../testing/loopback.js';
import type { KubernetesClient } from './client.js';

const PATH = '/apis/certificates.k8s.io/v1/namespaces/shop/podcertificaterequests';
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function open(
  options: HttpFaceOptions = {},
  ...client: [Parameters<typeof loopbackClient>[1]?, Parameters<typeof loopbackClient>[2]?]
): Promise<{ face: HttpFace; client: KubernetesClient; cluster: Awaited<ReturnType<typeof testCluster>> }> {
  const cluster = await testCluster();
  const face = await openHttpFace(cluster.api, options);
  const opened = loopbackClient(face.url, ...client);
  closing.push(
    () => face.close(),
    () => opened.close(),
  );
  return { face, client: opened, cluster };
}

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

describe('over TLS', () => {
  const now = Math.floor(Date.now() / 1000);
  const pem = (authority: TestAuthority) => Buffer.from(encodePem('CERTIFICATE', authority.certificate.der));
  const pair = (authority: TestAuthority, names?: Parameters<typeof testLeaf>[4]) => {
    const key = generateKeySync('P-256');
    const leaf = testLeaf(authority, key.subjectPublicKeyInfo, now - 60, now + 3600, names);
    return { cert: encodePem('CERTIFICATE', leaf), key: encodePem('PRIVATE KEY', key.exportPkcs8()) };
  };
  const loopback = [{ type: 'iPAddress', value: Uint8Array.of(127, 0, 0, 1) }] as const;
  const bytes = (text: string) => new TextEncoder().encode(text);

  test('with a key pair that is read anew for each connection, and a server authenticated by its authority', async () => {
    const [ca, clients] = [testRoot(now, 'Server Root'), testRoot(now, 'Client Root')];
    let presented = pair(clients);
    const { client, face } = await open(
      { tls: { ...pair(ca, loopback), ca: pem(clients), requestCert: true, rejectUnauthorized: true } },
      {},
      { tls: async () => ({ ca: pem(ca), cert: bytes(presented.cert), key: bytes(presented.key) }) },
    );
    expect(await client.list(PATH)).toMatchObject({ items: [] });
    presented = pair(testRoot(now, 'Foreign Root'));
    const fresh = loopbackClient(
      face.url,
      {},
      { tls: async () => ({ ca: pem(ca), cert: bytes(presented.cert), key: bytes(presented.key) }) },
    );
    closing.push(() => fresh.close());
    await expect(fresh.list(PATH)).rejects.toMatchObject({ code: 'ERR_KUBERNETES_CONNECTION' });
  });
  test('after a 401 shows the new key pair on a new connection, and leaves a watch where it is', async () => {
    const [ca, clients] = [testRoot(now, 'Server Root'), testRoot(now, 'Client Root')];
    const pairs = [pair(clients), pair(clients)] as const;
    let presented: { cert: string; key: string } = pairs[0];
    let accepted = new X509Certificate(presented.cert).fingerprint256;
    let endWatch: (() => void) | undefined;
    const options = { ...pair(ca, loopback), ca: pem(clients), requestCert: true };
    const server = createTlsServer(options, ({ url, socket }, response) => {
      const shown = (socket as TLSSocket).getPeerCertificate().fingerprint256;
      if (shown !== accepted) return void response.writeHead(401).end();
      if (!url!.includes('watch=true')) return void response.end('{}');
      response.flushHeaders();
      endWatch = () => response.end(`${JSON.stringify({ type: 'ADDED', object: { kind: 'A' } })}\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    let forgotten = 0;
    const client = loopbackClient(
      `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      {},
      {
        tls: async () => ({ ca: pem(ca), cert: bytes(presented.cert), key: bytes(presented.key) }),
        forgetCredentials() {
          forgotten++;
          presented = pairs[1];
        },
      },
    );
    closing.push(() => client.close());
    const get = () => client.request({ method: 'GET', path: PATH });
    const watched: unknown[] = [];
    const watching = (async () => {
      for await (const event of client.watch(PATH, {}, new AbortController().signal)) watched.push(event);
    })();
    await get();
    await until(() => endWatch !== undefined);
    accepted = new X509Certificate(pairs[1].cert).fingerprint256;
    expect(await Promise.all([get(), get()])).toEqual([{}, {}]);
    expect(await get()).toEqual({});
    expect(forgotten).toBeLessThanOrEqual(2);
    endWatch!();
    await watching;
    expect(watched).toEqual([{ type: 'ADDED', object: { kind: 'A' } }]);
  });
  test.each([
    ['of a foreign authority', {}, 'self-signed|unable to verify'],
    ['of another name', { servername: 'kubernetes' }, "Host: kubernetes. is not in the cert's altnames|does not match"],
  ])('but not with a server %s', async (_name, more, message) => {
    const ca = testRoot(now, 'Server Root');
    const trusted = 'servername' in more ? ca : testRoot(now, 'Other Root');
    const { client } = await open(
      { tls: pair(ca, loopback) },
      {},
      { tls: async () => ({ ca: pem(trusted), ...more }) },
    );
    await expect(client.list(PATH)).rejects.toMatchObject({
      code: 'ERR_KUBERNETES_CONNECTION',
      message: expect.stringMatching(message),
    });
  });
  test('through a proxy, which sees no more than a name and port', async () => {
    const ca = testRoot(now, 'Server Root');
    const asked: unknown[] = [];
    const proxy = createServer();
    const sockets: Socket[] = [];
    proxy.on('connect', ({ url, headers }, socket: Socket) => {
      asked.push([url, headers['proxy-authorization']]);
      if (asked.length === 2) return void socket.end('HTTP/1.1 407 No\r\n\r\n');
      const [host, port] = url!.split(':');
      const onward = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      sockets.push(socket, onward);
    });
    proxy.listen(0, '127.0.0.1');
    await until(() => proxy.listening);
    closing.push(async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
    });
    const proxyUrl = `http://u:p%40@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const { client, face } = await open(
      { tls: pair(ca, loopback) },
      {},
      { proxyUrl, tls: async () => ({ ca: pem(ca) }) },
    );
    expect(await client.list(PATH)).toMatchObject({ items: [] });
    expect(asked).toEqual([[face.url.slice('https://'.length), `Basic ${Buffer.from('u:p@').toString('base64')}`]]);
    const again = loopbackClient(face.url, {}, { proxyUrl });
    closing.push(() => again.close());
    const failure = await again.list(PATH).then(String, String);
    expect(failure).toMatch(/through proxy 127\.0\.0\.1:\d+: it answers 407$/);
    expect(failure).not.toContain('p@');
  });
});

test('paths of the server come before those of the API', async () => {
  const { face } = await open();
  const client = loopbackClient(`${face.url}/k8s/clusters/c-1`);
  closing.push(() => client.close());
  await expect(client.list(PATH)).rejects.toMatchObject({ reason: 'NotFound' });
  expect(face.seen[0]).toMatchObject({ path: `/k8s/clusters/c-1${PATH}`, headers: { 'user-agent': 'mayfly-test' } });
});
