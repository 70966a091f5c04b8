import { DerError, equalBytes, formatDuration, type Oid, type Seconds } from '@mayfly/der';
import { type Certificate, parseCertificate, signedParts } from '../certificate.js';
import { X509Error } from '../errors.js';
import { authorityInfoAccess, idPeAuthorityInfoAccess } from '../extensions/authority-info-access.js';
import { idCeAuthorityKeyIdentifier } from '../extensions/authority-key-identifier.js';
import { idCeBasicConstraints } from '../extensions/basic-constraints.js';
import { idCeCertificatePolicies } from '../extensions/certificate-policies.js';
import { idCeCRLDistributionPoints } from '../extensions/crl-distribution-points.js';
import { extKeyUsage, idCeExtKeyUsage, keyPurposes } from '../extensions/ext-key-usage.js';
import { findExtension, unhandledCritical } from '../extensions/find-extension.js';
import { idCeKeyUsage, keyUsage } from '../extensions/key-usage.js';
import { idPkixOcspNocheck, ocspNoCheck } from '../extensions/ocsp-no-check.js';
import { idCeSubjectAltName } from '../extensions/subject-alt-name.js';
import { idCeSubjectKeyIdentifier } from '../extensions/subject-key-identifier.js';
import { parseName } from '../name/codec.js';
import { namesMatch } from '../name/match.js';
import { requireTimes } from '../require-times.js';
import { type RevocationStatus, unknown } from '../revocation-status.js';
import type { SignedParts } from '../signed.js';
import { identifies, responderKeyHash } from './cert-id.js';
import { idPkixOcspNonce, ocspNonce } from './nonce.js';
import type { BasicOCSPResponse, OCSPResponse, ResponderID, SingleResponse } from './response.js';

/** Whose signature on a response counts without a certificate in it. */
export type OCSPSigner = Pick<Certificate, 'subject' | 'subjectPublicKeyInfo'>;

/** What a response is asked. */
export interface OCSPCheck {
  readonly certificate: Certificate;
  /** Whoever issued `certificate`, as its path has shown. */
  readonly issuer: OCSPSigner;
  readonly response: OCSPResponse;
  /** When the certificate is to be good. */
  readonly at: Seconds;
  /** What the request had; a response that does not repeat it is not accepted. Default: the response is not asked for one. */
  readonly nonce?: Uint8Array;
  /** Longest time since `thisUpdate`, in seconds. Default: until `nextUpdate`, and an answer without one is not used. */
  readonly maxAge?: Seconds;
  /** Seconds that the responder's clock may be ahead. Default 0. */
  readonly clockSkew?: Seconds;
  /** Responders that are trusted for this issuer by configuration (RFC 6960 §4.2.2.2, 1). Default none. */
  readonly responders?: readonly OCSPSigner[];
}

/**
 * What the check cannot know by itself: whether a signature is good, and whether the certificate of a responder that says where
 * to ask for its own revocation is not revoked.
 */
export type OCSPQuestion =
  | { readonly signed: SignedParts; readonly subjectPublicKeyInfo: Uint8Array; readonly responder?: undefined }
  | { readonly responder: Certificate; readonly signed?: undefined };

/** Most certificates of a response that are tried as its responder's. */
const MAX_RESPONDERS = 8;

/** Most certificates of a response that are looked at. */
const MAX_CERTIFICATES = 32;

/** Critical extensions of a responder's certificate that this check honours or need not. */
const HANDLED: readonly Oid[] = [
  idCeBasicConstraints,
  idCeKeyUsage,
  idCeExtKeyUsage,
  idCeSubjectAltName,
  idCeSubjectKeyIdentifier,
  idCeAuthorityKeyIdentifier,
  idCeCertificatePolicies,
  idCeCRLDistributionPoints,
  idPeAuthorityInfoAccess,
  idPkixOcspNocheck,
];

/**
 * Asks a response whether a certificate is revoked: RFC 6960 §3.2 as a state machine without crypto. It yields what only
 * crypto and other sources can tell, and takes the answers back; {@link checkOCSP} and {@link checkOCSPSync} drive it.
 * @returns `unknown` with a reason that begins with `OCSP`, or `BadExtension`, where the response does not say.
 * @throws RangeError for an `at`, `maxAge` or `clockSkew` that is no number of seconds.
 */
export function* ocspStatus(check: OCSPCheck): Generator<OCSPQuestion, RevocationStatus, boolean> {
  try {
    return yield* examine(check);
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return unknown('BadExtension', error.message);
    throw error;
  }
}

function* examine(check: OCSPCheck): Generator<OCSPQuestion, RevocationStatus, boolean> {
  const { response, certificate, issuer, nonce, at, maxAge, clockSkew } = check;
  requireTimes(at, { maxAge, clockSkew });
  if (response.responseStatus !== 'successful')
    return unknown('OCSPUnsuccessful', `The responder answers ${response.responseStatus}`);
  const basic = response.response;
  const single = newest(basic.responses.filter(({ certID }) => identifies(certID, certificate, issuer)));
  if (single === undefined) return unknown('OCSPNotFound', 'The response is about other certificates');
  const extension = unhandledCritical(basic, [idPkixOcspNonce])[0] ?? unhandledCritical(single, [])[0];
  if (extension !== undefined)
    return unknown('OCSPUnhandledCriticalExtension', `The response has the critical extension ${extension}`);
  const stale = refuseTimes(single, basic, check);
  if (stale !== undefined) return stale;
  if (nonce !== undefined) {
    const repeated = ocspNonce(basic);
    if (repeated === undefined || !equalBytes(repeated, nonce))
      return unknown(
        'OCSPNonceMismatch',
        repeated === undefined ? 'The response does not repeat the nonce' : 'The response has another nonce',
      );
  }
  const refusal = yield* refuseSigner(basic, check);
  if (refusal !== undefined) return refusal;
  const { certStatus } = single;
  switch (certStatus.status) {
    case 'good':
      return { status: 'good' };
    case 'unknown':
      return unknown('OCSPUnknownCertificate', 'The responder does not know the certificate');
    case 'revoked': {
      const reason = certStatus.revocationReason ?? 'unspecified';
      // RFC 5280 §5.3.1: removeFromCRL is for delta lists alone; here it would be a way to be revoked and not to say so.
      return {
        status: 'revoked',
        revocationDate: certStatus.revocationTime,
        reason: reason === 'removeFromCRL' ? 'unspecified' : reason,
      };
    }
  }
}

/** The answer that was made last; of two that were made together, the one that says more than good. */
function newest(responses: readonly SingleResponse[]): SingleResponse | undefined {
  let best: SingleResponse | undefined;
  for (const response of responses)
    if (
      best === undefined ||
      response.thisUpdate > best.thisUpdate ||
      (response.thisUpdate === best.thisUpdate && best.certStatus.status === 'good')
    )
      best = response;
  return best;
}

function refuseTimes(
  { thisUpdate, nextUpdate }: SingleResponse,
  { producedAt }: BasicOCSPResponse,
  { at, maxAge, clockSkew = 0 }: OCSPCheck,
): RevocationStatus | undefined {
  const start = Math.max(thisUpdate, producedAt);
  if (start > at + clockSkew)
    return unknown('OCSPNotYetValid', `The answer is from ${formatDuration(start - at)} later`);
  const end = Math.min(nextUpdate ?? Number.POSITIVE_INFINITY, thisUpdate + (maxAge ?? Number.POSITIVE_INFINITY));
  if (end === Number.POSITIVE_INFINITY)
    return unknown('OCSPExpired', 'The answer has no nextUpdate, so it may be of any age');
  if (at > end + clockSkew) return unknown('OCSPExpired', `The answer expired ${formatDuration(at - end)} before`);
  return undefined;
}

/** Whether whoever signed may speak for the issuer (RFC 6960 §4.2.2.2), and did sign. */
function* refuseSigner(
  basic: BasicOCSPResponse,
  check: OCSPCheck,
): Generator<OCSPQuestion, RevocationStatus | undefined, boolean> {
  const { issuer, responders = [] } = check;
  const { responderID, signed, certs } = basic;
  const isNamed = namedBy(responderID);
  let refusal: RevocationStatus | undefined;
  for (const signer of [issuer, ...responders]) {
    if (!isNamed(signer)) continue;
    if (yield { signed, subjectPublicKeyInfo: signer.subjectPublicKeyInfo }) return undefined;
    refusal = unknown('OCSPSignatureInvalid', 'The signature does not fit the key of the responder');
  }
  let tried = 0;
  for (const der of certs.slice(0, MAX_CERTIFICATES)) {
    const responder = parseResponder(der);
    if (responder === undefined || !isNamed(responder)) continue;
    if (++tried > MAX_RESPONDERS) break;
    const state = yield* refuseDelegate(responder, check);
    if (state !== undefined) refusal = unknown('OCSPResponderUnauthorized', state);
    else if (yield { signed, subjectPublicKeyInfo: responder.subjectPublicKeyInfo }) return undefined;
    else refusal = unknown('OCSPSignatureInvalid', 'The signature does not fit the key of the responder');
  }
  return (
    refusal ?? unknown('OCSPResponderUnauthorized', 'The responder is neither the issuer nor one that it authorized')
  );
}

/** Certificates beside the one that is needed may be anything. */
function parseResponder(der: Uint8Array): Certificate | undefined {
  try {
    return parseCertificate(der);
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return undefined;
    throw error;
  }
}

/** Whether a signer is the one that a response names; the name is decoded once. */
function namedBy({ byName, byKey }: ResponderID): (signer: OCSPSigner) => boolean {
  if (byName === undefined)
    return ({ subjectPublicKeyInfo }) => equalBytes(byKey, responderKeyHash(subjectPublicKeyInfo));
  const name = parseName(byName);
  return ({ subject }) => namesMatch(name, parseName(subject));
}

/** Why the issuer's authorization of a responder does not hold. */
function* refuseDelegate(
  responder: Certificate,
  { issuer, at }: OCSPCheck,
): Generator<OCSPQuestion, string | undefined, boolean> {
  if (!namesMatch(parseName(responder.issuer), parseName(issuer.subject)))
    return 'The certificate of the responder is not from the issuer of the certificate';
  if (extKeyUsage(responder)?.includes(keyPurposes.OCSPSigning) !== true)
    return 'The certificate of the responder is not for OCSPSigning';
  if (keyUsage(responder)?.has('digitalSignature') === false)
    return 'The keyUsage of the responder has no digitalSignature';
  const [critical] = unhandledCritical(responder, HANDLED);
  if (critical !== undefined) return `The certificate of the responder has the critical extension ${critical}`;
  const { notBefore, notAfter } = responder.validity;
  if (at < notBefore || at > notAfter) return 'The certificate of the responder has expired, or is not valid yet';
  const question = { signed: signedParts(responder), subjectPublicKeyInfo: issuer.subjectPublicKeyInfo };
  if (!(yield question)) return 'The certificate of the responder is not signed by the issuer of the certificate';
  // RFC 6960 §4.2.2.2.1: good without asking, to be asked about, or left to us: then its short life has to be enough.
  const asks = findExtension(responder, idCeCRLDistributionPoints) ?? authorityInfoAccess(responder);
  if (!ocspNoCheck(responder) && asks !== undefined && !(yield { responder }))
    return 'The certificate of the responder may be revoked: it has no ocspNoCheck, and nobody says that it is good';
  return undefined;
}
