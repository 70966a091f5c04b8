import { equalBytes } from '@mayfly/der';
import { keyFault } from './algorithm-policy.js';
import { inheritedKey } from './inherited-parameters.js';
import type { KnownAnchor } from './known-anchors.js';
import { spend } from './limits.js';
import type { Link } from './link.js';
import type { Settings } from './options.js';
import { authorityFault } from './own-faults.js';
import { fault, isFault, isFinal, type PathAttempt, type PathFault } from './refusal.js';
import { type Signatures, signatureFault } from './signatures.js';
import type { Steps } from './steps.js';
import { type Validation, validatePathConstraints } from './validation.js';

/** A path that holds, or the likeliest of those that do not. */
export type Outcome =
  | {
      readonly ok: true;
      /** From the leaf to the last certificate before the anchor. */
      readonly links: readonly Link[];
      readonly anchor: KnownAnchor;
      readonly policies: readonly string[];
      readonly attempts: readonly PathAttempt[];
    }
  | Failure;

interface Failure {
  readonly ok: false;
  readonly fault: PathFault;
  /** From the leaf to the certificate that is to blame. */
  readonly links: readonly Link[];
  /** How far the path came: the failure of the one that came farthest tells most. */
  readonly progress: number;
  readonly attempts: readonly PathAttempt[];
}

/** Everything a search carries along. */
export interface Search {
  readonly settings: Settings;
  /** Possible issuers by their subject. */
  readonly intermediates: ReadonlyMap<string, readonly Link[]>;
  readonly signatures: Signatures;
  /** What is wrong with an authority by itself, once looked at; `null` where nothing is. */
  readonly faults: Map<Link, PathFault | null>;
  /** Who may have issued a certificate, in the order of trying, once looked up. */
  readonly candidates: Map<Link, readonly Candidate[]>;
  /** Where a path has to end at one anchor: that of another path. */
  readonly onlyAnchor?: KnownAnchor;
  /** What else a path that reached its anchor has to stand. */
  readonly alsoRequire?: (links: readonly Link[], anchor: KnownAnchor) => Steps<Validation | undefined>;
}

/** Intermediates by subject, each once. */
export function indexIntermediates({ intermediates, store }: Settings): ReadonlyMap<string, readonly Link[]> {
  const found = new Map<string, Link[]>();
  for (const certificate of intermediates) {
    const link = store.linkOf(certificate);
    const others = found.get(link.subject);
    if (others === undefined) found.set(link.subject, [link]);
    else if (!others.some((other) => equalBytes(other.certificate.der, certificate.der))) others.push(link);
  }
  return found;
}

/** Someone who may have issued a certificate. */
export type Candidate =
  | { readonly anchor: KnownAnchor; readonly link?: Link }
  | { readonly anchor?: undefined; readonly link: Link };

/** How far one attempt came, after `length` certificates; see {@link Failure}. */
const progressOf = (length: number, stage: 'signature' | 'none' | 'issuer' | 'path'): number =>
  length * 4 + ['signature', 'none', 'issuer', 'path'].indexOf(stage);

/** Tries everyone who may have issued the last certificate of a chain, anchors first. */
export function* extend(search: Search, links: readonly Link[]): Steps<Outcome> {
  const last = links[links.length - 1]!;
  const attempts: PathAttempt[] = [];
  let likeliest: Failure | undefined;
  for (const candidate of candidatesFor(search, last)) {
    if (visits(links, candidate)) continue;
    const outcome = yield* tryIssuer(search, links, candidate);
    if (search.settings.explain) attempts.push(attemptOf(candidate, outcome, links.length));
    if (outcome.ok || isFinal(outcome.fault)) return { ...outcome, attempts };
    if (likeliest === undefined || outcome.progress > likeliest.progress) likeliest = outcome;
  }
  if (likeliest !== undefined) return { ...likeliest, attempts };
  const message = last.isSelfIssued
    ? 'The certificate is issued under its own name, and no such anchor or intermediate has signed it'
    : 'No certificate of its issuer is among anchors and intermediates';
  return failure(fault('IssuerNotFound', 'RFC 5280 §6.1.3 (a)(4)', message), links, progressOf(links.length, 'none'));
}

function* tryIssuer(search: Search, links: readonly Link[], candidate: Candidate): Steps<Outcome> {
  const { settings } = search;
  const last = links[links.length - 1]!;
  const { depth } = settings.budget.limits;
  if (links.length >= depth)
    return failure(
      fault('PathTooDeep', 'limit', `No anchor within ${depth} certificates`),
      links,
      progressOf(links.length, 'issuer'),
    );
  const exhausted = spend(settings.budget, 'candidates');
  if (exhausted !== undefined) return failure(exhausted, links, progressOf(links.length, 'issuer'));
  const withIssuer = candidate.link === undefined ? links : [...links, candidate.link];
  const unfit =
    issuerFault(search, candidate) ??
    purposeOfAnchorFault(search, candidate) ??
    pathLenFault(settings, links, candidate);
  if (unfit !== undefined) return failure(unfit, withIssuer, progressOf(links.length, 'issuer'));

  // A key without parameters of its own has to wait for those from above; above an anchor there is nothing.
  if (candidate.anchor !== undefined || !candidate.link.lacksParameters) {
    const key = keyOf(candidate);
    const unsigned = yield* signatureFault(search.signatures, settings, last, key, links.length > 1);
    if (unsigned !== undefined) return failure(unsigned, links, progressOf(links.length, 'signature'));
  }
  if (candidate.anchor === undefined) return yield* extend(search, [...links, candidate.link]);

  const { anchor } = candidate;
  const inherited = links.some((link) => link.lacksParameters)
    ? yield* verifyInherited(search, links, anchor)
    : undefined;
  const validation = inherited ?? validatePathConstraints(links, anchor, settings);
  const judged =
    'fault' in validation
      ? validation
      : ((search.alsoRequire && (yield* search.alsoRequire(links, anchor))) ?? validation);
  if ('fault' in judged) {
    const blamed = links.slice(0, links.indexOf(judged.link) + 1);
    return failure(judged.fault, blamed, progressOf(links.length, 'path'));
  }
  return { ok: true, links, anchor, policies: judged.policies, attempts: [] };
}

const failure = (found: PathFault, links: readonly Link[], progress: number): Failure => ({
  ok: false,
  fault: found,
  links,
  progress,
  attempts: [],
});

/** RFC 5280 §6.1.4 (d) to (f): signatures by keys that take their parameters from above, now that what is above is known. */
function* verifyInherited(
  { signatures, settings }: Search,
  links: readonly Link[],
  anchor: KnownAnchor,
): Steps<Extract<Validation, { fault: PathFault }> | undefined> {
  let working = anchor.given.subjectPublicKeyInfo;
  for (let i = links.length - 1; i > 0; i--) {
    const { certificate, lacksParameters } = links[i]!;
    working = inheritedKey(certificate.subjectPublicKeyInfo, working);
    if (!lacksParameters) continue;
    const link = links[i - 1]!;
    const unsigned = yield* signatureFault(signatures, settings, link, working, false);
    if (unsigned !== undefined) return { fault: unsigned, link };
  }
  return undefined;
}

/** What is wrong with a candidate by itself, whatever it may have issued. */
function issuerFault({ settings, faults }: Search, { anchor, link }: Candidate): PathFault | undefined {
  if (link === undefined) return keyFault(anchor!.given.subjectPublicKeyInfo, settings.algorithms);
  let found = faults.get(link);
  if (found === undefined) {
    found =
      (anchor !== undefined && !settings.anchorConstraints
        ? keyFault(link.certificate.subjectPublicKeyInfo, settings.algorithms)
        : authorityFault(link, settings, anchor === undefined ? 'intermediate' : 'anchor')) ?? null;
    faults.set(link, found);
  }
  return found ?? undefined;
}

/** Who trusts a key for one purpose alone does not trust it for others by way of another certificate for it. */
function purposeOfAnchorFault(search: Search, { anchor, link }: Candidate): PathFault | undefined {
  if (anchor !== undefined) return undefined;
  for (const trusted of search.settings.store.anchorsNamed(link.subject)) {
    if (!equalBytes(trusted.given.subjectPublicKeyInfo, link.certificate.subjectPublicKeyInfo)) continue;
    const found = issuerFault(search, { anchor: trusted, ...(trusted.link && { link: trusted.link }) });
    if (found?.reason === 'ExtKeyUsageMismatch') return found;
  }
  return undefined;
}

/** RFC 5280 §6.1.4 (l) and (m), counted from below: self-issued certificates and the leaf do not count. */
function pathLenFault(settings: Settings, links: readonly Link[], { anchor, link }: Candidate): PathFault | undefined {
  let below = 0;
  for (let i = 1; i < links.length; i++) if (!links[i]!.isSelfIssued) below++;
  const rule = 'RFC 5280 §6.1.4 (l)';
  if (below > settings.maxPathLength)
    return fault('PathLenExceeded', rule, `${below} intermediates, at most ${settings.maxPathLength} are accepted`);
  const most = pathLenConstraint(settings, anchor, link);
  if (most === undefined || below <= most) return undefined;
  return fault('PathLenExceeded', rule, `${below} intermediates below the issuer, its pathLenConstraint is ${most}`);
}

function pathLenConstraint(
  settings: Settings,
  anchor: KnownAnchor | undefined,
  link: Link | undefined,
): number | undefined {
  if (link === undefined)
    return anchor !== undefined && 'pathLenConstraint' in anchor.given ? anchor.given.pathLenConstraint : undefined;
  if (anchor !== undefined && !settings.anchorConstraints) return undefined;
  const { decoded } = link;
  return isFault(decoded) ? undefined : decoded.basicConstraints?.pathLenConstraint;
}

/** DER of the key that a candidate would have signed with. */
const keyOf = ({ anchor, link }: Candidate): Uint8Array => (link?.certificate ?? anchor!.given).subjectPublicKeyInfo;

/** Whether a chain would visit an authority twice: a loop. */
function visits(links: readonly Link[], candidate: Candidate): boolean {
  const subject = candidate.link?.subject ?? candidate.anchor!.subject;
  for (const one of links)
    if (one.subject === subject && equalBytes(one.certificate.subjectPublicKeyInfo, keyOf(candidate))) return true;
  return false;
}

/** Anchors, then intermediates; among each those with the key identifier that is asked for, those without one, the others. */
function candidatesFor(search: Search, issued: Link): readonly Candidate[] {
  const known = search.candidates.get(issued);
  if (known !== undefined) return known;
  const { settings, intermediates, onlyAnchor } = search;
  const anchors = settings.store.anchorsNamed(issued.issuer);
  const others = intermediates.get(issued.issuer) ?? [];
  const candidates: readonly Candidate[] = [
    ...anchors
      .filter((anchor) => onlyAnchor === undefined || anchor === onlyAnchor)
      .map((anchor) => ({ anchor, ...(anchor.link && { link: anchor.link }) })),
    ...others.map((link) => ({ link })),
  ];
  const inOrder = candidates.length < 2 ? candidates : ranked(candidates, issued, settings.at);
  search.candidates.set(issued, inOrder);
  return inOrder;
}

/** The identifier is a hint (RFC 5280 §4.2.1.1), so all are tried in the end. */
function ranked(candidates: readonly Candidate[], issued: Link, at: number): readonly Candidate[] {
  const { decoded } = issued;
  const wanted = isFault(decoded) ? undefined : decoded.authorityKeyIdentifier?.keyIdentifier;
  const rank = ({ anchor, link }: Candidate): number => {
    const known = link === undefined || isFault(link.decoded) ? undefined : link.decoded.subjectKeyIdentifier;
    const identifier = wanted === undefined || known === undefined ? 1 : equalBytes(known, wanted) ? 0 : 2;
    const { notBefore = at, notAfter = at } = link?.certificate.validity ?? {};
    const stale = at < notBefore || at > notAfter;
    return (anchor === undefined ? 8 : 0) + identifier * 2 + (stale ? 1 : 0);
  };
  return candidates
    .map((candidate) => ({ candidate, rank: rank(candidate) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ candidate }) => candidate);
}

/** What `explain` tells of one candidate. */
function attemptOf({ anchor, link }: Candidate, outcome: Outcome, length: number): PathAttempt {
  const certificate = link?.certificate;
  const own = !outcome.ok && outcome.attempts.length === 0 && outcome.links.length <= length + 1;
  return {
    subject: certificate?.subject ?? anchor!.given.subject,
    ...(certificate && { certificate }),
    isAnchor: anchor !== undefined,
    ...(own && { fault: outcome.fault }),
    issuers: outcome.attempts,
  };
}
