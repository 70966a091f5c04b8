import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { isBuilt, mayfly, newDirectory, podRunning, type Running, unlessBuilt } from './command.js';

let directory: string;
let up: Running;
let volume: string;
beforeAll(async () => {
  directory = newDirectory();
  volume = join(directory, '.mayfly/pods/shop/web/volumes/tls');
  const own = podRunning('web', ['sh', '-c', 'echo own $0', '--cert=/tls/tls.crt'], { LEVEL: 'debug' });
  writeFileSync(join(directory, 'pods.yaml'), own + podRunning('db', ['true']));
  if (!isBuilt) return;
  up = mayfly(['up', '-f', 'pods.yaml'], directory);
  await up.seen(/ Ready /);
});
afterAll(async () => {
  up?.child.kill('SIGTERM');
  await up?.ended;
});

test.skipIf(!isBuilt)(`a command has the pod's files and environment${unlessBuilt}`, async () => {
  const script = 'echo "$TLS_CERT_PATH|$LEVEL|$MAYFLY_POD_NAMESPACE/$MAYFLY_POD_NAME|$MAYFLY_CREDENTIAL_DIRECTORY|$1"';
  const run = mayfly(['exec', '--pod', 'web', '--', 'sh', '-c', script, 'sh', '/tls/ca.crt'], directory);
  expect((await run.ended).code).toBe(0);
  expect(run.stdout()).toBe(`${volume}/tls.crt|debug|shop/web|${volume}|${volume}/ca.crt\n`);
});

test.skipIf(!isBuilt)(`without a command the container's own runs${unlessBuilt}`, async () => {
  const run = mayfly(['exec', '--pod', 'shop/web'], directory);
  expect((await run.ended).code).toBe(0);
  expect(run.stdout()).toBe(`own --cert=${volume}/tls.crt\n`);
});

test.skipIf(!isBuilt).each<readonly [string, readonly string[], number, RegExp]>([
  ['its exit code', ['sh', '-c', 'exit 7'], 7, /^$/],
  ['128 and the signal that killed it', ['sh', '-c', 'kill -9 $$'], 137, /^$/],
  ['127 for a command that is not there', ['no-such-command'], 127, /Cannot run no-such-command: no such command/],
  ['126 for a file that is none', ['/etc/passwd'], 126, /Cannot run \/etc\/passwd: it may not be executed/],
])(`exec ends with %s${unlessBuilt}`, async (_name, command, code, message) => {
  const run = mayfly(['exec', '--pod', 'web', '--', ...command], directory);
  expect(await run.ended).toEqual({ code, signal: null });
  expect(run.stderr()).toMatch(message);
});

test.skipIf(!isBuilt)(`signals reach the command${unlessBuilt}`, async () => {
  const script = 'trap "echo got it; exit 3" TERM; echo ready; while :; do sleep 0.05; done';
  const run = mayfly(['exec', '--pod', 'web', '--', 'sh', '-c', script], directory);
  await run.seen(/ready/);
  run.child.kill('SIGTERM');
  expect(await run.ended).toEqual({ code: 3, signal: null });
  expect(run.stdout()).toBe('ready\ngot it\n');
});

test.skipIf(!isBuilt)(`an unknown pod is answered with those that there are${unlessBuilt}`, async () => {
  // No patience helps against a running mayfly up that has no such pod.
  const run = mayfly(['exec', '--pod', 'wbe', '--wait', '10m', '--', 'true'], directory);
  expect((await run.ended).code).toBe(1);
  expect(run.stderr()).toMatch(/Cannot find pod wbe in .*: there are shop\/db, shop\/web/);
});

test.skipIf(!isBuilt)(`exec waits until the pod has its certificates, and says so${unlessBuilt}`, async () => {
  const other = newDirectory();
  const waiting = mayfly(['exec', '--pod', 'web', '--wait', '2m', '--', 'sh', '-c', 'cat "$TLS_CERT_PATH"'], other);
  const hint = `no mayfly up is running for ${join(other, '.mayfly')}; waiting for it up to 2m`;
  await vi.waitFor(() => expect(waiting.stderr()).toContain(hint), { timeout: 60_000 });
  expect(waiting.stdout()).toBe('');
  const late = mayfly(['up', '-f', join(directory, 'pods.yaml')], other);
  expect((await waiting.ended).code).toBe(0);
  expect(waiting.stdout()).toContain('BEGIN CERTIFICATE');
  late.child.kill('SIGTERM');
  await late.ended;

  const after = mayfly(['exec', '--pod', 'web', '--', 'true'], other);
  expect((await after.ended).code).toBe(0);
  expect(after.stderr()).toMatch(/no mayfly up is running for .*: nobody renews these certificates/);
});

test.skipIf(!isBuilt)(
  `the name of a state directory writes nothing but itself to a terminal${unlessBuilt}`,
  async () => {
    const run = mayfly(['exec', '--pod', 'web', '--state', '\u001b[31mred', '--wait', '1s', '--', 'true'], directory);
    expect((await run.ended).code).toBe(1);
    expect(run.stderr()).toContain('\\u{1b}[31mred; waiting for it up to 1s');
    expect(run.stderr()).not.toContain('\u001b');
  },
);
