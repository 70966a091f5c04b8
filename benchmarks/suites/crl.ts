import assert from 'node:assert/strict';
import { fromHex } from '@mayfly/der';
import { generateKeySync } from '@mayfly/keys/node';
import { createCRLSync, type IndexedCRL, indexCRL, parseCRL, type Revocation } from '@mayfly/x509/crl';
import { heldOctets } from '../memory.js';
import type { Outcome } from '../report.js';
import { summarize } from '../statistics.js';

const ENTRIES = 1_000_000;
const ROUNDS = 5;
const LOOKUPS = 200_000;

/** Serial numbers of 17 octets that look random and are the same in every run: a Weyl sequence. */
const serialOf = (entry: number): bigint =>
  (1n << 128n) | BigInt.asUintN(127, BigInt(entry + 1) * 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835n);

function* revocations(count: number): Generator<Revocation> {
  for (let entry = 0; entry < count; entry++)
    yield {
      serialNumber: serialOf(entry),
      revocationDate: 1_800_000_000 - entry,
      ...(entry % 2 === 0 && { reason: 'keyCompromise' }),
    };
}

const listOf = (count: number): Uint8Array<ArrayBuffer> =>
  createCRLSync(
    {
      issuer: fromHex('300d310b300906035504030c024341'),
      thisUpdate: 1_800_000_000,
      nextUpdate: 1_800_086_400,
      revocations: revocations(count),
      extensions: [],
    },
    generateKeySync('P-256'),
  );

function timeOf(work: () => unknown): number {
  gc!();
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start);
}

/** Nanoseconds of one look-up, in the order of a sequence that visits the whole list. */
function lookUp(index: IndexedCRL, offset: bigint, expected: number): number {
  const serials = Array.from({ length: LOOKUPS }, (_, i) => serialOf((i * 7919) % ENTRIES) + offset);
  let found = 0;
  const time = timeOf(() => {
    for (const serial of serials) found += index.find(serial).length;
  });
  assert.equal(found, expected);
  return time / LOOKUPS;
}

/** A list of a million entries: read and indexed, and looked up. */
export async function outcomes(): Promise<readonly Outcome[]> {
  const million = listOf(ENTRIES);
  const slots = {
    index: [] as number[][],
    hit: [] as number[][],
    miss: [] as number[][],
  };
  const before = await heldOctets();
  const kept = indexCRL(parseCRL(million));
  const heapBytesPerEntry = ((await heldOctets()) - before) / ENTRIES;
  assert.equal(kept.find(serialOf(ENTRIES - 1)).length, 1);
  for (let round = 0; round < ROUNDS; round++) {
    slots.index.push([timeOf(() => indexCRL(parseCRL(million)))]);
    slots.hit.push([lookUp(kept, 0n, LOOKUPS)]);
    slots.miss.push([lookUp(kept, 1n << 127n, 0)]);
  }
  const ours = { impl: 'mayfly' };
  return [
    { name: 'crl/million', ...ours, ...summarize(slots.index), heapBytesPerEntry },
    { name: 'crl/look-up', ...ours, ...summarize(slots.hit) },
    { name: 'crl/look-up/absent', ...ours, ...summarize(slots.miss) },
  ];
}
