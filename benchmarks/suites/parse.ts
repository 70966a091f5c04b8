import assert from 'node:assert/strict';
import * as jsrsasign from '../adapters/jsrsasign.js';
import * as mayfly from '../adapters/mayfly.js';
import * as nodeCrypto from '../adapters/node-crypto.js';
import * as nodeForge from '../adapters/node-forge.js';
import * as peculiar from '../adapters/peculiar-x509.js';
import * as pkijs from '../adapters/pkijs.js';
import { leaf } from '../fixtures.js';
import type { LeafFacts } from '../jobs.js';
import { measureParts } from '../parts.js';
import { type Peers, withPeers } from '../peers.js';
import type { Outcome } from '../report.js';
import type { Measure } from '../suites.js';

/** From DER to subject, subjectAltName and validity; every read starts from the bytes. */
export const outcomes = (measure: Measure): Promise<readonly Outcome[]> =>
  withPeers((peers) => measured(measure, peers));

async function measured(measure: Measure, others: Peers): Promise<readonly Outcome[]> {
  const peers = [mayfly, nodeCrypto, pkijs, peculiar, jsrsasign];
  const all: Outcome[] = [];
  for (const { name, algorithm, readers } of [
    { name: 'parse/leaf', algorithm: 'P-256', readers: peers },
    { name: 'parse/leaf-rsa', algorithm: 'RSA-2048', readers: [...peers, nodeForge] },
  ] as const) {
    const { der, facts } = await leaf(algorithm);
    const bytes = new Uint8Array(der);
    const check = (found: LeafFacts) => assert.deepEqual(found, facts);
    all.push(
      ...(await measureParts(measure, name, [
        ...readers.map(({ parseLeaf }) => parseLeaf(bytes, check)),
        ...others.parts('parse', { certificate: bytes }, (facts) => check(facts as LeafFacts)), // judged by the check
      ])),
    );
  }
  return all;
}
