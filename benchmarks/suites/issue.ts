import assert from 'node:assert/strict';
import {
  compile,
  complete,
  type IssuanceRequest,
  type IssueResult,
  issueManySync,
  lint,
  prepare,
  type SyncIssuer,
} from '@mayfly/ca';
import { podPeer } from '@mayfly/ca/profiles';
import type { Seconds } from '@mayfly/der';
import { fromPkcs8, generateKeySync } from '@mayfly/keys/node';
import { softwareKey, verifyWith } from '@mayfly/keys/software';
import { createCertificationRequestSync, parseCertificationRequest, requestSignedParts } from '@mayfly/pkcs10';
import { subjectAltName, subjectAltNameExtension } from '@mayfly/x509/extensions';
import type { SyncVerifySignature } from '@mayfly/x509/signed';
import { type Kernels, openKernels } from '../adapters/kernels.js';
import * as mayfly from '../adapters/mayfly.js';
import * as nodeCrypto from '../adapters/node-crypto.js';
import * as peculiar from '../adapters/peculiar-x509.js';
import * as pkijs from '../adapters/pkijs.js';
import { around, issueJob, leafRequest, p256 } from '../fixtures.js';
import { checkIssued, checkRequest, identity, type KeyForms } from '../jobs.js';
import { type Contender, contender, SHORT_SLOT } from '../measure.js';
import { measureParts, type Part, part } from '../parts.js';
import { octetsOf, type Peers, withPeers } from '../peers.js';
import type { RemoteInput } from '../remote.js';
import type { Outcome } from '../report.js';
import type { Measure } from '../suites.js';

/** Certificates of a batch. */
const BATCH = 256;
/** Requests that are answered together: as long as a slot. */
const REQUESTS = 32;

export type Job = Awaited<ReturnType<typeof issueJob>>;

/** What another language needs to issue. */
export const issueInput = ({ issuer, issuerKey, lifetime, spki }: Job): RemoteInput => ({
  ...{ identity, key: issuerKey.pkcs8, issuer, lifetime, publicKey: spki },
});

const ours = 'mayfly';

/**
 * A leaf of a pod, from names to DER: without the signature, and with it; in batches, and from the request to the leaf. Beside
 * the bare signature over as many octets, and other languages on one core.
 */
export const outcomes = (measure: Measure): Promise<readonly Outcome[]> =>
  withPeers((peers) => measured(measure, peers));

async function measured(measure: Measure, peers: Peers): Promise<readonly Outcome[]> {
  const job = await issueJob();
  const kernels = openKernels();
  const requester = await p256();
  const wasmAuthority = typeof kernels === 'string' ? kernels : withKey(job, kernels);
  const bare = nodeCrypto.bareSignature(
    job.issuerKey,
    prepare(compile(podPeer(), job.authority), leafRequest(job.spki), around).tbsCertificate.length,
  );
  const elsewhere = peers.parts('issue', issueInput(job), (der) => checkIssued(octetsOf(der), job));
  return [
    ...(await measure({ name: 'issue/overhead', contenders: [overhead(job)] })),
    ...(await measureParts(measure, 'issue/p256', [
      ...alone(job, wasmAuthority),
      pkijs.issueLeaf(job),
      peculiar.issueLeaf(job),
      bare,
      ...elsewhere,
    ])),
    ...(await measureParts(
      measure,
      'issueMany/p256',
      [part(ours, wasmAuthority, (authority) => batch(job, authority)), bare, ...elsewhere],
      SHORT_SLOT,
    )),
    ...(await measureParts(
      measure,
      'csr/create',
      [
        part(ours, kernels, ({ backend }) =>
          mayfly.createRequest(requester, identity, softwareKey(requester.pkcs8, backend)),
        ),
        ...peers.parts('csr', { identity, key: requester.pkcs8 }, (der) => checkRequest(octetsOf(der), requester.spki)),
      ],
      SHORT_SLOT,
    )),
    ...(await measureParts(
      measure,
      'pipeline/p256',
      [
        part(ours, kernels, (found) => pipeline(job, found)),
        ...peers.parts('pipeline', { ...issueInput(job), request: requestBy(requester) }, (der) =>
          checkIssued(octetsOf(der), { ...job, spki: requester.spki }),
        ),
      ],
      SHORT_SLOT,
    )),
  ];
}

/** With a key in WebAssembly where there is one, and with one of node:crypto. */
function alone(job: Job, wasmAuthority: SyncIssuer | string): readonly Part[] {
  const native = mayfly.issueLeaf(job, job.authority, around);
  return typeof wasmAuthority === 'string'
    ? [native, { impl: 'mayfly with a WebAssembly key', reason: wasmAuthority }]
    : [mayfly.issueLeaf(job, wasmAuthority, around), { ...native, impl: 'mayfly with a node:crypto key' }];
}

/** The same authority, its key in WebAssembly and hedged as in `mayfly up`. */
export const withKey = ({ authority, issuerKey }: Job, { backend }: Kernels): SyncIssuer => ({
  ...authority,
  key: softwareKey(issuerKey.pkcs8, backend, { nonce: 'hedged' }),
});

function overhead(job: Job): Contender {
  const compiled = compile(podPeer(), job.authority);
  const request = leafRequest(job.spki);
  const signatureValue = job.authority.key.sign(new Uint8Array(400));
  return contender(
    ours,
    () => {
      const prepared = prepare(compiled, request, around);
      const finding = lint(compiled, prepared, around.now());
      if (finding !== undefined) throw new Error(`Cannot issue, ${finding.rule}: ${finding.message}`);
      return complete(compiled, prepared, signatureValue);
    },
    (issued) => {
      // The signature at hand is of something else; a fitting one shows that the rest is right.
      checkIssued(complete(compiled, issued, job.authority.key.sign(issued.tbsCertificate)).certificate, job);
    },
  );
}

export function batch(job: Job, authority: SyncIssuer, size: number = BATCH): Contender {
  const compiled = compile(podPeer(), authority);
  return {
    ...contender(
      ours,
      () =>
        issueManySync(
          compiled,
          Array.from({ length: size }, () => leafRequest(job.spki)),
          around,
        ),
      (results) => {
        assert.equal(results.length, size);
        for (const result of results) checkIssued(certificateOf(result), job);
      },
    ),
    things: size,
  };
}

/** Requests of keys that were never met: read, their signatures checked, issued together. */
function pipeline(job: Job, kernels: Kernels): Contender {
  const compiled = compile(podPeer(), withKey(job, kernels));
  const keys = Array.from({ length: REQUESTS }, () => newKey());
  const requests = keys.map(requestBy);
  const verify = verifyWith(kernels.backend, { capacity: 1 });
  const wanted = wantedBy(verify, job.lifetime);
  return {
    ...contender(
      ours,
      () => issueManySync(compiled, requests.map(wanted), around),
      (results) => {
        assert.equal(results.length, REQUESTS);
        for (const [i, result] of results.entries())
          checkIssued(certificateOf(result), { ...job, spki: keys[i]!.spki });
      },
    ),
    things: REQUESTS,
  };
}

/** Reads a request, checks its signature, and grants its names. */
export const wantedBy =
  (verify: SyncVerifySignature, lifetime: Seconds) =>
  (der: Uint8Array): IssuanceRequest => {
    const request = parseCertificationRequest(der);
    if (!verify(requestSignedParts(request), request.subjectPublicKeyInfo))
      throw new Error('Cannot issue: the request is not signed by its key');
    const { subject, subjectPublicKeyInfo } = request;
    return { subject, subjectPublicKeyInfo, subjectAltName: subjectAltName(request) ?? [], lifetime };
  };

function certificateOf(result: IssueResult): Uint8Array {
  if (!result.ok) throw result.error;
  return result.issued.certificate;
}

type SigningForms = Pick<KeyForms, 'pkcs8' | 'spki'>;

export function newKey(): SigningForms {
  const key = generateKeySync('P-256');
  return { pkcs8: key.exportPkcs8(), spki: key.subjectPublicKeyInfo };
}

/** DER of a request with the names of the leaf. */
export function requestBy({ pkcs8, spki }: SigningForms): Uint8Array {
  const { subject, subjectAltName: names } = leafRequest(spki);
  return createCertificationRequestSync(
    { subject: subject!, extensions: [subjectAltNameExtension(names)] }, // it has one
    fromPkcs8(pkcs8),
  );
}
