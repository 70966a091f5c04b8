import { equalBytes, formatDuration, type Seconds } from '@mayfly/der';
import type { Certificate } from '../certificate.js';
import { type CertificateList, crlSignedParts } from '../crl/certificate-list.js';
import type { IndexedCRL } from '../crl/serial-index.js';
import { crlStatus } from '../crl/status.js';
import { idCeAuthorityKeyIdentifier } from '../extensions/authority-key-identifier.js';
import { anyPolicy } from '../extensions/certificate-policies.js';
import { idCeCRLNumber } from '../extensions/crl-number.js';
import { findExtension } from '../extensions/find-extension.js';
import { requireTimes } from '../require-times.js';
import type { RevocationStatus } from '../revocation-status.js';
import { signatureAlgorithmFault } from './algorithm-policy.js';
import { inheritedKey } from './inherited-parameters.js';
import type { KnownAnchor } from './known-anchors.js';
import { spend } from './limits.js';
import type { Link } from './link.js';
import type { Settings } from './options.js';
import { leafFault } from './own-faults.js';
import { fault, isFault, isFinal, type PathFault } from './refusal.js';
import type { RevocationOptions, RevocationQuestion } from './revocation-options.js';
import { extend, type Search } from './search.js';
import { type Steps, settled } from './steps.js';
import type { Validation } from './validation.js';

/** RFC 5280 §6.1.3 (a)(3): what a whole path is asked of revocation. */
export type RevocationCheck = (links: readonly Link[], anchor: KnownAnchor) => Steps<Validation | undefined>;

/** Whoever only has the name of the issuer has to be told to sign lists: a name alone may be anybody's. */
const saysThatItIssuesLists = ({ decoded }: Link): boolean =>
  !isFault(decoded) && decoded.keyUsage?.has('cRLSign') === true;

/** Makes the check of one search. */
export function revocationCheck(search: Search, options: RevocationOptions): RevocationCheck {
  /** Certificates whose status is being looked for: what depends on itself is not known. */
  const pending = new Set<Link>();
  /**
   * Lists whose signer is being looked at. Some authorities have the signer of lists on the list that it signs, and on no
   * other: that list then speaks for itself, as far as it does not revoke its own signer.
   */
  const assumed = new Set<CertificateList>();
  /** What is wrong with certificates on the way to signers of lists, who are asked for less than leaves are. */
  const signerFaults: Search['faults'] = new Map();
  const signatures = new Map<CertificateList, readonly { readonly key: Uint8Array; readonly signed: boolean }[]>();
  const known = new Map<
    Link,
    readonly { readonly anchor: KnownAnchor; readonly key: Uint8Array; readonly found: PathFault | undefined }[]
  >();
  const { mode, sources = [], crls = [], maxAge, scope = 'path', ...unknown } = options;
  unknown satisfies Record<string, never>;
  requireTimes(search.settings.at, { maxAge });
  if (mode !== 'hard-fail' && mode !== 'soft-fail')
    throw new TypeError(`Cannot validate path: no revocation mode ${mode satisfies never}`);
  return check;

  function* check(links: readonly Link[], anchor: KnownAnchor): Steps<Validation | undefined> {
    const keys = workingKeys(links, anchor);
    // From the anchor down: what a revoked authority says of others is worth nothing.
    for (let i = scope === 'leaf' ? 0 : links.length - 1; i >= 0; i--) {
      const link = links[i]!;
      if (pending.has(link)) return { fault: circular(), link };
      pending.add(link);
      const found = yield* knownFault(link, { ...issuerOf(links, i, anchor), subjectPublicKeyInfo: keys[i]! }, anchor);
      pending.delete(link);
      if (found !== undefined) return { fault: found, link };
    }
    return undefined;
  }

  /** {@link statusFault}, asked once for each certificate, key and anchor: paths share most of what they are made of. */
  function* knownFault(
    link: Link,
    issuer: RevocationQuestion['issuer'],
    anchor: KnownAnchor,
  ): Steps<PathFault | undefined> {
    const answers = known.get(link) ?? [];
    const key = issuer.subjectPublicKeyInfo;
    const answer = answers.find((one) => one.anchor === anchor && equalBytes(one.key, key));
    if (answer !== undefined) return answer.found;
    const found = yield* statusFault(link, issuer, anchor);
    // What was found on the way to the signer of a list may rest on what is not known yet.
    if (pending.size === 1 && assumed.size === 0) known.set(link, [...answers, { anchor, key, found }]);
    return found;
  }

  function* statusFault(
    link: Link,
    issuer: RevocationQuestion['issuer'],
    anchor: KnownAnchor,
  ): Steps<PathFault | undefined> {
    const { settings } = search;
    const { certificate } = link;
    const rule = 'RFC 5280 §6.1.3 (a)(3)';
    let trouble: string | undefined;
    for (const source of sources) {
      const status = yield* settled(source({ certificate, issuer, at: settings.at, verify: settings.verify }));
      if (status.status === 'good') return undefined;
      if (status.status === 'revoked') return revoked(status, settings.at);
      if (status.status !== 'unknown')
        throw new TypeError(
          'Cannot validate path: a source of revocation answered with none of good, revoked, unknown',
        );
      trouble ??= `${status.reason}: ${status.message}`;
    }
    const usable = settings.conformingLists ? crls.filter(({ crl }) => conforms(crl)) : crls;
    if (usable.length < crls.length)
      trouble ??= 'a list lacks authorityKeyIdentifier or cRLNumber, or has it critical (RFC 5280 §5.2)';
    // What the issuer's own key has revoked is revoked: others who may speak for its name do not take it back.
    const own = yield* listedStatus(certificate, usable, (crl) => isSignedByIssuer(crl, issuer));
    if (!('status' in own)) return own;
    if (own.status === 'revoked') return revoked(own, settings.at);
    // A list whose signer is in question is heard last: a thief of the key would write that the key is good.
    const authentic = (crl: CertificateList) => isAuthentic(crl, issuer, anchor);
    const others = usable.filter(({ crl }) => !assumed.has(crl));
    let status = yield* listedStatus(certificate, others, authentic);
    if ('status' in status && status.status === 'unknown' && others.length < usable.length)
      status = yield* listedStatus(certificate, usable, authentic);
    if (!('status' in status)) return status;
    if (status.status === 'good') return undefined;
    if (status.status === 'revoked') return revoked(status, settings.at);
    if (mode === 'soft-fail') return undefined;
    trouble ??= `${status.reason}: ${status.message}`;
    return fault('RevocationUnknown', rule, `Whether the certificate is revoked is not known: ${trouble}`);
  }

  /** What lists say, as far as they are authentic; a fault where looking at that ended everything. */
  function* listedStatus(
    certificate: Certificate,
    lists: readonly IndexedCRL[],
    isAuthentic: (crl: CertificateList) => Steps<boolean | PathFault>,
  ): Steps<RevocationStatus | PathFault> {
    const { at } = search.settings;
    const questions = crlStatus({ certificate, crls: lists, at, ...(maxAge !== undefined && { maxAge }) });
    let step = questions.next();
    while (!step.done) {
      const authentic: boolean | PathFault = yield* isAuthentic(step.value);
      if (typeof authentic !== 'boolean') return authentic;
      step = questions.next(authentic);
    }
    return step.value;
  }

  /** RFC 5280 §6.3.3 (f) and (g): who signed a list, and whether the same anchor vouches for it. */
  function* isAuthentic(
    crl: CertificateList,
    issuer: RevocationQuestion['issuer'],
    anchor: KnownAnchor,
  ): Steps<boolean | PathFault> {
    const { settings, intermediates } = search;
    const { store, algorithms } = settings;
    if (assumed.has(crl)) return true;
    if (signatureAlgorithmFault(crl.signatureAlgorithm, algorithms) !== undefined) return false;
    const name = store.nameKey(crl.issuer);
    const byIssuer = yield* isSignedByIssuer(crl, issuer);
    if (byIssuer !== false) return byIssuer;
    if (name === anchor.subject) {
      const { link, given } = anchor;
      const signed = mayIssueLists(link?.certificate ?? {}) && (yield* fits(crl, given.subjectPublicKeyInfo));
      if (signed !== false) return signed;
    }
    for (const signer of intermediates.get(name) ?? []) {
      if (pending.has(signer) || !saysThatItIssuesLists(signer)) continue;
      const signed = yield* fits(crl, signer.certificate.subjectPublicKeyInfo);
      if (signed === false) continue;
      if (signed !== true) return signed;
      assumed.add(crl);
      const trusted = yield* hasPath(signer, anchor);
      assumed.delete(crl);
      if (trusted !== false) return trusted;
    }
    return false;
  }

  function* isSignedByIssuer(crl: CertificateList, issuer: RevocationQuestion['issuer']): Steps<boolean | PathFault> {
    const { store, algorithms } = search.settings;
    if (signatureAlgorithmFault(crl.signatureAlgorithm, algorithms) !== undefined) return false;
    if (store.nameKey(crl.issuer) !== store.nameKey(issuer.subject) || !mayIssueLists(issuer)) return false;
    return yield* fits(crl, issuer.subjectPublicKeyInfo);
  }

  /** Whether the extensions of a certificate allow its key to sign lists; a name and a key may. */
  function mayIssueLists(signer: Partial<Certificate>): boolean {
    if (signer.der === undefined) return true;
    const { decoded } = search.settings.store.linkOf(signer as Certificate); // the rest is there with `der`
    return !isFault(decoded) && decoded.keyUsage?.has('cRLSign') !== false;
  }

  /** Whether a key signed a list; asked once for each. */
  function* fits(crl: CertificateList, subjectPublicKeyInfo: Uint8Array): Steps<boolean | PathFault> {
    const before = signatures.get(crl) ?? [];
    const answer = before.find(({ key }) => equalBytes(key, subjectPublicKeyInfo));
    if (answer !== undefined) return answer.signed;
    const signed = yield* verified(crl, subjectPublicKeyInfo);
    if (typeof signed === 'boolean') signatures.set(crl, [...before, { key: subjectPublicKeyInfo, signed }]);
    return signed;
  }

  function* verified(crl: CertificateList, subjectPublicKeyInfo: Uint8Array): Steps<boolean | PathFault> {
    const exhausted = spend(search.settings.budget, 'signatures');
    if (exhausted !== undefined) return exhausted;
    try {
      return (yield* settled(search.settings.verify(crlSignedParts(crl), subjectPublicKeyInfo))) === true;
    } catch {
      return false; // nobody can say who signed the list, so nobody did
    }
  }

  /** Whether a path leads from who signs lists to the anchor of the certificate in question. */
  function* hasPath(signer: Link, anchor: KnownAnchor): Steps<boolean | PathFault> {
    const settings = forSigners(search.settings);
    if (leafFault(signer, settings, false) !== undefined) return false;
    const outcome = yield* extend(
      { ...search, settings, onlyAnchor: anchor, candidates: new Map(), faults: signerFaults, alsoRequire: check },
      [signer],
    );
    if (outcome.ok) return true;
    return isFinal(outcome.fault) ? outcome.fault : false;
  }
}

/** RFC 5280 §5.2.1 and §5.2.3: every list tells its key and its number, and nobody has to understand them. */
const conforms = (crl: CertificateList): boolean =>
  [idCeAuthorityKeyIdentifier, idCeCRLNumber].every((extnID) => findExtension(crl, extnID)?.critical === false);

/** Whoever signs lists is asked for nothing that was asked of the leaf. */
const forSigners = (settings: Settings): Settings => ({
  ...settings,
  extKeyUsage: undefined,
  keyUsage: [],
  names: [],
  maxLifetime: Number.POSITIVE_INFINITY,
  rules: [],
  policies: {
    initialPolicySet: [anyPolicy],
    requireExplicitPolicy: false,
    inhibitPolicyMapping: false,
    inhibitAnyPolicy: false,
  },
  explain: false,
});

const issuerOf = (links: readonly Link[], i: number, anchor: KnownAnchor): RevocationQuestion['issuer'] =>
  links[i + 1]?.certificate ?? anchor.link?.certificate ?? anchor.given;

/** The key that each certificate was verified with, from the leaf up. */
function workingKeys(links: readonly Link[], anchor: KnownAnchor): readonly Uint8Array[] {
  const keys: Uint8Array[] = [];
  let working = anchor.given.subjectPublicKeyInfo;
  for (let i = links.length - 1; i >= 0; i--) {
    keys[i] = working;
    working = inheritedKey(links[i]!.certificate.subjectPublicKeyInfo, working);
  }
  return keys;
}

const revoked = (
  { revocationDate, reason }: Extract<RevocationStatus, { status: 'revoked' }>,
  at: Seconds,
): PathFault =>
  fault(
    'Revoked',
    'RFC 5280 §6.1.3 (a)(3)',
    `The certificate was revoked ${formatDuration(at - revocationDate)} before: ${reason}`,
  );

const circular = (): PathFault =>
  fault('RevocationUnknown', 'RFC 5280 §6.3.3 (f)', 'Only a list that the certificate itself vouches for speaks of it');
