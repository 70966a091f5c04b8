import { DerError, equalBytes, formatDuration, type Seconds } from '@mayfly/der';
import { PemError, parsePem } from '@mayfly/der/pem';
import { parseCertificationRequest } from '@mayfly/pkcs10';
import { type Certificate, parseCertificate, X509Error } from '@mayfly/x509';
import { type PathRefusalReason, validatePath } from '@mayfly/x509/path';
import type { VerifySignature } from '@mayfly/x509/signed';
import type { PodCertificateRequestStatus } from './types.js';

/** Why an issued certificate is not used. */
export type RejectionReason = PathRefusalReason | 'MalformedChain' | 'KeyMismatch' | 'TimeMismatch';

/** What an issued status is held against. */
export interface Expectation {
  /** The stub that was sent: its key has to come back. */
  readonly stubPKCS10Request: Uint8Array;
  readonly anchors: readonly Certificate[];
  readonly now: Seconds;
  readonly verify: VerifySignature;
}

/** A chain to use, or why there is none. */
export type Verification =
  | {
      readonly ok: true;
      /** Leaf first. */
      readonly chain: readonly Certificate[];
      readonly notBefore: Seconds;
      readonly notAfter: Seconds;
      readonly beginRefreshAt: Seconds;
    }
  | { readonly ok: false; readonly reason: RejectionReason; readonly message: string };

/** What the requester's clock may lag behind the API server's, which has seen `notBefore` within as much of its own. */
const CLOCK_TOLERANCE: Seconds = 300;

/** Checks what a signer issued before anything of it is used: key, times, and the way to a trust anchor. */
export async function verifyIssued(
  { certificateChain, notBefore, notAfter, beginRefreshAt }: PodCertificateRequestStatus,
  { stubPKCS10Request, anchors, now, verify }: Expectation,
): Promise<Verification> {
  const chain = readChain(certificateChain);
  if (!Array.isArray(chain)) return { ok: false, reason: 'MalformedChain', message: chain };
  const [leaf] = chain;
  if (leaf === undefined) return { ok: false, reason: 'MalformedChain', message: 'The chain is empty' };
  if (!equalBytes(leaf.subjectPublicKeyInfo, parseCertificationRequest(stubPKCS10Request).subjectPublicKeyInfo))
    return { ok: false, reason: 'KeyMismatch', message: 'The certificate is for another key than was sent' };
  if (
    notBefore !== leaf.validity.notBefore ||
    notAfter !== leaf.validity.notAfter ||
    beginRefreshAt === undefined ||
    beginRefreshAt < notBefore ||
    beginRefreshAt > notAfter
  )
    return { ok: false, reason: 'TimeMismatch', message: "The times of the status are not the certificate's" };
  if (notBefore > now + CLOCK_TOLERANCE)
    return {
      ok: false,
      reason: 'NotYetValid',
      message: `The certificate begins in ${formatDuration(notBefore - now)}`,
    };
  const at = Math.max(now, notBefore);
  const path = await validatePath(leaf, {
    anchors,
    intermediates: chain.slice(1),
    at,
    mode: 'workload',
    verify: async (signed, subjectPublicKeyInfo) => {
      try {
        return await verify(signed, subjectPublicKeyInfo);
      } catch {
        // A key or an algorithm that nobody here knows: what it signed is as good as unsigned.
        return false;
      }
    },
  });
  return path.ok ? { ok: true, chain, notBefore, notAfter, beginRefreshAt } : path;
}

/** The certificates of a PEM text, or what is wrong with it. */
function readChain(pem: string): Certificate[] | string {
  try {
    const blocks = parsePem(pem);
    const other = blocks.find(({ label }) => label !== 'CERTIFICATE');
    if (other !== undefined) return `The chain has a block ${other.label} at line ${other.line}`;
    return blocks.map(({ bytes }) => parseCertificate(bytes));
  } catch (error) {
    if (error instanceof PemError || error instanceof DerError || error instanceof X509Error) return error.message;
    throw error;
  }
}
