import { DerError, equalBytes, formatDuration, type Oid, type Seconds } from '@mayfly/der';
import type { Certificate } from '../certificate.js';
import { X509Error } from '../errors.js';
import { idCeAuthorityKeyIdentifier } from '../extensions/authority-key-identifier.js';
import { cRLDistributionPoints } from '../extensions/crl-distribution-points.js';
import { cRLNumber, idCeCRLNumber } from '../extensions/crl-number.js';
import { deltaCRLIndicator, idCeDeltaCRLIndicator } from '../extensions/delta-crl-indicator.js';
import { findExtension, unhandledCritical } from '../extensions/find-extension.js';
import { idCeFreshestCRL } from '../extensions/freshest-crl.js';
import { idCeIssuerAltName } from '../extensions/issuer-alt-name.js';
import { idCeIssuingDistributionPoint, issuingDistributionPoint } from '../extensions/issuing-distribution-point.js';
import { reasonCode } from '../extensions/reason-code.js';
import type { GeneralName } from '../general-name/codec.js';
import { parseName } from '../name/codec.js';
import { matchingKey } from '../name/match.js';
import { requireTimes } from '../require-times.js';
import { type RevocationStatus, unknown } from '../revocation-status.js';
import type { CertificateList } from './certificate-list.js';
import type { RevokedCertificate } from './entries.js';
import {
  ALL_REASONS,
  generalNameKey,
  type ListScope,
  listScope,
  ownPoint,
  pointScope,
  type ReasonsMask,
  reasonsInScope,
} from './scope.js';
import type { IndexedCRL } from './serial-index.js';

/** What the lists at hand are asked. */
export interface CRLCheck {
  readonly certificate: Certificate;
  /** Complete and delta lists of whatever issuers, in any order. */
  readonly crls: readonly IndexedCRL[];
  /** When the certificate is to be good. */
  readonly at: Seconds;
  /** Longest time since `thisUpdate`, in seconds. Default: until `nextUpdate`, and a list without one is not used. */
  readonly maxAge?: Seconds;
}

/** Critical extensions of lists that this check honours. */
const HANDLED: readonly Oid[] = [
  idCeAuthorityKeyIdentifier,
  idCeIssuerAltName,
  idCeCRLNumber,
  idCeDeltaCRLIndicator,
  idCeIssuingDistributionPoint,
  idCeFreshestCRL,
];

/** A list that may be used, as far as the list itself shows. */
interface Candidate {
  readonly index: IndexedCRL;
  readonly crl: CertificateList;
  readonly scope: ListScope;
  readonly number: bigint | undefined;
  /** BaseCRLNumber; absent from complete lists. */
  readonly base: bigint | undefined;
}

/**
 * Asks lists whether a certificate is revoked: RFC 5280 §6.3.3 as a state machine without crypto.
 *
 * It yields each list that its answer is going to rest on and takes back whether that list is authentic: whether one who
 * may sign it did, steps (f) to (h). Good means that lists which cover every reason, delta lists included, do not have the
 * certificate. {@link checkCRLs} and {@link checkCRLsSync} drive it.
 * @returns `unknown` with `CRLNotFound`, `CRLOutOfScope`, `CRLExpired`, `CRLNotYetValid`, `CRLUnhandledCriticalExtension`,
 * `CRLNotAuthentic`, `CRLReasonsIncomplete` or `BadExtension` where lists do not say.
 * @throws RangeError for an `at` or `maxAge` that is no number of seconds.
 */
export function* crlStatus(check: CRLCheck): Generator<CertificateList, RevocationStatus, boolean> {
  try {
    return yield* search(check);
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return unknown('BadExtension', error.message);
    throw error;
  }
}

function* search(check: CRLCheck): Generator<CertificateList, RevocationStatus, boolean> {
  const { certificate, crls, at, maxAge } = check;
  requireTimes(at, { maxAge });
  const issuer = parseName(certificate.issuer);
  const issuerKey = matchingKey(issuer);
  /** The first thing found wrong with a list that might have helped. */
  let trouble: RevocationStatus | undefined;
  const complete: Candidate[] = [];
  const deltas: Candidate[] = [];
  const points = [...(cRLDistributionPoints(certificate) ?? []), ownPoint(certificate.issuer)].map((point) =>
    pointScope(point, issuer),
  );
  const issuers = new Set(points.flatMap((point) => [...point.issuers]));
  for (const index of crls) {
    const candidate = readCandidate(index, issuers);
    if (candidate === undefined) continue;
    const refusal = 'status' in candidate ? candidate : refuse(candidate.crl, check);
    if (refusal !== undefined) trouble ??= refusal;
    else if (!('status' in candidate)) (candidate.base === undefined ? complete : deltas).push(candidate);
  }

  // Where several speak for the same reasons, the newest does.
  complete.sort((a, b) => b.crl.thisUpdate - a.crl.thisUpdate);

  let reasonsMask: ReasonsMask = 0;
  const answers = new Map<CertificateList, boolean>();
  for (const point of points) {
    for (const candidate of complete) {
      if (reasonsMask === ALL_REASONS) return { status: 'good' };
      const interim = reasonsInScope(certificate, point, candidate.scope);
      if ((interim & ~reasonsMask) === 0) {
        if (reasonsMask === 0) trouble ??= outOfScope(candidate.crl);
        continue;
      }
      if (!(yield* isAuthentic(candidate.crl, answers))) {
        trouble ??= unknown(
          'CRLNotAuthentic',
          `The list of ${describe(candidate.crl)} is not signed by who may sign it`,
        );
        continue;
      }
      const delta = yield* newestDelta(candidate, deltas, answers);
      const entry = (delta && entryOf(certificate, issuerKey, delta)) ?? entryOf(certificate, issuerKey, candidate);
      if (entry !== undefined) {
        const reason = reasonCode(entry) ?? 'unspecified';
        if (reason !== 'removeFromCRL') return { status: 'revoked', revocationDate: entry.revocationDate, reason };
      }
      reasonsMask |= interim;
    }
  }
  if (reasonsMask === ALL_REASONS) return { status: 'good' };
  if (reasonsMask !== 0)
    return unknown('CRLReasonsIncomplete', 'The certificate is on no list, but the lists do not cover all reasons');
  return trouble ?? unknown('CRLNotFound', 'No complete list speaks of the certificate');
}

/** Asks about each list once. */
function* isAuthentic(
  crl: CertificateList,
  answers: Map<CertificateList, boolean>,
): Generator<CertificateList, boolean, boolean> {
  const known = answers.get(crl);
  if (known !== undefined) return known;
  const answer = yield crl;
  answers.set(crl, answer);
  return answer;
}

/** The list with what decides on its use; why it cannot be used; nothing where its issuer is none that is asked for. */
function readCandidate(index: IndexedCRL, issuers: ReadonlySet<string>): Candidate | RevocationStatus | undefined {
  const { crl } = index;
  try {
    const issuer = parseName(crl.issuer);
    if (!issuers.has(matchingKey(issuer))) return undefined;
    const scope = listScope(issuer, issuingDistributionPoint(crl));
    return { index, crl, scope, number: cRLNumber(crl), base: deltaCRLIndicator(crl) };
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return unknown('BadExtension', error.message);
    throw error;
  }
}

/** What forbids to use a list whoever signed it: its times (a), and critical extensions (§5.2, §5.3). */
function refuse(crl: CertificateList, { at, maxAge }: CRLCheck): RevocationStatus | undefined {
  const { thisUpdate, nextUpdate, entries } = crl;
  const extension = unhandledCritical(crl, HANDLED)[0] ?? entries.unhandledCritical;
  if (extension !== undefined)
    return unknown(
      'CRLUnhandledCriticalExtension',
      `The list of ${describe(crl)} has the critical extension ${extension}`,
    );
  if (at < thisUpdate)
    return unknown('CRLNotYetValid', `The list of ${describe(crl)} is from ${formatDuration(thisUpdate - at)} later`);
  const end = Math.min(nextUpdate ?? Number.POSITIVE_INFINITY, thisUpdate + (maxAge ?? Number.POSITIVE_INFINITY));
  if (end === Number.POSITIVE_INFINITY)
    return unknown('CRLExpired', `The list of ${describe(crl)} has no nextUpdate, so it may be of any age`);
  if (at > end) return unknown('CRLExpired', `The list of ${describe(crl)} expired ${formatDuration(at - end)} before`);
  return undefined;
}

const outOfScope = (crl: CertificateList): RevocationStatus =>
  unknown('CRLOutOfScope', `The list of ${describe(crl)} is about other certificates`);

/** The issuer as DER would be no help; when it was made is. */
const describe = ({ thisUpdate }: CertificateList): string => new Date(thisUpdate * 1000).toISOString();

/** The authentic delta with the highest number that belongs to a complete list: step (c), RFC 5280 §5.2.4. */
function* newestDelta(
  complete: Candidate,
  deltas: readonly Candidate[],
  answers: Map<CertificateList, boolean>,
): Generator<CertificateList, Candidate | undefined, boolean> {
  const { number, scope, crl } = complete;
  if (number === undefined) return undefined;
  const fitting = deltas.filter(
    (delta) =>
      delta.number !== undefined &&
      delta.base! <= number &&
      delta.number > number &&
      delta.scope.issuer === scope.issuer &&
      sameExtension(delta.crl, crl, idCeIssuingDistributionPoint) &&
      sameExtension(delta.crl, crl, idCeAuthorityKeyIdentifier),
  );
  fitting.sort((a, b) => (a.number! < b.number! ? 1 : -1));
  for (const delta of fitting) if (yield* isAuthentic(delta.crl, answers)) return delta;
  return undefined;
}

function sameExtension(a: CertificateList, b: CertificateList, extnID: Oid): boolean {
  const [one, other] = [findExtension(a, extnID), findExtension(b, extnID)];
  if (one === undefined || other === undefined) return one === other;
  return equalBytes(one.extnValue, other.extnValue);
}

/** The entry that speaks of a certificate; one that revokes it before one that takes it off again. */
function entryOf(
  { serialNumber }: Certificate,
  issuerKey: string,
  { index, scope }: Candidate,
): RevokedCertificate | undefined {
  const key = `directory ${issuerKey}`;
  const entries = index
    .find(serialNumber)
    .filter(({ certificateIssuer }) =>
      certificateIssuer === undefined ? scope.issuer === issuerKey : keysOf(certificateIssuer).has(key),
    );
  return entries.find((entry) => reasonCode(entry) !== 'removeFromCRL') ?? entries[0];
}

/** Keys of the names of an indirect list, made once for all the entries that stand under them. */
const knownKeys: WeakMap<readonly GeneralName[], ReadonlySet<string>> = /* @__PURE__ */ new WeakMap();

function keysOf(names: readonly GeneralName[]): ReadonlySet<string> {
  let keys = knownKeys.get(names);
  if (keys === undefined) {
    keys = new Set(names.map(generalNameKey));
    knownKeys.set(names, keys);
  }
  return keys;
}
