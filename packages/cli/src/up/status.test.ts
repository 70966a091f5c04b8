import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StatusSnapshot } from '@mayfly/console';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manifestsOf, popularPod, startRun } from './testing/local-run.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mayfly-status-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('the status page is told of certificates, rotations, authorities, bundles, and steps', async () => {
  const run = await startRun(manifestsOf(popularPod('web') + popularPod('db', 7200)), directory, {
    statusAddress: '127.0.0.1:0',
  });
  const read = async (): Promise<StatusSnapshot> =>
    (await (await fetch(`${run.started.statusUrl}/status.json`)).json()) as StatusSnapshot; // what the types say
  try {
    const before = await read();
    expect(before.summary).toMatchObject({
      command: 'up',
      now: run.clock.now(),
      problemCount: 0,
      counts: { issued: 2, rotations: 0, overdue: 0, refused: 0 },
      authorities: [{ signerName: 'mayfly.dev/workload', state: 'active' }],
      trustBundles: [{ name: 'mayfly.dev:workload:mayfly', anchors: 1 }],
      steps: [{ message: 'A new authority enters the trust bundle: mayfly.dev/workload' }],
    });
    expect(before.certificates.map(({ pod, held }) => [pod, held.length])).toEqual([
      ['shop/web', 1],
      ['shop/db', 1],
    ]);
    const [first] = before.certificates[0]!.held;
    await run.clock.advance(3600);
    const after = await read();
    const web = after.certificates[0]!;
    expect(web.rotations).toBeGreaterThan(0);
    expect(web.held[0]).toEqual(first);
    expect(web.held.at(-1)!.notAfter).toBeGreaterThan(first!.notAfter);
    expect(after.events.map(({ reason }) => reason)).toContain('Rotated');
    expect(JSON.stringify(after)).not.toMatch(/PRIVATE|BEGIN/);
  } finally {
    await run.stop();
  }
});

test('an address that cannot be listened on ends the start, and leaves no server behind that keeps the process', async () => {
  const first = await startRun(manifestsOf(popularPod('web')), directory, { listen: '127.0.0.1:0' });
  await first.stop();
  const listen = first.started.healthUrl!.slice('http://'.length);
  const statusAddress = 'nonsense';
  await expect(startRun(manifestsOf(popularPod('web')), directory, { listen, statusAddress })).rejects.toMatchObject({
    code: 'ERR_CLI_USAGE',
  });
  await expect(fetch(`http://${listen}/livez`)).rejects.toThrow();
});
