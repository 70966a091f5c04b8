import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runUp } from './run-up.js';
import { isVouchedFor, manifestsOf, popularPod, readMounted, startRun, testClock } from './testing/local-run.js';
import { switchedFiles } from './testing/switched-files.js';

let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'mayfly-rotation-')), 'state');
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

const NAMES = ['web', 'orders', 'billing', 'catalog'];
const volumeOf = (name: string): string => join(directory, 'pods/shop', name, 'volumes/tls');

test('through hours of rotations and successions every leaf that is written is trusted by every pod', async () => {
  const switched = switchedFiles();
  const manifests = manifestsOf(NAMES.map((name) => popularPod(name, 600)).join(''), 600);
  const faults: string[] = [];
  let looked = 0;
  const run = await startRun(manifests, directory, {
    files: switched.files,
    minExpirationSeconds: 600,
    caLifetime: 1800,
  });
  const look = (): void => {
    looked++;
    const now = run.clock.now();
    const mounted = NAMES.map((name) => readMounted(volumeOf(name)));
    for (const [i, { leaf, key }] of mounted.entries()) {
      if (!leaf.checkPrivateKey(createPrivateKey(key))) faults.push(`${now} ${NAMES[i]}: the key is another`);
      for (const [j, { anchors }] of mounted.entries())
        if (!isVouchedFor(leaf, anchors, now)) faults.push(`${now} ${NAMES[j]} does not trust ${NAMES[i]}`);
    }
  };
  look();
  switched.onRename = (to) => {
    if (to.endsWith('/..data')) look();
  };
  for (let time = 0; time < 5400; time += 60) {
    await run.clock.advance(60);
    look();
  }
  const successions = run.events.filter(({ reason }) => reason === 'AuthorityActivated').length;
  const retired = run.events.filter(({ reason }) => reason === 'AuthorityRetired').length;
  const { summary, ok } = await run.stop();
  expect(faults).toEqual([]);
  expect(looked).toBeGreaterThan(150);
  expect(successions).toBeGreaterThanOrEqual(4);
  expect(retired).toBeGreaterThanOrEqual(3);
  expect(summary.rotations).toBeGreaterThanOrEqual(4 * 9);
  expect(summary).toMatchObject({ overdue: 0, denied: 0, tally: undefined, issued: summary.rotations + 4 });
  expect(run.events.filter(({ type }) => type === 'Warning')).toEqual([]);
  expect(ok).toBe(true);
});

test('a certificate that is in its volume counts, though the run ends before its request is forgotten', async () => {
  const { files } = switchedFiles();
  let forget = (): void => {};
  const slow = new Promise<void>((resolve) => {
    forget = resolve;
  });
  const run = await startRun(manifestsOf(popularPod('web')), directory, {
    files: {
      ...files,
      async unlink(path) {
        if (path.endsWith('.request.json')) await slow;
        await files.unlink(path);
      },
    },
  });
  expect(run.reasonsOf('shop/web')).toEqual(['VolumeWritten']);
  const ended = run.stop();
  forget();
  expect(await ended).toMatchObject({ ok: true, summary: { issued: 1, problems: [] } });
});

test('a volume is told to be written once, and then for its trust bundle alone', async () => {
  const run = await startRun(manifestsOf(popularPod('web', 600), 600), directory, { minExpirationSeconds: 600 });
  await run.clock.advance(7200);
  await run.stop();
  const reasons = run.reasonsOf('shop/web');
  expect(reasons.filter((reason) => reason === 'VolumeWritten')).toHaveLength(1);
  expect(reasons.filter((reason) => reason === 'Rotated').length).toBeGreaterThan(10);
});

test('a restart with valid certificates issues nothing and writes nothing', async () => {
  const manifests = manifestsOf(NAMES.map((name) => popularPod(name)).join(''));
  const first = await startRun(manifests, directory);
  expect((await first.stop()).summary).toMatchObject({ issued: 4, rotations: 0 });
  const before = NAMES.map((name) => readlinkSync(join(volumeOf(name), '..data')));
  await first.clock.advance(900);
  const second = await startRun(manifests, directory, { clock: first.clock });
  expect(NAMES.map((name) => second.reasonsOf(`shop/${name}`))).toEqual(NAMES.map(() => ['Loaded']));
  expect(second.status().health).toEqual({ ready: true, problems: [] });
  const { summary, ok } = await second.stop();
  expect(summary).toMatchObject({ issued: 0, rotations: 0, overdue: 0 });
  expect(ok).toBe(true);
  expect(NAMES.map((name) => readlinkSync(join(volumeOf(name), '..data')))).toEqual(before);
});

test('certificates that expired while nothing ran are replaced at once, and nobody calls that overdue', async () => {
  const manifests = manifestsOf(popularPod('web'));
  const first = await startRun(manifests, directory);
  await first.stop();
  await first.clock.advance(86_400);
  const second = await startRun(manifests, directory, { clock: first.clock });
  expect(second.reasonsOf('shop/web')).toEqual(['ExpiredBeforeStart', 'VolumeWritten', 'Issued']);
  expect((await second.stop()).summary).toMatchObject({ issued: 1, overdue: 0 });
});

test.each([
  ['a day forward', 86_400, 1],
  ['five minutes forward', 300, 0],
  ['a day back', -86_400, 0],
  ['a year forward', 365 * 86_400, 1],
])(
  'the clock jumps %s: what is due is renewed within a minute, nothing else, and no storm follows',
  async (_name, by, renewed) => {
    const run = await startRun(manifestsOf(NAMES.map((name) => popularPod(name)).join('')), directory);
    await run.clock.advance(60);
    const before = run.status().summary.issued;
    await run.clock.step(by);
    // Authorities of ninety days are gone after a year: the next one is published for a minute before it signs.
    await run.clock.advance(180);
    const { issued } = run.status().summary;
    expect(issued - before).toBe(renewed * NAMES.length);
    await run.clock.advance(600);
    expect(run.status().summary.issued).toBe(issued);
    if (renewed > 0) expect(run.status().health).toEqual({ ready: true, problems: [] });
    await run.stop();
  },
);

test('after a clock that was wrong for an hour rotation goes on as planned', async () => {
  const run = await startRun(manifestsOf(popularPod('web')), directory);
  await run.clock.step(-3600);
  await run.clock.advance(60);
  await run.clock.step(3600);
  await run.clock.advance(4 * 3600);
  const { summary, ok } = await run.stop();
  expect(summary.overdue).toBe(0);
  expect(summary.rotations).toBeGreaterThanOrEqual(7);
  expect(summary.rotations).toBeLessThanOrEqual(10);
  expect(ok).toBe(true);
});

test('a run that is ended before it has begun ends', async () => {
  const ended = await runUp({
    manifests: manifestsOf(popularPod('web')),
    stateDirectory: directory,
    clock: testClock(),
    signal: AbortSignal.abort(new Error('interrupted')),
    onEvent: () => {},
    onLine: () => {},
    onStarted: () => {},
  });
  expect(ended).toMatchObject({ ok: false, summary: { issued: 0, overdue: 0 } });
});

test('fifty pods start without a warning of the process', async () => {
  const warnings: string[] = [];
  const note = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', note);
  const names = Array.from({ length: 50 }, (_, i) => `pod-${i}`);
  const run = await startRun(manifestsOf(names.map((name) => popularPod(name)).join('')), directory);
  expect(run.status().summary.issued).toBe(50);
  expect(run.status().health.ready).toBe(true);
  await run.stop();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', note);
  expect(warnings).toEqual([]);
});
