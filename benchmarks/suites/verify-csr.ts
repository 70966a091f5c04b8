import assert from 'node:assert/strict';
import { verifyWithNode } from '@mayfly/keys/node';
import { verifyWith } from '@mayfly/keys/software';
import { parseCertificationRequest } from '@mayfly/pkcs10';
import * as jsrsasign from '../adapters/jsrsasign.js';
import { openKernels } from '../adapters/kernels.js';
import * as mayfly from '../adapters/mayfly.js';
import { bareVerification } from '../adapters/node-crypto.js';
import * as peculiar from '../adapters/peculiar-x509.js';
import * as pkijs from '../adapters/pkijs.js';
import { type Identity, identity } from '../jobs.js';
import { measureParts, part } from '../parts.js';
import { withPeers } from '../peers.js';
import type { Outcome } from '../report.js';
import type { Measure } from '../suites.js';
import { newKey, requestBy } from './issue.js';

/** More keys than a verifier of one key remembers. */
const STRANGERS = 16;

/** A request of a key that was never met, from DER to its names, its signature checked. */
export const outcomes = (measure: Measure): Promise<readonly Outcome[]> =>
  withPeers((peers) => {
    const requests = Array.from({ length: STRANGERS }, () => requestBy(newKey()));
    const [request] = requests as [Uint8Array<ArrayBuffer>];
    const { certificationRequestInfo, signature, subjectPublicKeyInfo } = parseCertificationRequest(request);
    const check = (found: Identity): void => assert.deepEqual(found, identity);
    const native = mayfly.verifyRequest(requests, verifyWithNode, check);
    return measureParts(measure, 'verify-csr/p256', [
      part('mayfly', openKernels(), ({ backend }) =>
        mayfly.verifyRequest(requests, verifyWith(backend, { capacity: 1 }), check),
      ),
      { ...native, impl: 'mayfly with node:crypto verifiers' },
      bareVerification(subjectPublicKeyInfo, certificationRequestInfo, signature),
      pkijs.verifyRequest(request, check),
      peculiar.verifyRequest(request, check),
      jsrsasign.verifyRequest(request, check),
      ...peers.parts('verify-csr', { request }, (found) => check(found as Identity)), // judged by the check
    ]);
  });
