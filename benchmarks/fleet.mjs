import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { beginRefreshAt } from '@mayfly/pod-certificates/signer';
import { stableRandom } from '@mayfly/rotation';
import { Schedule } from '@mayfly/rotation/scheduler';

// node --expose-gc fleet.mjs [--save]: a million pods with certificates of an hour on a simulated clock. The schedule and the
// moments of refresh are those of the signer, and kubelets add what they add; nothing is signed, so the figures are what signers are
// asked for, second by second.
const PODS = 1_000_000;
const LIFETIME = 3600;
/** What the API server wants between `beginRefreshAt` and both ends of a certificate. */
const MARGIN = 600;
const START = 1_700_000_000;
const HOUR = 3600;
/** Seconds that a kubelet waits after `beginRefreshAt` at most, drawn for each certificate, and until it looks. */
const KUBELET_JITTER = 300;
const KUBELET_PASS = 90;

/** A generator of 32 bits (xorshift), so that two runs do the same. */
function seeded(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const hex = (word) => word.toString(16).padStart(8, '0');

function uidOf(random) {
  const [a, b, c, d] = [random(), random(), random(), random()].map(hex);
  return `${a}-${b.slice(0, 4)}-4${b.slice(5)}-8${c.slice(1, 4)}-${c.slice(4)}${d}`;
}

function heldOctets() {
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/**
 * Runs the fleet.
 * @param startOf When each pod starts, in seconds after the beginning, by one draw of 32 bits.
 * @returns Issues of each second from the beginning, octets that a pod takes while it waits, and how long it all took.
 */
function simulate(hours, startOf) {
  const random = seeded(20261127);
  const before = heldOctets();
  const schedule = new Schedule();
  for (let pod = 0; pod < PODS; pod++) schedule.set(uidOf(random), START + startOf(random()));
  const octetsPerPod = (heldOctets() - before) / PODS;
  const issues = new Int32Array(hours * HOUR);
  const began = performance.now();
  for (let second = 0; second < issues.length; second++) {
    const now = START + second;
    const due = schedule.takeDue(now);
    issues[second] = due.length;
    for (const { key } of due) {
      const serialNumber = (BigInt(random()) << 32n) | BigInt(random());
      const validity = { notBefore: now, notAfter: now + LIFETIME - 1 };
      const at = beginRefreshAt(validity, {}, stableRandom(key, serialNumber));
      assert.ok(at - now >= MARGIN && validity.notAfter - at >= MARGIN);
      schedule.set(key, at + (random() % KUBELET_JITTER) + (random() % KUBELET_PASS));
    }
  }
  return { issues, octetsPerPod, ms: performance.now() - began };
}

/** Peak and mean of issues a second over some hours. */
function load(issues, from, to) {
  const span = issues.subarray(from * HOUR, to * HOUR);
  const mean = span.reduce((sum, count) => sum + count, 0) / span.length;
  const peak = span.reduce((most, count) => Math.max(most, count), 0);
  return { meanPerSecond: Math.round(mean), peakPerSecond: peak, peakToMean: Number((peak / mean).toFixed(3)) };
}

const round = (value) => Math.round(value);

/** Pods that started one by one: at any second of an hour, as where rollouts and nodes come and go. */
function spreadFleet() {
  const hours = 6;
  const { issues, octetsPerPod, ms } = simulate(hours, (draw) => draw % HOUR);
  const total = issues.reduce((sum, count) => sum + count, 0);
  return {
    // The first two hours hold the starts themselves.
    hours: `3 to ${hours}`,
    ...load(issues, 2, hours),
    octetsPerPod: round(octetsPerPod),
    plannedPerSecond: round(total / (ms / 1000)),
  };
}

/** Pods that all started at one moment: what is left of that in later hours. */
function herd() {
  const hours = 9;
  const { issues } = simulate(hours, () => 0);
  return { byHour: [2, 3, 4, 5, 6, 9].map((hour) => ({ hour, ...load(issues, hour - 1, hour) })) };
}

const report = {
  suite: 'fleet',
  node: process.versions.node,
  cpu: cpus()[0]?.model ?? '',
  date: new Date().toISOString(),
  pods: PODS,
  lifetimeSeconds: LIFETIME,
  startedOverAnHour: spreadFleet(),
  startedAtOnce: herd(),
};
const text = `${JSON.stringify(report, null, 2)}\n`;
process.stdout.write(text);
if (process.argv.includes('--save')) writeFileSync(new URL('results/cluster/fleet.json', import.meta.url), text);
