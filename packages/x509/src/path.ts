import { DerError, equalBytes, type Oid, type Seconds, toHex } from '@mayfly/der';
import { type Certificate, signedParts } from './certificate.js';
import { X509Error } from './errors.js';
import { authorityKeyIdentifier } from './extensions/authority-key-identifier.js';
import { basicConstraints, idCeBasicConstraints } from './extensions/basic-constraints.js';
import { extKeyUsage, idCeExtKeyUsage, keyPurposes } from './extensions/ext-key-usage.js';
import { findExtension, unhandledCritical } from './extensions/find-extension.js';
import { idCeInhibitAnyPolicy } from './extensions/inhibit-any-policy.js';
import { idCeKeyUsage, keyUsage } from './extensions/key-usage.js';
import { idCeNameConstraints } from './extensions/name-constraints.js';
import { idCePolicyConstraints } from './extensions/policy-constraints.js';
import { idCeSubjectAltName, subjectAltName } from './extensions/subject-alt-name.js';
import { subjectKeyIdentifier } from './extensions/subject-key-identifier.js';
import { parseName } from './name/codec.js';
import { matchingKey } from './name/match.js';
import type { VerifySignature } from './signed.js';

/** What a chain is checked against. */
export interface PathOptions {
  /** Trusted whoever signed them; all else that is asked of an issuer is asked of them too. */
  readonly anchors: readonly Certificate[];
  /** May be in any order, useless, wrong or there twice. Default none. */
  readonly intermediates?: readonly Certificate[];
  /** When the chain is to be good. */
  readonly at: Seconds;
  /** What the leaf, and every intermediate that says what it is for, must be good for. Default anything. */
  readonly extKeyUsage?: Oid;
  readonly verify: VerifySignature;
  /** Signature checks spent before giving up. Default 100. */
  readonly budget?: number;
}

/** Why no chain was found; where several were tried, what was wrong with the likeliest. */
export type PathRefusalReason =
  | 'BadExtension'
  | 'BudgetExhausted'
  | 'Expired'
  | 'ExtKeyUsageMismatch'
  | 'IssuerNotCA'
  | 'IssuerNotFound'
  | 'IssuerUnnamed'
  | 'KeyCertSignMissing'
  | 'NameConstraintsUnsupported'
  | 'NotYetValid'
  | 'PathLenExceeded'
  | 'PathTooDeep'
  | 'PolicyConstraintsUnsupported'
  | 'SignatureInvalid'
  | 'UnhandledCriticalExtension';

/** An expected refusal. */
export interface PathRefusal {
  readonly ok: false;
  readonly reason: PathRefusalReason;
  readonly message: string;
  /** The certificate that is to blame. */
  readonly certificate: Certificate;
}

/** A chain from the leaf to an anchor, both included, or why there is none. */
export type PathResult = { readonly ok: true; readonly chain: readonly Certificate[] } | PathRefusal;

/** Most certificates in a chain, leaf and anchor included. */
const MAX_DEPTH = 8;
const DEFAULT_BUDGET = 100;
/** Most candidates looked at, however many signatures are checked: what is offered may be anything. */
const MAX_LOOKS = 1000;

/** Critical extensions that this check honours. Policies and name constraints are not among them. */
const HANDLED: readonly Oid[] = [idCeBasicConstraints, idCeKeyUsage, idCeExtKeyUsage, idCeSubjectAltName];

/** Extensions of an authority that narrow a chain by policies, critical or not. */
const POLICY_CONSTRAINTS: readonly Oid[] = [idCePolicyConstraints, idCeInhibitAnyPolicy];

/** Everything a search carries along. */
interface Search {
  readonly options: PathOptions;
  /** Possible issuers by their subject. */
  readonly anchors: ReadonlyMap<string, readonly Certificate[]>;
  readonly intermediates: ReadonlyMap<string, readonly Certificate[]>;
  budget: number;
  looks: number;
  /** What `verify` threw, in order: errors of one candidate say nothing of the others. */
  readonly failures: unknown[];
}

/**
 * Looks for a chain of signatures from a leaf to an anchor that is good at a moment.
 *
 * This is a part of RFC 5280 §6: names, signatures, dates, basicConstraints, keyUsage and extended key usage. It knows neither
 * certificate policies nor revocation, and refuses a chain in which an authority has name or policy constraints
 * (`NameConstraintsUnsupported`, `PolicyConstraintsUnsupported`) or any certificate a critical extension that it does not
 * honour, so in a chain that it accepts it passed over nothing that narrows it. Whether the leaf has the name that somebody
 * looked for is asked elsewhere.
 * @throws What `verify` threw first, when no other candidate gave a chain. RangeError for a moment that is no whole second
 * and a budget that is no whole number. Broken extensions are a refusal.
 */
export async function validatePath(leaf: Certificate, options: PathOptions): Promise<PathResult> {
  const { at, budget = DEFAULT_BUDGET } = options;
  if (!Number.isSafeInteger(at)) throw new RangeError(`Cannot validate path: not a whole second ${at}`);
  if (!Number.isSafeInteger(budget)) throw new RangeError(`Cannot validate path: not a whole number ${budget}`);
  const search: Search = {
    options,
    anchors: bySubject(options.anchors),
    intermediates: bySubject(options.intermediates ?? []),
    budget,
    looks: MAX_LOOKS,
    failures: [],
  };
  const refusal = refuseLeaf(leaf, options);
  if (refusal !== undefined) return refusal;
  if (options.anchors.some(({ der }) => equalBytes(der, leaf.der))) return { ok: true, chain: [leaf] };
  const result = await extend(search, [leaf]);
  if (!result.ok && search.failures.length > 0) throw search.failures[0];
  return result;
}

function bySubject(certificates: readonly Certificate[]): ReadonlyMap<string, readonly Certificate[]> {
  const seen = new Set<string>();
  const found = new Map<string, Certificate[]>();
  for (const certificate of certificates) {
    const octets = toHex(certificate.der);
    if (seen.has(octets)) continue;
    seen.add(octets);
    const key = nameKey(certificate.subject);
    const others = found.get(key);
    if (others === undefined) found.set(key, [certificate]);
    else others.push(certificate);
  }
  return found;
}

function nameKey(name: Uint8Array): string {
  try {
    return matchingKey(parseName(name));
  } catch {
    return `malformed ${toHex(name)}`; // matches its octets alone: no matchingKey begins like this
  }
}

/** Tries every certificate that may have issued the last one of a chain, anchors first. */
async function extend(search: Search, chain: readonly Certificate[]): Promise<PathResult> {
  const last = chain[chain.length - 1]!;
  const issuer = nameKey(last.issuer);
  let likeliest: PathRefusal | undefined;
  for (const [candidates, isAnchor] of [
    [search.anchors.get(issuer), true],
    [search.intermediates.get(issuer), false],
  ] as const) {
    for (const candidate of preferred(candidates ?? [], last)) {
      if (chain.some((certificate) => isSameAuthority(certificate, candidate))) continue;
      const result = await tryIssuer(search, chain, candidate, isAnchor);
      if (result.ok || result.reason === 'BudgetExhausted') return result;
      likeliest ??= result;
    }
  }
  return likeliest ?? refuse('IssuerNotFound', 'No certificate of its issuer is among anchors and intermediates', last);
}

async function tryIssuer(
  search: Search,
  chain: readonly Certificate[],
  candidate: Certificate,
  isAnchor: boolean,
): Promise<PathResult> {
  const last = chain[chain.length - 1]!;
  if (chain.length === MAX_DEPTH) return refuse('PathTooDeep', `No anchor within ${MAX_DEPTH} certificates`, last);
  if (search.looks-- <= 0) return refuse('BudgetExhausted', `More than ${MAX_LOOKS} candidates to look at`, last);
  const refusal = refuseIssuer(candidate, chain, search.options);
  if (refusal !== undefined) return refusal;
  if (search.budget-- <= 0) return refuse('BudgetExhausted', 'Too many signatures had to be checked', last);
  if (!(await verifies(search, last, candidate)))
    return refuse('SignatureInvalid', 'The signature does not fit the key of its issuer', last);
  const longer = [...chain, candidate];
  return isAnchor ? { ok: true, chain: longer } : extend(search, longer);
}

/** Whether the key of an issuer fits; one that cannot be judged by, perhaps of an algorithm that is not here, does not. */
async function verifies({ options, failures }: Search, issued: Certificate, issuer: Certificate): Promise<boolean> {
  try {
    return await options.verify(signedParts(issued), issuer.subjectPublicKeyInfo);
  } catch (error) {
    failures.push(error); // thrown in the end, unless another candidate fits
    return false;
  }
}

/**
 * Candidates in the order that they are worth a signature check: those with the key identifier that is asked for, those
 * without one, the others. It is a hint (RFC 5280 §4.2.1.1), so the others are tried too.
 */
function preferred(candidates: readonly Certificate[], issued: Certificate): readonly Certificate[] {
  const wanted = attempt(() => authorityKeyIdentifier(issued)?.keyIdentifier);
  if (wanted === undefined || candidates.length < 2) return candidates;
  const rank = (candidate: Certificate): number => {
    const identifier = attempt(() => subjectKeyIdentifier(candidate));
    return identifier === undefined ? 1 : equalBytes(identifier, wanted) ? 0 : 2;
  };
  return [0, 1, 2].flatMap((rankWanted) => candidates.filter((candidate) => rank(candidate) === rankWanted));
}

/** A hint that cannot be read is none. */
function attempt<T>(hint: () => T): T | undefined {
  try {
    return hint();
  } catch {
    return undefined; // what is broken is refused when the certificate itself is looked at
  }
}

/** Whether two certificates stand for one authority: a chain that visits one twice is a loop. */
const isSameAuthority = (a: Certificate, b: Certificate): boolean =>
  equalBytes(a.subject, b.subject) && equalBytes(a.subjectPublicKeyInfo, b.subjectPublicKeyInfo);

const refuseLeaf = (leaf: Certificate, options: PathOptions): PathRefusal | undefined =>
  refuseDates(leaf, options.at) ?? orBadExtension(leaf, () => refuseCritical(leaf) ?? refusePurpose(leaf, options));

/** RFC 5280 §6.1.4 (k) to (o), for whoever issued the last certificate of a chain. */
const refuseIssuer = (
  issuer: Certificate,
  chain: readonly Certificate[],
  options: PathOptions,
): PathRefusal | undefined =>
  refuseDates(issuer, options.at) ??
  orBadExtension(issuer, () => {
    const constraints = basicConstraints(issuer);
    // RFC 5280 §4.1.2.4: the name of an issuer is not empty, or everybody without one could be it.
    if (issuer.subject.length === 2) return refuse('IssuerUnnamed', 'The subject of the issuer is empty', issuer);
    if (!constraints?.cA)
      return refuse('IssuerNotCA', 'The issuer is not a certification authority by its basicConstraints', issuer);
    if (keyUsage(issuer)?.has('keyCertSign') === false)
      return refuse('KeyCertSignMissing', 'The keyUsage of the issuer lacks keyCertSign', issuer);
    const below = chain.slice(1).filter((certificate) => !isSelfIssued(certificate)).length;
    if (constraints.pathLenConstraint !== undefined && below > constraints.pathLenConstraint)
      return refuse(
        'PathLenExceeded',
        `${below} intermediates below the issuer, its pathLenConstraint is ${constraints.pathLenConstraint}`,
        issuer,
      );
    if (findExtension(issuer, idCeNameConstraints) !== undefined)
      return refuse('NameConstraintsUnsupported', 'The issuer has name constraints, which are not evaluated', issuer);
    if (POLICY_CONSTRAINTS.some((extnID) => findExtension(issuer, extnID) !== undefined))
      return refuse('PolicyConstraintsUnsupported', 'The issuer constrains policies, which are not evaluated', issuer);
    return refuseCritical(issuer) ?? refusePurpose(issuer, options);
  });

const isSelfIssued = ({ issuer, subject }: Certificate): boolean =>
  equalBytes(issuer, subject) || nameKey(issuer) === nameKey(subject);

function refuseDates(certificate: Certificate, at: Seconds): PathRefusal | undefined {
  const { notBefore, notAfter } = certificate.validity;
  if (at < notBefore) return refuse('NotYetValid', `The certificate is valid ${notBefore - at} s later`, certificate);
  if (at > notAfter) return refuse('Expired', `The certificate expired ${at - notAfter} s before`, certificate);
  return undefined;
}

function refuseCritical(certificate: Certificate): PathRefusal | undefined {
  const [unhandled] = unhandledCritical(certificate, HANDLED);
  if (unhandled === undefined) return undefined;
  return refuse('UnhandledCriticalExtension', `The critical extension ${unhandled} is not evaluated`, certificate);
}

function refusePurpose(certificate: Certificate, { extKeyUsage: wanted }: PathOptions): PathRefusal | undefined {
  const purposes = extKeyUsage(certificate);
  if (wanted === undefined || purposes === undefined) return undefined;
  if (purposes.includes(wanted) || purposes.includes(keyPurposes.anyExtendedKeyUsage)) return undefined;
  return refuse('ExtKeyUsageMismatch', `The certificate is not for the purpose ${wanted}`, certificate);
}

/** Runs checks that decode extensions; one that is honoured but broken is a refusal. */
function orBadExtension(certificate: Certificate, check: () => PathRefusal | undefined): PathRefusal | undefined {
  try {
    for (const decode of [basicConstraints, keyUsage, extKeyUsage, subjectAltName]) decode(certificate);
    return check();
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error)
      return refuse('BadExtension', error.message, certificate);
    throw error;
  }
}

const refuse = (reason: PathRefusalReason, message: string, certificate: Certificate): PathRefusal => ({
  ok: false,
  reason,
  message,
  certificate,
});
