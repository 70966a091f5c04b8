import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { type RequestOptions, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Server, TLSSocket } from 'node:tls';
import { request as undiciRequest } from 'undici';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  createAuthority,
  filesOf,
  type LeafOptions,
  manualCredentials,
  swap,
  temporaryDirectory,
  until,
} from '../testing/authority.js';
import { createReloadingAgent, createReloadingDispatcher, type ReloadingClientOptions } from './client.js';
import type { LiveCredentials } from './credentials.js';
import { followCredentials } from './follow/follower.js';
import { createReloadingHttpsServer, type ReloadingServer, type ReloadOptions } from './server.js';

const a = createAuthority('a');
const b = createAuthority('b');
const both = a.pem + b.pem;
const fresh = (authority = a, trustBundle = both, options: LeafOptions = {}) => ({
  ...authority.issue(options),
  trustBundle,
});
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Answers with the client's serial number and `resumed` or `full`, after `/slow` a little later. */
async function serve(credentials: LiveCredentials, options: ReloadOptions = {}): Promise<ReloadingServer<Server>> {
  const reloading = createReloadingHttpsServer(credentials, { grace: 2, ...options }, (incoming, response) => {
    // HTTPS requests come over TLS sockets.
    const socket = incoming.socket as TLSSocket;
    const answer = `${socket.getPeerX509Certificate()?.serialNumber} ${socket.isSessionReused() ? 'resumed' : 'full'}`;
    if (incoming.url === '/slow') setTimeout(() => response.end(answer), 15);
    else response.end(answer);
  });
  reloading.server.listen(0, '127.0.0.1');
  await once(reloading.server, 'listening');
  cleanups.push(() => reloading.close());
  return reloading;
}

// A TCP server has an AddressInfo.
const portOf = ({ server }: ReloadingServer<Server>): number => (server.address() as AddressInfo).port;

type Get = (server: ReloadingServer<Server>, path?: string) => Promise<string>;

interface Client {
  readonly get: Get;
  readonly explain: () => { readonly sequence: number };
  readonly end: () => unknown;
}

function agentClient(live: LiveCredentials, options: ReloadingClientOptions = {}): Client {
  const agent = createReloadingAgent(live, { ...options, agent: { servername: 'localhost' } });
  cleanups.push(() => agent.destroy());
  const get: Get = async (server, path = '/') => {
    const to: RequestOptions = { host: '127.0.0.1', port: portOf(server), path, agent };
    const [response] = await once(request(to).end(), 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    return text;
  };
  return { get, explain: () => agent.explain(), end: () => agent.destroy() };
}

function dispatcherClient(live: LiveCredentials, options: ReloadingClientOptions = {}): Client {
  const dispatcher = createReloadingDispatcher(live, { ...options, agent: { connections: 8 } });
  cleanups.push(() => dispatcher.destroy());
  const get: Get = async (server, path = '/') => {
    const { body } = await undiciRequest(`https://localhost:${portOf(server)}${path}`, { dispatcher });
    return body.text();
  };
  return { get, explain: () => dispatcher.explain(), end: () => dispatcher.close() };
}

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe.each([
  ['agent', agentClient],
  ['dispatcher', dispatcherClient],
] as const)('%s', (_name, createClient) => {
  test('requests go on through rotations of leaf, intermediate and root on both sides', async () => {
    const directories = [temporaryDirectory(), temporaryDirectory()];
    cleanups.push(() => directories.forEach((path) => void rmSync(path, { recursive: true })));
    const [c, steps] = [createAuthority('c'), [] as (() => ReturnType<typeof filesOf>)[]];
    // Publish before signing, keep trusting what was signed: the order of a CA succession.
    for (const issuer of [a, a, a.intermediate('a1')]) steps.push(() => filesOf(fresh(issuer, a.pem)));
    steps.push(() => filesOf(fresh(a, a.pem + c.pem)));
    for (const issuer of [c, c.intermediate('c1')]) steps.push(() => filesOf(fresh(issuer, a.pem + c.pem)));
    steps.push(() => filesOf(fresh(c, c.pem)));
    for (const directory of directories) swap(directory, steps[0]!());
    const [server, client] = await Promise.all(
      directories.map((directory) => followCredentials(directory, { timeout: 5 })),
    );
    cleanups.push(
      () => server!.close(),
      () => client!.close(),
    );
    const serving = await serve(server!);
    const { get, explain } = createClient(client!);
    let [requests, done] = [0, false];
    const failures: unknown[] = [];
    const load = Array.from({ length: 8 }, async (_, lane) => {
      while (!done) {
        await get(serving, lane === 0 ? '/slow' : '/').catch((error) => failures.push(error));
        requests++;
        if (lane % 2 === 0) await immediate();
      }
    });
    for (const [i, step] of steps.entries()) {
      const before = requests;
      for (const directory of directories) swap(directory, step());
      await until(() => server!.current.sequence === i + 2 && client!.current.sequence === i + 2);
      await until(() => requests > before + 30);
    }
    done = true;
    await Promise.all(load);
    expect(failures).toEqual([]);
    expect(requests).toBeGreaterThan(200);
    expect([serving.explain().sequence, explain().sequence]).toEqual([8, 8]);
    expect(await get(serving)).toMatch(new RegExp(`^${serialOf(client!)}`));
  });

  test('a server of a removed CA is refused, with resumed sessions too', async () => {
    const serving = await serve(manualCredentials(fresh()));
    const credentials = manualCredentials(fresh(b, both));
    const { get } = createClient(credentials);
    expect(await get(serving)).toMatch('full');
    credentials.set(fresh(b, b.pem));
    await expect(get(serving)).rejects.toMatchObject({ code: 'SELF_SIGNED_CERT_IN_CHAIN' });
    credentials.set(fresh(b, both));
    expect(await get(serving)).toMatch('full');
  });

  test('sessions are resumed within a generation and not across', async () => {
    const serving = await serve(manualCredentials(fresh()));
    const credentials = manualCredentials(fresh());
    const { get } = createClient(credentials);
    expect(await get(serving)).toBe(`${serialOf(credentials)} full`);
    await Promise.all(Array.from({ length: 4 }, () => get(serving, '/slow')));
    const many = await Promise.all(Array.from({ length: 6 }, () => get(serving, '/slow')));
    expect(many.some((answer) => answer.endsWith('resumed'))).toBe(true);
    credentials.set(fresh());
    expect(await get(serving)).toBe(`${serialOf(credentials)} full`);
  });

  test.each([
    ['its SPIFFE ID', { spiffeId: 'spiffe://example.org/api' }, true],
    ['its trust domain', { spiffeId: (id: string) => id.startsWith('spiffe://example.org/') }, true],
    ['another SPIFFE ID', { spiffeId: 'spiffe://example.org/ap' }, false],
    ['its name', { dNSName: 'localhost' }, true],
    ['another name', { dNSName: 'other.example' }, false],
  ])('a server is known by %s', async (_what, expect_, known) => {
    const serving = await serve(manualCredentials(fresh(a, both, { spiffeId: 'spiffe://example.org/api' })));
    const { get } = createClient(manualCredentials(fresh()), { expect: expect_ });
    for (let i = 0; i < 2; i++) {
      if (known) expect(await get(serving)).toMatch(/full|resumed/);
      else await expect(get(serving)).rejects.toMatchObject({ code: expect.stringMatching(/^ERR_TLS_/) });
    }
  });

  test('a request under way ends, the next one uses the newest credentials', async () => {
    const serving = await serve(manualCredentials(fresh()));
    const credentials = manualCredentials(fresh());
    const { get } = createClient(credentials);
    const slow = get(serving, '/slow');
    await new Promise((resolve) => setTimeout(resolve, 8));
    const first = serialOf(credentials);
    credentials.set(fresh(a, a.pem));
    expect(await get(serving)).toMatch(serialOf(credentials));
    expect(await slow).toMatch(first);
  });

  test('a generation that is too old is replaced', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    let shift = 0;
    const installed: number[] = [];
    const serving = await serve(manualCredentials(fresh()));
    const { get, end } = createClient(manualCredentials(fresh()), {
      maxConnectionAge: 100,
      now: () => Math.floor(Date.now() / 1000) + shift,
      onEvent: ({ sequence }) => installed.push(sequence),
    });
    expect(await get(serving)).toMatch('full');
    vi.advanceTimersByTime(10_000);
    expect(installed).toEqual([1]);
    shift = 111;
    vi.advanceTimersByTime(20_000);
    expect(installed).toEqual([1, 1]);
    expect(await get(serving)).toMatch('full');
    await end();
    shift = 999;
    vi.advanceTimersByTime(20_000);
    expect(installed).toEqual([1, 1]);
  });
});

test('requests that wait for a socket of the agent get one with the newest credentials', async () => {
  const serving = await serve(manualCredentials(fresh()));
  const credentials = manualCredentials(fresh());
  const agent = createReloadingAgent(credentials, { agent: { servername: 'localhost', maxSockets: 1 } });
  cleanups.push(() => agent.destroy());
  const answers = Array.from({ length: 3 }, async () => {
    const to: RequestOptions = { host: '127.0.0.1', port: portOf(serving), path: '/slow', agent };
    const [response] = await once(request(to).end(), 'response');
    return String((await response.toArray())[0]);
  });
  const first = serialOf(credentials);
  await until(() => serving.explain().connections === 1);
  credentials.set(fresh());
  const second = serialOf(credentials);
  expect((await Promise.all(answers)).map((answer) => answer.split(' ')[0])).toEqual([first, second, second]);
});

test('options have ranges', () => {
  const credentials = manualCredentials(fresh());
  expect(() => createReloadingAgent(credentials, { grace: -1 })).toThrow(RangeError);
  expect(() => createReloadingDispatcher(credentials, { maxConnectionAge: 0 })).toThrow(RangeError);
});

test('closing everything leaves no sockets and servers', async () => {
  const count = (): number => process.getActiveResourcesInfo().filter((name) => /TCP|TLS|FSEvent/.test(name)).length;
  const before = count();
  const credentials = manualCredentials(fresh());
  const serving = await serve(credentials);
  for (const createClient of [agentClient, dispatcherClient]) {
    const { get, end } = createClient(credentials);
    await get(serving);
    credentials.set(fresh());
    await get(serving);
    await end();
  }
  await serving.close();
  await until(() => count() <= before);
});

const serialOf = ({ current }: LiveCredentials): string => current.leaf.serialNumber.toString(16).toUpperCase();

test('an observer that throws does not keep a client from new credentials', () => {
  const warn = vi.spyOn(process, 'emitWarning').mockReturnValue();
  const live = manualCredentials(fresh());
  const agent = createReloadingAgent(live, {
    onEvent() {
      throw new Error('no disk for logs');
    },
  });
  cleanups.push(() => agent.destroy());
  live.set(fresh());
  expect(agent.explain().sequence).toBe(2);
  expect(warn).toHaveBeenCalledTimes(2);
  warn.mockRestore();
});
