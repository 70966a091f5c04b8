import { type SimulatedClock, simulatedClock } from '@mayfly/rotation/testing';
import { beforeEach, expect, test } from 'vitest';
import type { ClusterAuthorities } from './authorities.js';
import { keepAuthorities } from './keep-authorities.js';
import type { LogLine } from './log.js';
import { type BundlePublisher, bundlePublisher, CanaryBundleError } from './trust-bundle.js';

const anchors = [{ der: new Uint8Array([0x30, 0x00]) }] as unknown as ReturnType<ClusterAuthorities['anchors']>;
let clock: SimulatedClock;
let log: LogLine[];
let applied: number;
let publisher: BundlePublisher;
beforeEach(() => {
  clock = simulatedClock();
  log = [];
  applied = 0;
  const api = {
    async applyTrustBundle(bundle: object) {
      applied++;
      return { ...bundle, metadata: { name: 'b', resourceVersion: '1' } };
    },
  } as unknown as Parameters<typeof bundlePublisher>[0];
  const options = {
    signerName: 'example.com/workload',
    bundle: 'mayfly',
    hasCanary: false,
    log: (line: LogLine) => void log.push(line),
  };
  publisher = bundlePublisher(api, options, clock);
});

/** Keeps authorities of which only the bundle is to be published, or that are in trouble. */
function keep(acts: () => boolean, trouble?: Error) {
  const states: boolean[] = [];
  const stop = new AbortController();
  const authorities = {
    look: async () => false,
    async act(publish: BundlePublisher['publish']) {
      await publish(anchors);
      if (trouble) throw trouble;
    },
  } as unknown as ClusterAuthorities;
  const running = keepAuthorities({
    ...{ authorities, acts, publisher, clock, signal: stop.signal, isActedUpon: () => true },
    log: (line) => void log.push(line),
    onState: (isPublished) => void states.push(isPublished),
  });
  return {
    states,
    async stop() {
      stop.abort();
      await clock.advance(1);
      await running;
    },
  };
}

test('a bundle is published again after a minute, though the clock on the wall was set back', async () => {
  await publisher.publish(anchors);
  await clock.step(-3 * 3600);
  await clock.advance(59);
  await publisher.publish(anchors);
  expect(applied).toBe(1);
  await clock.advance(1);
  await publisher.publish(anchors);
  expect(applied).toBe(2);
});

test('who begins to act again publishes, for others may have published since', async () => {
  let isActing = true;
  const kept = keep(() => isActing);
  await clock.advance(11);
  expect(applied).toBe(1);
  isActing = false;
  await clock.advance(5);
  isActing = true;
  await clock.advance(5);
  expect(applied).toBe(2);
  await kept.stop();
});

test('a canary bundle that is not published is told with its name, and the state says so', async () => {
  const kept = keep(() => true, new CanaryBundleError('ClusterTrustBundle b-canary is not published: Forbidden'));
  await clock.advance(35);
  await kept.stop();
  expect(kept.states).toEqual([false, false, false, false]);
  expect(log.filter(({ level }) => level === 'error')).toMatchObject([
    { reason: 'TrustBundleNotPublished', message: expect.stringContaining('b-canary is not published') },
  ]);
});

test('trouble with the succession is told once, and leaves the bundle as it is', async () => {
  const kept = keep(() => true, new Error('too short'));
  await clock.advance(35);
  await kept.stop();
  expect(kept.states).toEqual([]);
  expect(log.filter(({ level }) => level === 'error')).toMatchObject([{ reason: 'SuccessionTrouble' }]);
});
