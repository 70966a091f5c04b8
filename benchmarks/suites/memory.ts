import assert from 'node:assert/strict';
import * as jsrsasign from '../adapters/jsrsasign.js';
import * as mayfly from '../adapters/mayfly.js';
import * as peculiar from '../adapters/peculiar-x509.js';
import * as pkijs from '../adapters/pkijs.js';
import { chainJob } from '../chains.js';
import { heldOctets } from '../memory.js';
import type { Outcome } from '../report.js';
import { median } from '../statistics.js';

const CERTIFICATES = 1000;
/** Readings of each; the middle one counts. */
const TURNS = 3;

const holders: Readonly<Record<string, (der: Uint8Array) => object>> = {
  mayfly: mayfly.holdLeaf,
  pkijs: pkijs.holdLeaf,
  '@peculiar/x509': peculiar.holdLeaf,
  jsrsasign: jsrsasign.holdLeaf,
};

/**
 * Octets that a certificate takes once its names were read, those of its DER included where they are kept. What OpenSSL holds for
 * node:crypto is no memory that V8 knows of.
 */
export async function outcomes(): Promise<readonly Outcome[]> {
  const { leaves } = chainJob(CERTIFICATES);
  const name = 'memory/leaf';
  const readings = new Map<string, number[]>(Object.keys(holders).map((impl) => [impl, []]));
  for (let turn = 0; turn < TURNS; turn++)
    for (const [impl, hold] of Object.entries(holders)) readings.get(impl)!.push(await octetsEach(leaves, hold));
  return [
    ...[...readings].map(([impl, bytes]) => ({ name, impl, bytes: median(bytes) })),
    { name, impl: 'node:crypto', reason: 'its memory is OpenSSL’s, which V8 does not count' },
  ];
}

async function octetsEach(leaves: readonly Uint8Array[], hold: (der: Uint8Array) => object): Promise<number> {
  hold(new Uint8Array(leaves[0]!)); // tables of the library are none of the certificate's
  const before = await heldOctets();
  const held = leaves.map((der) => hold(new Uint8Array(der))); // copies: whoever keeps them has to count them
  const octets = (await heldOctets()) - before;
  assert.equal(held.length, leaves.length);
  return octets / leaves.length;
}
