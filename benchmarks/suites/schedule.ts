import assert from 'node:assert/strict';
import type { Seconds } from '@mayfly/der';
import { Schedule } from '@mayfly/rotation/scheduler';
import { BinaryHeap } from '../adapters/binary-heap.js';
import { heldOctets } from '../memory.js';
import type { Outcome } from '../report.js';
import { summarize } from '../statistics.js';

const ENTRIES = 1_000_000;
/** Moments are spread over a day, as those of a fleet are. */
const SPAN: Seconds = 86_400;
const ROUNDS = 5;

interface Plan {
  set(key: string, due: Seconds): void;
  takeDue(now: Seconds): readonly { readonly key: string; readonly due: Seconds }[];
}

/** Every second of the day has entries, in no order; a Weyl sequence, so that two runs do the same. */
const dueOf = (entry: number): Seconds => Math.floor(((entry * 0.618_033_988_749_895) % 1) * SPAN);

const keyOf = (entry: number): string => `namespace/pod-${entry}`;

/** Plans a million and takes them out second by second, as they become due. A run is too long to be one of many in a slot. */
export async function outcomes(): Promise<readonly Outcome[]> {
  const contenders: readonly { readonly impl: string; readonly empty: () => Plan; readonly slots: number[][] }[] = [
    { impl: 'mayfly', empty: () => new Schedule(), slots: [] },
    { impl: 'binary heap', empty: () => new BinaryHeap(), slots: [] },
  ];
  const keys = Array.from({ length: ENTRIES }, (_, entry) => keyOf(entry));
  for (const { impl, empty } of contenders) check(impl, empty());
  for (let round = 0; round < ROUNDS; round++)
    for (const { empty, slots } of contenders) slots.push([timeOf(empty(), keys)]);
  const found: Outcome[] = [];
  for (const { impl, empty, slots } of contenders)
    found.push({
      name: 'schedule/million',
      impl,
      ...summarize(slots),
      heapBytesPerEntry: await heapOf(empty()),
    });
  return found;
}

/** Nanoseconds to plan all keys and take out all. */
function timeOf(plan: Plan, keys: readonly string[]): number {
  gc!(); // run.mjs starts node with --expose-gc
  const start = process.hrtime.bigint();
  for (let entry = 0; entry < ENTRIES; entry++) plan.set(keys[entry]!, dueOf(entry));
  let taken = 0;
  for (let now = 0; now < SPAN; now++) taken += plan.takeDue(now).length;
  const end = process.hrtime.bigint();
  assert.equal(taken, ENTRIES);
  return Number(end - start);
}

/** Octets of an entry that is planned, its key included. */
async function heapOf(plan: Plan): Promise<number> {
  const before = await heldOctets();
  for (let entry = 0; entry < ENTRIES; entry++) plan.set(keyOf(entry), dueOf(entry));
  const bytes = (await heldOctets()) - before;
  assert.ok(plan.takeDue(0).length > 0); // still there
  return bytes / ENTRIES;
}

/** Throws unless each key is taken out once, in its second. */
function check(impl: string, plan: Plan): void {
  const entries = 10_000;
  for (let entry = 0; entry < entries; entry++) plan.set(keyOf(entry), dueOf(entry));
  const seen = new Set<string>();
  for (let now = 0; now < SPAN; now++)
    for (const { key, due } of plan.takeDue(now)) {
      assert.equal(due, now, impl);
      seen.add(key);
    }
  assert.equal(seen.size, entries, impl);
}
