import { equalBytes, type Seconds } from '@mayfly/der';
import { type Certificate, signedParts } from '@mayfly/x509';
import { basicConstraints, keyUsage } from '@mayfly/x509/extensions';
import type { VerifySignature } from '@mayfly/x509/signed';

/** Why a chain is not believed. */
export interface ChainFault {
  readonly reason: 'Expired' | 'NotYetValid' | 'NotAnAuthority' | 'UntrustedChain';
  readonly message: string;
}

/** Most certificates between leaf and anchor, the bound of RFC 5280 path builders. */
const MAX_DEPTH = 8;

/**
 * Whether a chain in its order, leaf first, leads to one of the anchors at a moment: names and signatures fit, every
 * certificate is in its validity, every issuer is a CA that may sign. Less than RFC 5280 §6 asks: no name constraints, no
 * policies, no revocation; enough for a chain that an own signer has just made.
 * @returns `undefined` when it does.
 */
export async function chainFault(
  chain: readonly Certificate[],
  anchors: readonly Certificate[],
  at: Seconds,
  verify: VerifySignature,
): Promise<ChainFault | undefined> {
  let certificate = chain[0];
  for (let depth = 0; certificate !== undefined && depth <= MAX_DEPTH; depth++) {
    const outOfTime = validityFault(certificate, at);
    if (outOfTime !== undefined) return outOfTime;
    const { der } = certificate;
    if (anchors.some((anchor) => equalBytes(anchor.der, der))) return undefined;
    for (const anchor of anchors)
      if (validityFault(anchor, at) === undefined && (await isSignedBy(certificate, anchor, verify))) return undefined;
    const issuer = chain[depth + 1];
    if (issuer === undefined || !(await isSignedBy(certificate, issuer, verify))) break;
    const pathLenConstraint = basicConstraints(issuer)?.pathLenConstraint ?? MAX_DEPTH;
    if (!mayIssue(issuer) || depth > pathLenConstraint)
      return {
        reason: 'NotAnAuthority',
        message: `Certificate ${nameOf(issuer)} may not issue ${nameOf(certificate)}`,
      };
    certificate = issuer;
  }
  const last = certificate === undefined ? 'an empty chain' : `certificate ${nameOf(certificate)}`;
  return { reason: 'UntrustedChain', message: `None of ${anchors.length} trust anchors leads to ${last}` };
}

async function isSignedBy(certificate: Certificate, issuer: Certificate, verify: VerifySignature): Promise<boolean> {
  if (!equalBytes(certificate.issuer, issuer.subject)) return false;
  return await verify(signedParts(certificate), issuer.subjectPublicKeyInfo);
}

function mayIssue(issuer: Certificate): boolean {
  const bits = keyUsage(issuer);
  return basicConstraints(issuer)?.cA === true && (bits === undefined || bits.has('keyCertSign'));
}

function validityFault(certificate: Certificate, at: Seconds): ChainFault | undefined {
  const { notBefore, notAfter } = certificate.validity;
  if (at < notBefore)
    return { reason: 'NotYetValid', message: `Certificate ${nameOf(certificate)} begins in ${notBefore - at} s` };
  if (at > notAfter)
    return { reason: 'Expired', message: `Certificate ${nameOf(certificate)} ended ${at - notAfter} s ago` };
  return undefined;
}

const nameOf = ({ serialNumber }: Certificate): string => serialNumber.toString(16);
