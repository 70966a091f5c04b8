import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import {
  examples,
  freePort,
  gone,
  isAlive,
  isBuilt,
  mayfly,
  newDirectory,
  podRunning,
  unlessBuilt,
} from './command.js';

async function writeShop(directory: string): Promise<number> {
  const port = await freePort();
  const server = ['node', join(examples, 'server.js')];
  const client = ['node', join(examples, 'client.js')];
  const names = ', stubPKCS10Request: { subject: { commonName: orders.shop.svc }, dnsNames: [orders.shop.svc] }';
  writeFileSync(
    join(directory, 'pods.yaml'),
    podRunning('server', server, { SERVER_ADDRESS: `127.0.0.1:${port}` }, names) +
      podRunning('client', client, { SERVER_URL: `https://127.0.0.1:${port}`, SERVER_NAME: 'orders.shop.svc' }),
  );
  return port;
}

test.skipIf(!isBuilt).concurrent(
  `requests go on through rotations, and the summary counts them${unlessBuilt}`,
  async () => {
    const directory = newDirectory();
    await writeShop(directory);
    const args = ['up', '-f', 'pods.yaml', '--run', 'server', 'client', '--lifetime', '12s', '--for', '16s'];
    const run = mayfly([...args, '--output', 'json'], directory);
    expect((await run.ended).code, run.stderr()).toBe(0);
    const summary = JSON.parse(run.stdout().trimEnd().split('\n').at(-1)!);
    expect(summary).toMatchObject({ failed: 0, overdue: 0, exited: 0 });
    expect(summary.requests).toBeGreaterThan(100);
    expect(summary.rotations).toBeGreaterThanOrEqual(4);
    expect(summary.issued).toBe(summary.rotations + 2);
  },
  60_000,
);

test
  .skipIf(!isBuilt)
  .concurrent(`a port in use is told in words, and the exit code is not zero${unlessBuilt}`, async () => {
    const directory = newDirectory();
    const port = await writeShop(directory);
    const squatter = createServer().listen(port, '127.0.0.1');
    const run = mayfly(['up', '-f', 'pods.yaml', '--run', 'server'], directory);
    await run.seen(/ProgramExited/);
    run.child.kill('SIGINT');
    expect((await run.ended).code).toBe(1);
    expect(run.stdout()).toContain(`shop/server | Cannot listen on 127.0.0.1:${port}: listen EADDRINUSE`);
    expect(run.stdout()).toContain('The command of shop/server ended by itself with code 1');
    await new Promise((resolve) => squatter.close(resolve));
  });

test.skipIf(!isBuilt).concurrent.each([
  ['Ctrl-C', ['SIGINT'] as const, 0],
  ['a second Ctrl-C', ['SIGINT', 'SIGINT'] as const, 130],
  ['kill -9', ['SIGKILL'] as const, null],
])(`%s leaves no process behind${unlessBuilt}`, async (_name, signals, code) => {
  const directory = newDirectory();
  // A program that holds on to life, and one that it has started itself.
  const stubborn = signals.length === 1 ? '' : 'trap "" TERM;';
  const script = `${stubborn} sleep 600 & echo "child $!"; echo "self $$"; wait; wait; sleep 600`;
  writeFileSync(join(directory, 'pods.yaml'), podRunning('web', ['sh', '-c', script]));
  const run = mayfly(['up', '-f', 'pods.yaml', '--run', 'web'], directory);
  await run.seen(/self \d+/);
  const pids = [...run.stdout().matchAll(/(?:child|self) (\d+)/g)].map(([, pid]) => Number(pid));
  expect(pids.map(isAlive)).toEqual([true, true]);
  for (const signal of signals) {
    run.child.kill(signal);
    await delay(300);
  }
  expect((await run.ended).code).toBe(code);
  for (const pid of pids) await gone(pid);
});

test.skipIf(!isBuilt).concurrent(`when nobody reads its output any more it ends${unlessBuilt}`, async () => {
  const directory = newDirectory();
  writeFileSync(join(directory, 'pods.yaml'), podRunning('web', ['true']));
  const run = mayfly(['up', '-f', 'pods.yaml', '--lifetime', '10s'], directory);
  await run.seen(/ Ready /);
  run.child.stdout?.destroy();
  expect(await run.ended).toEqual({ code: 0, signal: null });
  expect(existsSync(join(directory, '.mayfly/lock'))).toBe(false);
});

test.skipIf(!isBuilt).concurrent(
  `kill -9 at any moment leaves the old pair or the new, and the next start goes on${unlessBuilt}`,
  async () => {
    const directory = newDirectory();
    writeFileSync(join(directory, 'pods.yaml'), podRunning('web', ['true']) + podRunning('db', ['true']));
    const volume = join(directory, '.mayfly/pods/shop/web/volumes/tls');
    const args = ['up', '-f', 'pods.yaml', '--lifetime', '60s', '--listen', 'none', '--output', 'json'];
    let written = 0;
    for (const after of [0, 5, 10, 20, 40, 80]) {
      const run = mayfly(args, directory);
      await run.seen(/\n/);
      await delay(after);
      run.child.kill('SIGKILL');
      await run.ended;
      if (!existsSync(join(volume, 'tls.key'))) continue;
      written++;
      const text = (name: string): string => readFileSync(join(volume, name), 'utf8');
      const leaf = new X509Certificate(text('tls.crt'));
      expect(leaf.checkPrivateKey(createPrivateKey(text('tls.key')))).toBe(true);
      expect(leaf.verify(new X509Certificate(text('ca.crt')).publicKey)).toBe(true);
    }
    expect(written).toBeGreaterThan(0);
    const last = mayfly([...args, '--for', '3s'], directory);
    expect((await last.ended).code, last.stderr()).toBe(0);
    expect(last.stdout()).toContain('"Ready"');
  },
  60_000,
);
