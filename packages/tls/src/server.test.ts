import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { request } from 'node:https';
import { type AddressInfo, connect as connectTcp } from 'node:net';
import { type ConnectionOptions, connect, type Server, type TLSSocket } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createAuthority, type LeafOptions, manualCredentials } from '../testing/authority.js';
import { parseCredentials } from './credentials.js';
import {
  allowDNSNames,
  allowSpiffeIds,
  attachReloading,
  createReloadingHttpsServer,
  createReloadingTlsServer,
  type ReloadingServer,
  type ReloadOptions,
  type ServerEvent,
} from './server.js';

const a = createAuthority('a');
const b = createAuthority('b');
const both = a.pem + b.pem;
const withTrust = (authority: typeof a, trustBundle: string, options?: LeafOptions) => ({
  ...authority.issue(options),
  trustBundle,
});
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Started {
  readonly port: number;
  readonly events: ServerEvent[];
  readonly reloading: ReloadingServer<Server>;
  readonly credentials: ReturnType<typeof manualCredentials>;
}

async function startEcho(options: ReloadOptions = {}, texts = withTrust(a, both)): Promise<Started> {
  const events: ServerEvent[] = [];
  const credentials = manualCredentials(texts);
  const all = { grace: 0, onEvent: (event: ServerEvent) => void events.push(event), ...options };
  const reloading = createReloadingTlsServer(credentials, all, (socket) => {
    socket.on('error', () => socket.destroy()); // a peer that went away
    socket.write(socket.isSessionReused() ? 'resumed' : 'full');
  });
  reloading.server.listen(0, '127.0.0.1');
  await once(reloading.server, 'listening');
  cleanups.push(() => reloading.close());
  return { port: portOf(reloading.server), events, reloading, credentials };
}

// A TCP server has an AddressInfo.
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** Connects and resolves to what the server says first, or to `refused`. Puts its sessions into `sessions`, the newest first. */
function greet(port: number, options: ConnectionOptions, sessions: Buffer[] = []): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: both, ...options });
    let greeting = 'refused';
    socket.on('session', (session: Buffer) => sessions.unshift(session));
    socket.on('data', (data) => {
      greeting = String(data);
      setTimeout(() => socket.destroy(), 5); // TLS 1.3 tickets may come after the first data
    });
    socket.on('error', () => undefined); // `close` follows
    socket.on('close', () => resolve(greeting));
  });
}

const client = (authority = a, options?: LeafOptions) => {
  const { privateKey, certificateChain } = authority.issue(options);
  return { key: privateKey, cert: certificateChain };
};

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (maxVersion) => {
  test('after a CA was removed its clients are refused, with resumed sessions too', async () => {
    const { port, credentials } = await startEcho();
    const [old, kept] = [client(a), client(b)];
    const [oldSessions, keptSessions]: [Buffer[], Buffer[]] = [[], []];
    expect(await greet(port, { ...old, maxVersion }, oldSessions)).toBe('full');
    expect(await greet(port, { ...kept, maxVersion }, keptSessions)).toBe('full');
    expect(await greet(port, { ...old, maxVersion, session: oldSessions[0]! })).toBe('resumed');

    credentials.set(withTrust(a, both));
    expect(await greet(port, { ...old, maxVersion, session: oldSessions[0]! })).toBe('resumed');

    credentials.set(withTrust(a, b.pem));
    expect(await greet(port, { ...old, maxVersion, session: oldSessions[0]! })).toBe('refused');
    expect(await greet(port, { ...old, maxVersion })).toBe('refused');
    expect(await greet(port, { ...kept, maxVersion, session: keptSessions[0]! })).toBe('full');

    credentials.set(withTrust(a, both));
    expect(await greet(port, { ...old, maxVersion })).toBe('full');
  });

  test('peers are authorized on resumed connections too', async () => {
    let allowed = true;
    const { port, events } = await startEcho({
      authorize: (peer) => (allowed ? allowDNSNames(['A.example'])(peer) : { reason: 'Later', message: 'not now' }),
    });
    const friend = { ...client(a, { dNSName: 'a.example' }), maxVersion };
    const sessions: Buffer[] = [];
    expect(await greet(port, friend, sessions)).toBe('full');
    expect(await greet(port, { ...friend, session: sessions[0]! })).toBe('resumed');
    expect(await greet(port, { ...client(a, { dNSName: 'b.example' }), maxVersion })).toBe('refused');
    allowed = false;
    expect(await greet(port, { ...friend, session: sessions[0]! })).toBe('refused');
    const reasons = events.flatMap((event) => (event.type === 'refused' ? [event.reason] : []));
    expect(reasons).toEqual(['PeerNotAllowed', 'Later']);
  });

  test('a resumed session does not outlive the certificate that it was made with', async () => {
    let shift = 0;
    const { port, events } = await startEcho({ now: () => Math.floor(Date.now() / 1000) + shift });
    const brief = { ...client(a, { expiresIn: 60 }), maxVersion };
    const sessions: Buffer[] = [];
    expect(await greet(port, brief, sessions)).toBe('full');
    shift = 100;
    expect(await greet(port, { ...brief, session: sessions[0]! })).toBe('refused');
    expect(events.at(-1)).toMatchObject({ type: 'refused', reason: 'PeerExpired' });
  });
});

test('servers that share a ticket secret resume each other, under one trust', async () => {
  const ticketSecret = new Uint8Array(32).fill(7);
  const one = await startEcho({ ticketSecret });
  const two = await startEcho({ ticketSecret });
  const [peer, sessions]: [ReturnType<typeof client>, Buffer[]] = [client(a), []];
  expect(await greet(one.port, peer, sessions)).toBe('full');
  expect(await greet(two.port, { ...peer, session: sessions[0]! })).toBe('resumed');
  two.credentials.set(withTrust(a, a.pem));
  expect(await greet(two.port, { ...peer, session: sessions[0]! })).toBe('full');
});

test.each([
  ['require', 'no certificate', undefined, 'refused'],
  ['request', 'no certificate', undefined, 'full'],
  ['none', 'no certificate', undefined, 'full'],
  ['require', 'one of a stranger', client(createAuthority('stranger')), 'refused'],
  ['request', 'one of a stranger', client(createAuthority('stranger')), 'refused'],
  ['none', 'one of a stranger', client(createAuthority('stranger')), 'full'],
] as const)('clientAuth %s with %s', async (clientAuth, _what, peer, outcome) => {
  const { port } = await startEcho({ clientAuth });
  expect(await greet(port, { ...peer })).toBe(outcome);
});

test.each([
  ['its one SPIFFE ID', 'spiffe://example.org/web', 'full'],
  ['another', 'spiffe://example.org/web2', 'refused'],
  ['none', undefined, 'refused'],
])('a peer with %s', async (_name, spiffeId, outcome) => {
  const { port } = await startEcho({ authorize: allowSpiffeIds(['spiffe://example.org/web']) });
  expect(await greet(port, client(a, spiffeId === undefined ? {} : { spiffeId }))).toBe(outcome);
});

test('a peer that is refused does not reach the listener', async () => {
  let called = 0;
  const options = { authorize: allowDNSNames(['nobody.example']), grace: 0 };
  const reloading = createReloadingTlsServer(manualCredentials(withTrust(a, both)), options, () => called++);
  cleanups.push(reloading.close);
  reloading.server.listen(0, '127.0.0.1');
  await once(reloading.server, 'listening');
  expect(await greet(portOf(reloading.server), client())).toBe('refused');
  expect(called).toBe(0);
});

test.each([
  ['TLS', createReloadingTlsServer],
  ['HTTPS', createReloadingHttpsServer],
])('closing a server of %s does not wait for a handshake that never comes', async (_name, create) => {
  const reloading = create(manualCredentials(withTrust(a, both)), { grace: 0 });
  reloading.server.listen(0, '127.0.0.1');
  await once(reloading.server, 'listening');
  const silent = connectTcp(portOf(reloading.server), '127.0.0.1');
  await once(reloading.server, 'connection');
  await reloading.close();
  silent.destroy();
});

test('an authorize that throws refuses', async () => {
  const { port, events } = await startEcho({
    authorize() {
      throw new Error('database away');
    },
  });
  expect(await greet(port, client())).toBe('refused');
  expect(events.at(-1)).toMatchObject({ type: 'refused', reason: 'AuthorizationFailed' });
});

test('a server that forgot to ask for certificates refuses everybody', async () => {
  const { createServer } = await import('node:tls');
  const server = createServer((socket) => socket.end('full'));
  const reloader = attachReloading(server, manualCredentials(withTrust(a, both)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  expect(await greet(portOf(server), client())).toBe('refused');
  server.close();
  reloader.detach();
});

test('clients cannot be verified without anchors, and options have ranges', () => {
  const bare = manualCredentials(a.issue());
  expect(() => createReloadingTlsServer(bare)).toThrow(expect.objectContaining({ code: 'ERR_TLS_NO_TRUST' }));
  const reloading = createReloadingTlsServer(bare, { clientAuth: 'none' });
  expect(reloading.explain()).toMatchObject({ sequence: 1, connections: 0 });
  for (const options of [{ maxConnectionAge: 0 }, { grace: -1 }, { ticketSecret: new Uint8Array(31) }])
    expect(() => createReloadingTlsServer(bare, { clientAuth: 'none', ...options })).toThrow(RangeError);
});

test('a context that OpenSSL refuses leaves the old one', async () => {
  const context = { ciphers: 'DEFAULT' };
  const { port, credentials, events, reloading } = await startEcho({ context });
  context.ciphers = 'no-such-cipher';
  credentials.set(withTrust(a, both));
  expect(events.at(-1)).toMatchObject({ type: 'rejected', code: 'ERR_TLS_CONTEXT', sequence: 2 });
  expect(reloading.explain().sequence).toBe(1);
  expect(await greet(port, client())).toBe('full');
});

function open(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: both, ...options });
    socket.on('error', reject);
    socket.once('data', () => resolve(socket));
  });
}

test('open connections of a removed CA are closed at once, through intermediates the others stay', async () => {
  const { port, credentials, events, reloading } = await startEcho({ grace: 3600 });
  const [old, kept] = [await open(port, client(a)), await open(port, client(b.intermediate('b1')))];
  cleanups.push(() => kept.destroy());
  credentials.set(withTrust(a, b.pem));
  await once(old, 'close');
  expect(events.filter(({ type }) => type === 'closed')).toEqual([{ type: 'closed', reason: 'PeerNotTrusted' }]);
  expect(kept.closed).toBe(false);
  expect(reloading.explain()).toMatchObject({ connections: 1, draining: 1 });
});

test.each([
  ['its age', {}, { maxConnectionAge: 100 }, 111],
  ['its client certificate', { expiresIn: 200 }, {}, 202],
])('a connection ends by %s', async (_name, leaf, options, seconds) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let shift = 0;
  const now = (): number => Math.floor(Date.now() / 1000) + shift;
  const { port, events } = await startEcho({ ...options, now });
  const socket = await open(port, client(a, leaf));
  shift = seconds / 2 - 15;
  vi.advanceTimersByTime(1000);
  expect(events.filter(({ type }) => type === 'closed')).toEqual([]);
  shift = seconds;
  vi.advanceTimersByTime(1000);
  await once(socket, 'close');
  expect(events.at(-1)).toEqual({ type: 'closed', reason: 'TooOld' });
});

test('a client certificate ends its connection also where the own one has expired before', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let shift = 0;
  const now = (): number => Math.floor(Date.now() / 1000) + shift;
  const { port, events } = await startEcho({ now }, withTrust(a, both, { startsIn: -100, expiresIn: -50 }));
  const socket = await open(port, { ...client(a, { expiresIn: 200 }), rejectUnauthorized: false });
  shift = 202;
  vi.advanceTimersByTime(1000);
  await once(socket, 'close');
  expect(events.at(-1)).toEqual({ type: 'closed', reason: 'TooOld' });
});

test('a peer cannot become another one by renegotiation', async () => {
  const { port } = await startEcho();
  const socket = await open(port, { ...client(), maxVersion: 'TLSv1.2' });
  socket.removeAllListeners('error');
  const refused = once(socket, 'error');
  socket.renegotiate({}, () => undefined);
  expect(String((await refused)[0])).toMatch(/no renegotiation/);
  socket.destroy();
});

test('a response that streams through the removal of its CA is the last on its connection', async () => {
  const credentials = manualCredentials(withTrust(a, both));
  const responses: ServerResponse[] = [];
  const served = createReloadingHttpsServer(credentials, { grace: 3600 }, (_request, response) => {
    responses.push(response);
    response.writeHead(200, { 'content-length': '4' }).write('ab');
  });
  cleanups.push(served.close);
  served.server.listen(0, '127.0.0.1');
  await once(served.server, 'listening');
  const socket = connect({
    port: portOf(served.server),
    host: '127.0.0.1',
    servername: 'localhost',
    ca: both,
    ...client(b),
  });
  socket.on('error', () => undefined); // `close` follows
  let text = '';
  socket.on('data', (data) => (text += String(data)));
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'data');
  credentials.set(withTrust(a, a.pem));
  expect(served.explain()).toMatchObject({ connections: 1, draining: 1 });
  responses[0]!.end('cd');
  await once(socket, 'close');
  expect(text).toMatch(/abcd$/);
});

test('new handshakes get the new certificate at once; responses ask old connections to close', async () => {
  const credentials = manualCredentials(withTrust(a, both));
  const { server, explain, close } = createReloadingHttpsServer(credentials, { grace: 0 }, (_request, response) => {
    response.end('ok');
  });
  cleanups.push(close);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { Agent } = await import('node:https');
  const agent = new Agent({ keepAlive: true, ca: both, ...client() });
  cleanups.push(() => agent.destroy());
  const get = async (): Promise<[connection: string | undefined, serial: string, reused: boolean]> => {
    const sent = request({ port: portOf(server), host: '127.0.0.1', servername: 'localhost', agent }).end();
    const [response] = await once(sent, 'response');
    const serial = (sent.socket as TLSSocket).getPeerCertificate().serialNumber;
    response.resume();
    await once(response, 'end');
    await new Promise((resolve) => setImmediate(resolve));
    return [response.headers.connection, serial, sent.reusedSocket];
  };
  const first = explain().serialNumber;
  expect(await get()).toEqual(['keep-alive', first, false]);
  expect(await get()).toEqual(['keep-alive', first, true]);
  credentials.set(withTrust(a, both));
  const second = explain().serialNumber;
  expect(second).not.toBe(first);
  expect(await get()).toEqual(['close', first, true]);
  const [connection, serial, reused] = await get();
  expect([connection, reused]).toEqual(['keep-alive', false]);
  expect(['', second]).toContain(serial ?? ''); // a resumed session shows no certificate
});

test('2,000 rotations leave no contexts behind', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const texts = [withTrust(a, both), withTrust(a, both)];
  const versions = texts.map((text, index) => parseCredentials(text, index + 1));
  let listener: ((next: (typeof versions)[0], previous: (typeof versions)[0]) => void) | undefined;
  const live = {
    current: versions[0]!,
    subscribe(added: typeof listener & {}) {
      listener = added;
      return () => undefined;
    },
  };
  createReloadingTlsServer(live);
  const rotate = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) {
      listener!(versions[i % 2]!, versions[(i + 1) % 2]!);
      if (i % 100 !== 99) continue;
      collect();
      await new Promise((resolve) => setImmediate(resolve)); // finalizers run between two turns of the event loop
    }
  };
  await rotate(200);
  const before = process.memoryUsage().rss;
  await rotate(2000);
  // With addContext instead, 2,000 rotations keep some 58 MiB.
  expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(20);
});
