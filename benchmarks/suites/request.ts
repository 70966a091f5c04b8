import { compile, issueSync } from '@mayfly/ca';
import { podPeer } from '@mayfly/ca/profiles';
import { verifyWithNode } from '@mayfly/keys/node';
import { verifyWith } from '@mayfly/keys/software';
import type { SyncVerifySignature } from '@mayfly/x509/signed';
import { openKernels } from '../adapters/kernels.js';
import * as peculiar from '../adapters/peculiar-x509.js';
import * as pkijs from '../adapters/pkijs.js';
import { around, issueJob } from '../fixtures.js';
import { checkIssued } from '../jobs.js';
import { type Contender, contender } from '../measure.js';
import { measureParts, part } from '../parts.js';
import { octetsOf, withPeers } from '../peers.js';
import type { Outcome } from '../report.js';
import type { Measure } from '../suites.js';
import { issueInput, type Job, newKey, requestBy, wantedBy, withKey } from './issue.js';

/** More keys than a verifier of one key remembers. */
const STRANGERS = 16;

/** A request of a key that was never met, its signature checked, to the DER of a leaf with its names: one at a time. */
export const outcomes = (measure: Measure): Promise<readonly Outcome[]> =>
  withPeers(async (peers) => {
    const job = await issueJob();
    const key = newKey();
    const request = new Uint8Array(requestBy(key));
    const asked = { ...job, spki: key.spki };
    const native = answering(job, verifyWithNode);
    return measureParts(measure, 'request/p256', [
      part('mayfly', openKernels(), (kernels) =>
        answering({ ...job, authority: withKey(job, kernels) }, verifyWith(kernels.backend, { capacity: 1 })),
      ),
      { ...native, impl: 'mayfly with node:crypto' },
      pkijs.answerRequest(asked, request),
      peculiar.answerRequest(asked, request),
      ...peers.parts('pipeline', { ...issueInput(job), request }, (der) => checkIssued(octetsOf(der), asked)),
    ]);
  });

/** With this verifier, and the key of the authority. */
function answering(job: Job, verify: SyncVerifySignature): Contender {
  const compiled = compile(podPeer(), job.authority);
  const keys = Array.from({ length: STRANGERS }, () => newKey());
  const requests = keys.map(requestBy);
  const wanted = wantedBy(verify, job.lifetime);
  let next = 0;
  return contender(
    'mayfly',
    () => issueSync(compiled, wanted(requests[next++ % STRANGERS]!), around),
    ({ certificate }) => checkIssued(certificate, { ...job, spki: keys[(next - 1) % STRANGERS]!.spki }),
  );
}
