import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import * as node from '@mayfly/keys/node';
import { verifier, verifyWith } from '@mayfly/keys/software';
import { parseCertificate } from '@mayfly/x509';
import { keyPurposes } from '@mayfly/x509/extensions';
import { type PathResult, TrustStore, validatePathSync } from '@mayfly/x509/path';
import { type SyncVerifySignature, withKnownKeys } from '@mayfly/x509/signed';
import { type Kernels, openKernels } from '../adapters/kernels.js';
import { validateChain } from '../adapters/pkijs.js';
import { type ChainJob, chainJob } from '../chains.js';
import { type Contender, contender } from '../measure.js';
import { measureParts, type Part } from '../parts.js';
import { octetsOf, type Peers, withPeers } from '../peers.js';
import type { Outcome } from '../report.js';
import type { Measure } from '../suites.js';

/** More than other programs keep either; a line of their input takes a megabyte. */
const REMOTE_LEAVES = 200;

/**
 * Root, intermediate and leaf, P-256, from DER each time, another leaf each time: as a server that knows its authorities, and
 * `cold`, as a program that meets them once.
 */
export const outcomes = (measure: Measure): Promise<readonly Outcome[]> =>
  withPeers((peers) => measured(measure, peers));

async function measured(measure: Measure, peers: Peers): Promise<readonly Outcome[]> {
  const job = chainJob();
  const kernels = openKernels();
  const { root, intermediate, leaves, dNSName } = job;
  const chains = { root, intermediate, leaves: leaves.slice(0, REMOTE_LEAVES), dNSName };
  const others: readonly Part[] = [
    byHand(job),
    validateChain(job),
    ...peers.parts('path', chains, (leaf) => assert.equal(parseCertificate(octetsOf(leaf)).version, 3)),
  ];
  return [
    ...(await measureParts(measure, 'path/chain3', [...warmParts(job, kernels), ...others])),
    ...(await measureParts(measure, 'path/chain3/cold', [...coldParts(job, kernels), ...others])),
  ];
}

/** With verifiers in WebAssembly where they load, and with those of node:crypto. */
function warmParts(job: ChainJob, kernels: Kernels | string): readonly Part[] {
  const native = warm(job, withKnownKeys(node));
  return typeof kernels === 'string'
    ? [native, { impl: 'mayfly with WebAssembly verifiers', reason: kernels }]
    : [
        warm(job, withKnownKeys({ verifier: (spki) => verifier(spki, kernels.backend) })),
        { ...native, impl: 'mayfly with node:crypto verifiers' },
      ];
}

/**
 * The same, met once: under a key that it has never seen, WebAssembly verifies before OpenSSL has imported the key and verified.
 */
function coldParts(job: ChainJob, kernels: Kernels | string): readonly Part[] {
  const native = cold(job, () => node.verifyWithNode);
  return typeof kernels === 'string'
    ? [native, { impl: 'mayfly with WebAssembly verifiers', reason: kernels }]
    : [cold(job, () => verifyWith(kernels.backend)), { ...native, impl: 'mayfly with node:crypto verifiers' }];
}

/** The leaves one after the other, over and over. */
function eachLeaf({ leaves }: ChainJob): () => Uint8Array {
  let next = 0;
  return () => leaves[next++ % leaves.length]!;
}

const accepted = (result: PathResult): void => assert.equal(result.ok ? result.chain.length : result.message, 3);

const validate = (
  { intermediate, dNSName, at }: ChainJob,
  leaf: Uint8Array,
  anchors: TrustStore,
  verify: SyncVerifySignature,
): PathResult =>
  validatePathSync(parseCertificate(leaf), {
    anchors,
    intermediates: [parseCertificate(intermediate)],
    at,
    extKeyUsage: keyPurposes.serverAuth,
    names: [{ type: 'dns', value: dNSName }],
    verify,
  });

function warm(job: ChainJob, verify: SyncVerifySignature): Contender {
  const anchors = new TrustStore([parseCertificate(job.root)]);
  const leaf = eachLeaf(job);
  return contender('mayfly', () => validate(job, leaf(), anchors, verify), accepted);
}

/** Anchors and verifier are new each time, and know no key. */
function cold(job: ChainJob, newVerifier: () => SyncVerifySignature): Contender {
  const leaf = eachLeaf(job);
  return contender(
    'mayfly',
    () => validate(job, leaf(), new TrustStore([parseCertificate(job.root)]), newVerifier()),
    accepted,
  );
}

/** What one writes with node:crypto: issuer, signature, dates and name; no constraint of RFC 5280 is looked at. */
function byHand(job: ChainJob): Contender {
  const leaf = eachLeaf(job);
  const { at } = job;
  return contender(
    'node:crypto',
    () => {
      const chain = [leaf(), job.intermediate, job.root].map((der) => new X509Certificate(der));
      for (const [i, certificate] of chain.entries()) {
        const issuer = chain[i + 1];
        if (Date.parse(certificate.validFrom) / 1000 > at || Date.parse(certificate.validTo) / 1000 < at) return false;
        if (issuer === undefined) break;
        if (!(issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey))) return false;
      }
      return chain[0]!.checkHost(job.dNSName) === job.dNSName;
    },
    (result) => assert.equal(result, true),
  );
}
