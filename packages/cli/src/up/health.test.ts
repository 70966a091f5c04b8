import { get, type IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { serveHealth } from './health.js';

test('liveness is the process, readiness is the health, and nothing else is there', async () => {
  let problems: readonly string[] = [];
  const server = await serveHealth('127.0.0.1:0', () => ({ ready: problems.length === 0, problems }));
  const ask = async (path: string, method = 'GET') => {
    const response = await fetch(`${server.url}${path}`, { method });
    return [response.status, await response.text()];
  };
  expect(await ask('/readyz?verbose')).toEqual([200, 'ok\n']);
  problems = ['shop/web/tls: expired', 'shop/db/tls: not written yet'];
  expect(await ask('/readyz')).toEqual([503, 'shop/web/tls: expired\nshop/db/tls: not written yet\n']);
  expect(await ask('/livez')).toEqual([200, 'ok\n']);
  expect(await ask('/')).toEqual([404, 'there are /livez and /readyz\n']);
  expect(await ask('/readyz', 'POST')).toEqual([405, 'only GET\n']);
  await server.close();
});

test.each([
  ['localhost', 200],
  ['LOCALHOST:80', 200],
  ['127.0.0.1:1', 200],
  ['[::1]:9100', 200],
  ['rebound.example', 421],
  ['127.0.0.1.rebound.example:80', 421],
  ['localhost.rebound.example', 421],
])('asked as %s it answers %i', async (host, status) => {
  const server = await serveHealth('127.0.0.1:0', () => ({ ready: true, problems: [] }));
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${server.url}/readyz`, { headers: { host } }, resolve).once('error', reject);
  });
  response.resume();
  expect(response.statusCode).toBe(status);
  await server.close();
});

test('a port that is taken is told with what to do', async () => {
  const first = await serveHealth('127.0.0.1:0', () => ({ ready: true, problems: [] }));
  const address = first.url.slice('http://'.length);
  await expect(serveHealth(address, () => ({ ready: true, problems: [] }))).rejects.toMatchObject({
    code: 'ERR_CLI_PORT',
    message: expect.stringMatching(/somebody listens there already; choose another with --listen$/),
  });
  await first.close();
});

test.each(['9100', 'localhost', '127.0.0.1:70000', '127.0.0.1:port', ''])('%j is no address', async (address) => {
  await expect(serveHealth(address, () => ({ ready: true, problems: [] }))).rejects.toMatchObject({
    code: 'ERR_CLI_USAGE',
  });
});
