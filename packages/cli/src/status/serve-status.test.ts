import { get, type IncomingMessage } from 'node:http';
import type { StatusSummary } from '@mayfly/console';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { LocalServer } from '../local-server.js';
import { createStatusFeed } from './feed.js';
import { serveStatus } from './serve-status.js';

let server: LocalServer;
beforeAll(async () => {
  const summary = { command: 'up', now: 1 } as StatusSummary; // no more of it is read here
  server = await serveStatus('127.0.0.1:0', createStatusFeed({ summary: () => summary, certificates: () => [] }));
});
afterAll(() => server.close());

const ask = (path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(`${server.url}${path}`, { headers }, resolve).once('error', reject);
  });

test('the state is JSON that nobody keeps and no other page reads', async () => {
  const response = await fetch(`${server.url}/status.json`);
  expect(await response.json()).toEqual({ summary: { command: 'up', now: 1 }, certificates: [], events: [] });
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  });
  expect(response.headers.get('access-control-allow-origin')).toBeNull();
});

test.each(['/', '/status.json', '/status/events'])('%s is not told to names of others', async (path) => {
  const response = await ask(path, { host: 'rebound.example' });
  response.resume();
  expect(response.statusCode).toBe(421);
});

test.each([
  ['/workbench.html', 404],
  ['/assets/../package.json', 404],
  ['/assets/%2e%2e/index.js', 404],
  ['/assets/', 404],
  ['/metrics', 404],
])('%s answers %i', async (path, status) => {
  const response = await ask(path);
  response.resume();
  expect(response.statusCode).toBe(status);
});

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s changes nothing', async (method) => {
  expect((await fetch(`${server.url}/status.json`, { method })).status).toBe(405);
});

test('eight may follow at a time, and their places are free again when they leave', async () => {
  const streams = await Promise.all(Array.from({ length: 8 }, () => ask('/status/events')));
  expect(streams.map(({ statusCode }) => statusCode)).toEqual(Array(8).fill(200));
  const ninth = await ask('/status/events');
  ninth.resume();
  expect(ninth.statusCode).toBe(503);
  for (const stream of streams) stream.destroy();
  await expect
    .poll(async () => {
      const again = await ask('/status/events');
      again.destroy();
      return again.statusCode;
    })
    .toBe(200);
});

test('whoever reads nothing for half a minute loses the place', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const problems = ['x'.repeat(1 << 22)]; // more than the buffers of a connection take
  const summary = { command: 'up', now: 1, problems } as unknown as StatusSummary; // no more of it is read here
  const own = await serveStatus('127.0.0.1:0', createStatusFeed({ summary: () => summary, certificates: () => [] }));
  try {
    const follow = (): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        get(`${own.url}/status/events`, resolve).once('error', reject);
      });
    const [idle, reading] = [await follow(), await follow()];
    idle.pause().on('error', () => {});
    let length = 0;
    reading.on('data', (chunk: Buffer) => (length += chunk.length)).on('error', () => {});
    for (let i = 1; i < 30; i++) {
      await expect.poll(() => length).toBeGreaterThan(i * problems[0]!.length);
      vi.advanceTimersByTime(1000);
    }
    expect(idle.socket.destroyed).toBe(false);
    idle.resume();
    const ended = new Promise((resolve) => idle.socket.once('close', resolve));
    vi.advanceTimersByTime(1000);
    await ended;
    expect(reading.socket.destroyed).toBe(false);
  } finally {
    vi.useRealTimers();
    await own.close();
  }
});
