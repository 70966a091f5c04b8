import { compile, prepare } from '@mayfly/ca';
import { podPeer } from '@mayfly/ca/profiles';
import { openKernels } from '../adapters/kernels.js';
import { bareSignature } from '../adapters/node-crypto.js';
import { around, issueJob, leafRequest } from '../fixtures.js';
import { checkIssued } from '../jobs.js';
import { SHORT_SLOT } from '../measure.js';
import { measureParts, part } from '../parts.js';
import { octetsOf, withPeers } from '../peers.js';
import type { Effort, Outcome } from '../report.js';
import type { Measure } from '../suites.js';
import { batch, issueInput, withKey } from './issue.js';

const SIZES: Readonly<Record<Effort, readonly number[]>> = { quick: [16, 1024], full: [1, 4, 16, 64, 1024] };

/** Leaves that are signed together, so many at once; times are those of one leaf. Beside one after the other by others. */
export const outcomes = (measure: Measure, effort: Effort): Promise<readonly Outcome[]> =>
  withPeers(async (peers) => {
    const job = await issueJob();
    const kernels = openKernels();
    const byteLength = prepare(compile(podPeer(), job.authority), leafRequest(job.spki), around).tbsCertificate.length;
    const all: Outcome[] = [];
    for (const size of SIZES[effort])
      all.push(
        ...(await measureParts(
          measure,
          `batch/p256/${size}`,
          [
            part('mayfly', kernels, (found) => batch(job, withKey(job, found), size)),
            bareSignature(job.issuerKey, byteLength),
            ...peers.parts('issue', issueInput(job), (der) => checkIssued(octetsOf(der), job)),
          ],
          SHORT_SLOT,
        )),
      );
    return all;
  });
