import { compile, complete, lint, prepare } from '@mayfly/ca';
import { podPeer } from '@mayfly/ca/profiles';
import * as mayfly from '../adapters/mayfly.js';
import * as nodeCrypto from '../adapters/node-crypto.js';
import * as peculiar from '../adapters/peculiar-x509.js';
import * as pkijs from '../adapters/pkijs.js';
import { around, issueJob, leafRequest } from '../fixtures.js';
import { checkIssued } from '../jobs.js';
import { contender } from '../measure.js';
import type { Outcome } from '../report.js';
import type { Measure } from '../suites.js';

/** A leaf of a pod, from names to DER: without the signature, and with it; beside the bare signature over as many octets. */
export async function outcomes(measure: Measure): Promise<readonly Outcome[]> {
  const job = await issueJob();
  const compiled = compile(podPeer(), job.authority);
  const request = leafRequest(job.spki);
  const signatureValue = job.authority.key.sign(new Uint8Array(400));
  const overhead = contender(
    'mayfly',
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
  return [
    ...(await measure({ name: 'issue/overhead', contenders: [overhead] })),
    ...(await measure({
      name: 'issue/p256',
      contenders: [
        mayfly.issueLeaf(job, job.authority, around),
        pkijs.issueLeaf(job),
        peculiar.issueLeaf(job),
        nodeCrypto.bareSignature(job.issuerKey, prepare(compiled, request, around).tbsCertificate.length),
      ],
    })),
  ];
}
