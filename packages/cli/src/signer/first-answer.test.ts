import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiError } from '@mayfly/pod-certificates/api';
import { KubernetesError } from '@mayfly/pod-certificates/kubernetes';
import { simulatedClock } from '@mayfly/rotation/testing';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CliError } from '../errors.js';
import { firstAnswer } from './first-answer.js';
import type { LogLine } from './log.js';
import { runClusterSigner } from './run-signer.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mayfly-first-answer-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const connection = (code: string): KubernetesError =>
  new KubernetesError('ERR_KUBERNETES_CONNECTION', '/version', 'Cannot GET /version: refused', {
    cause: Object.assign(new Error(code), { code }),
  });

/** Asks a server that fails with each error once and then answers. */
function asking(...errors: readonly unknown[]) {
  const left = [...errors];
  const lines: LogLine[] = [];
  const clock = simulatedClock();
  const controller = new AbortController();
  const answer = firstAnswer(
    async () => {
      if (left.length > 0) throw left.shift();
      return 'v1';
    },
    { server: 'https://10.0.0.1', clock, log: (line) => lines.push(line), signal: controller.signal },
  );
  answer.catch(() => {}); // looked at by the test
  return { answer, lines, clock, controller };
}

test.each([
  ['nobody listens', connection('ECONNREFUSED')],
  ['its name is not known yet', connection('ENOTFOUND')],
  ['it is silent', new KubernetesError('ERR_KUBERNETES_TIMEOUT', '/version', 'nothing came')],
  ['it is busy', new ApiError('TooManyRequests', 'later')],
  ['it starts', new ApiError('ServiceUnavailable', 'starting')],
  ['a Secret cannot be read for it', new CliError('ERR_CLI_STATE', 'x', { cause: connection('ECONNRESET') })],
])('a server is asked again while %s', async (_name, error) => {
  const { answer, lines, clock } = asking(error, error, error);
  await clock.advance(120);
  expect(await answer).toBe('v1');
  expect(lines).toHaveLength(3);
  for (const line of lines) {
    expect(line).toMatchObject({ level: 'warn', reason: 'ServerNotReached' });
    expect(line.message).toContain('The API server at https://10.0.0.1 is asked again in ');
    expect(line['retryIn']).toBeLessThanOrEqual(30);
  }
});

test.each([
  ['its certificate is of another authority', connection('SELF_SIGNED_CERT_IN_CHAIN')],
  ['it has another name', connection('ERR_TLS_CERT_ALTNAME_INVALID')],
  ['the credentials are not known', new ApiError('Unauthorized', 'no')],
  ['a right is missing', new ApiError('Forbidden', 'no')],
  ['there is no such Secret', new ApiError('NotFound', 'no')],
  ['a plugin gives no credentials', new KubernetesError('ERR_KUBERNETES_CREDENTIALS', 'exec', 'no')],
  ['the cluster does not serve requests', new KubernetesError('ERR_KUBERNETES_UNSUPPORTED', '/apis', 'no')],
  ['it is a mistake of ours', new TypeError('x is undefined')],
])('nothing is waited for when %s', async (_name, error) => {
  const { answer, lines } = asking(error);
  await expect(answer).rejects.toBe(error);
  expect(lines).toEqual([]);
});

test('whoever ends the command ends the waiting', async () => {
  const { answer, clock, controller } = asking(...Array.from({ length: 9 }, () => connection('ECONNREFUSED')));
  await clock.advance(1);
  controller.abort(new Error('ended by SIGTERM'));
  await expect(answer).rejects.toThrow('ended by SIGTERM');
});

/** A port that nobody listens on. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo; // a TCP server has no other
      server.close(() => resolve(port));
    });
  });

test('a signer without a server waits, says so in its log and at /readyz, and ends in good order', async () => {
  const [server, health] = [await freePort(), await freePort()];
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(
    kubeconfig,
    `{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}],
      clusters: [{name: a, cluster: {server: 'https://127.0.0.1:${server}'}}], users: [{name: a, user: {token: t}}]}`,
  );
  const lines: LogLine[] = [];
  const controller = new AbortController();
  const running = runClusterSigner({
    signerName: 'example.com/workload',
    kubeconfig,
    context: undefined,
    authority: { namespace: 'mayfly', name: 'ca' },
    policy: undefined,
    trustDomain: 'cluster.local',
    clusterDomain: 'cluster.local',
    maxLifetime: 86_400,
    serviceNames: true,
    bundle: 'mayfly',
    lease: undefined,
    dryRun: false,
    listen: `127.0.0.1:${health}`,
    statusAddress: undefined,
    keys: 'node',
    instance: 'a',
    log: (line) => lines.push(line),
    signal: controller.signal,
  });
  await vi.waitFor(() => expect(lines.map(({ reason }) => reason)).toContain('ServerNotReached'), { timeout: 10_000 });
  expect(lines[0]!.message).toContain(`connect ECONNREFUSED 127.0.0.1:${server}`);
  expect((await fetch(`http://127.0.0.1:${health}/livez`)).status).toBe(200);
  const ready = await fetch(`http://127.0.0.1:${health}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.text()).toContain(`the API server at https://127.0.0.1:${server} has not answered yet`);
  expect((await fetch(`http://127.0.0.1:${health}/metrics`)).status).toBe(200);
  controller.abort(new Error('ended by SIGTERM'));
  await running;
  expect(lines.at(-1)).toMatchObject({ level: 'info', reason: 'Stopped' });
});
