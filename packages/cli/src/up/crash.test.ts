import { createPrivateKey } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemFiles } from '@mayfly/rotation/fs';
import { faultyFiles } from '@mayfly/rotation/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isVouchedFor, manifestsOf, popularPod, readMounted, startRun, testClock } from './testing/local-run.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mayfly-crash-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const MANIFESTS = manifestsOf(popularPod('web'));
const NOW = 1_700_000_000;
/** Operations tried of each kind of run. */
const TRIES = 16;

/** Lets a run crash at one operation, or counts them; what it leaves is like what a killed process leaves. */
async function runUntil(directory: string, now: number, advance: number, at?: number): Promise<number> {
  const plan = at === undefined ? undefined : ({ at, fault: at % 2 === 0 ? 'crash' : 'torn' } as const);
  const { files, log } = faultyFiles(systemFiles, plan);
  const clock = testClock(now);
  try {
    const run = await startRun(MANIFESTS, directory, { files, clock });
    await clock.advance(advance);
    await run.stop();
  } catch (error) {
    if (at === undefined) throw error;
  }
  // Its process is this one, which lives; a killed one would not.
  if (at !== undefined) rmSync(join(directory, 'lock'), { force: true });
  return log.length;
}

/** The operations to crash at, spread evenly over all. */
const spread = (count: number): readonly number[] =>
  Array.from({ length: TRIES }, (_, i) => Math.floor(((i + 0.5) * count) / TRIES));

const volumeOf = (directory: string): string => join(directory, 'pods/shop/web/volumes/tls');

test('a crash at any point of a first start leaves nothing or a whole set, and the next start goes on', async () => {
  const operations = await runUntil(join(root, 'count'), NOW, 0);
  expect(operations).toBeGreaterThan(100);
  for (const at of spread(operations)) {
    const directory = join(root, `first-${at}`);
    await runUntil(directory, NOW, 0, at);
    // The names of a new volume appear one by one, the key's last.
    if (existsSync(join(volumeOf(directory), 'tls.key'))) expectWhole(directory, NOW);
    const next = await startRun(MANIFESTS, directory, { clock: testClock(NOW + 5) });
    expect(next.status().health, `after a crash at operation ${at}`).toEqual({ ready: true, problems: [] });
    expectWhole(directory, NOW + 5);
    expect((await next.stop()).ok).toBe(true);
  }
});

test('a crash at any point of a rotation leaves the old pair or the new, and one request becomes one certificate', async () => {
  const first = await startRun(MANIFESTS, join(root, 'count'), { clock: testClock(NOW) });
  const { refreshAt } = first.status().sources[0]!.certificate!;
  await first.stop();
  const operations = await runUntil(join(root, 'count'), NOW + 10, refreshAt - NOW);
  for (const at of spread(operations)) {
    const directory = join(root, `rotation-${at}`);
    await runUntil(directory, NOW, 0);
    const before = readMounted(volumeOf(directory)).leaf.serialNumber;
    await runUntil(directory, NOW + 10, 2400, at);
    const crashed = expectWhole(directory, NOW + 2400);
    const next = await startRun(MANIFESTS, directory, { clock: testClock(NOW + 2410) });
    await next.clock.advance(70);
    expect(next.status().health, `after a crash at operation ${at}`).toEqual({ ready: true, problems: [] });
    const after = expectWhole(directory, NOW + 2480);
    // A certificate that was stored before the crash is the one that is used after it.
    if (crashed !== before) expect(after).toBe(crashed);
    expect(next.status().summary.issued).toBeLessThanOrEqual(1);
    await next.stop();
  }
});

test('what a crash leaves of a request is taken up: no second key, no second request', async () => {
  const directory = join(root, 'adopted');
  const requests = join(directory, 'api/podcertificaterequests');
  const killed = { ...systemFiles };
  // Gone with the answer in its hands.
  killed.create = async (path) => {
    if (path.includes('credential-bundle.pem')) throw Object.assign(new Error('EKILLED'), { code: 'EKILLED' });
    return await systemFiles.create(path);
  };
  const first = await startRun(MANIFESTS, directory, { files: killed, clock: testClock(NOW) });
  expect(readdirSync(requests)).toHaveLength(1);
  await first.stop();
  const second = await startRun(MANIFESTS, directory, { clock: testClock(NOW + 20) });
  expect(readdirSync(requests)).toHaveLength(1);
  expectWhole(directory, NOW + 20);
  expect(second.status().summary.issued).toBe(1);
  await second.stop();
});

/** Checks the pair that programs see. @returns Its serial number. */
function expectWhole(directory: string, now: number): string {
  const { leaf, anchors, key } = readMounted(volumeOf(directory));
  expect(leaf.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect(isVouchedFor(leaf, anchors, now)).toBe(true);
  return leaf.serialNumber;
}
