import type { Seconds } from '@mayfly/der';
import type { Certificate } from '../certificate.js';
import { type CertificateList, crlSignedParts } from '../crl/certificate-list.js';
import { crlStatus } from '../crl/status.js';
import { idCeAuthorityKeyIdentifier } from '../extensions/authority-key-identifier.js';
import { anyPolicy } from '../extensions/certificate-policies.js';
import { idCeCRLNumber } from '../extensions/crl-number.js';
import { findExtension } from '../extensions/find-extension.js';
import type { RevocationStatus } from '../revocation-status.js';
import { signatureAlgorithmFault } from './algorithm-policy.js';
import { inheritedKey } from './inherited-parameters.js';
import { spend } from './limits.js';
import type { Link } from './link.js';
import type { Settings } from './options.js';
import { leafFault } from './own-faults.js';
import { fault, isFault, isFinal, type PathFault } from './refusal.js';
import type { RevocationOptions, RevocationQuestion } from './revocation-options.js';
import { extend, type Search } from './search.js';
import { type Steps, settled } from './steps.js';
import type { KnownAnchor } from './trust-store.js';
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
  const { mode, sources = [], crls = [], maxAge, scope = 'path', ...unknown } = options;
  unknown satisfies Record<string, never>;
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
      const found = yield* statusFault(link, { ...issuerOf(links, i, anchor), subjectPublicKeyInfo: keys[i]! }, anchor);
      pending.delete(link);
      if (found !== undefined) return { fault: found, link };
    }
    return undefined;
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
      trouble ??= `${status.reason}: ${status.message}`;
    }
    const usable = settings.conformingLists ? crls.filter(({ crl }) => conforms(crl)) : crls;
    if (usable.length < crls.length)
      trouble ??= 'a list lacks authorityKeyIdentifier or cRLNumber, or has it critical (RFC 5280 §5.2)';
    const lists = crlStatus({ certificate, crls: usable, at: settings.at, ...(maxAge !== undefined && { maxAge }) });
    let step = lists.next();
    while (!step.done) {
      const authentic: boolean | PathFault = yield* isAuthentic(step.value, issuer, anchor);
      if (typeof authentic !== 'boolean') return authentic;
      step = lists.next(authentic);
    }
    const status = step.value;
    if (status.status === 'good') return undefined;
    if (status.status === 'revoked') return revoked(status, settings.at);
    if (mode === 'soft-fail') return undefined;
    trouble ??= `${status.reason}: ${status.message}`;
    return fault('RevocationUnknown', rule, `Whether the certificate is revoked is not known: ${trouble}`);
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
    if (name === store.nameKey(issuer.subject)) {
      const signed = mayIssueLists(issuer) && (yield* fits(crl, issuer.subjectPublicKeyInfo));
      if (signed !== false) return signed;
    }
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

  /** Whether the extensions of a certificate allow its key to sign lists; a name and a key may. */
  function mayIssueLists(signer: Partial<Certificate>): boolean {
    if (signer.der === undefined) return true;
    const { decoded } = search.settings.store.linkOf(signer as Certificate); // the rest is there with `der`
    return !isFault(decoded) && decoded.keyUsage?.has('cRLSign') !== false;
  }

  function* fits(crl: CertificateList, subjectPublicKeyInfo: Uint8Array): Steps<boolean | PathFault> {
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
      { ...search, settings, onlyAnchor: anchor, candidates: new Map(), alsoRequire: check },
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
  fault('Revoked', 'RFC 5280 §6.1.3 (a)(3)', `The certificate was revoked ${at - revocationDate} s before: ${reason}`);

const circular = (): PathFault =>
  fault('RevocationUnknown', 'RFC 5280 §6.3.3 (f)', 'Only a list that the certificate itself vouches for speaks of it');
