import type { Oid } from '@mayfly/der';
import type { Certificate } from '../certificate.js';
import type { SyncVerifySignature } from '../signed.js';
import type { Link } from './link.js';
import { type PathOptions, type Settings, settingsOf } from './options.js';
import { leafFault } from './own-faults.js';
import { referenceNameFault } from './reference-name.js';
import { decodedOr, fault, isFault, type PathAttempt, type PathFault, type PathRefusal } from './refusal.js';
import { revocationCheck } from './revocation.js';
import { extend, indexIntermediates, type Search } from './search.js';
import { run, runSync, type Steps } from './steps.js';
import type { TrustAnchor } from './trust-anchor.js';

/** A path that holds. */
export interface ValidPath {
  readonly ok: true;
  /** From the leaf to the anchor; where that is no certificate, to the last one before it. */
  readonly chain: readonly Certificate[];
  readonly anchor: Certificate | TrustAnchor;
  /** user-constrained-policy-set: what the path is good for, in the words of the anchor. anyPolicy where all would do. */
  readonly policies: readonly Oid[];
  /** All that was tried; with the option `explain` alone. */
  readonly attempt?: PathAttempt;
}

/** A path from the leaf to an anchor, or why there is none. */
export type PathResult = ValidPath | PathRefusal;

/** {@link PathOptions} with a verifier that does not wait. */
export type SyncPathOptions = Omit<PathOptions, 'verify'> & { readonly verify: SyncVerifySignature };

/**
 * Builds and validates a certification path from a leaf to an anchor, at a moment (RFC 5280 §6, RFC 9618 for its policies).
 *
 * Paths are built from the leaf up: who has the issuer's name is tried, anchors first, those with the right key identifier
 * before others. A candidate is looked at before a signature is spent on it, and the next one is tried when a path fails,
 * as long as `limits` allow. The refusal that comes back is that of the path that came farthest.
 * @throws What `verify` threw first, when no other candidate gave a path; errors with the code
 * `ERR_KEYS_UNSUPPORTED_ALGORITHM` or `ERR_KEYS_PUBLIC_KEY` are `SignatureUnverifiable` instead. RangeError and TypeError
 * for options out of range. Whatever stands in certificates is a refusal.
 */
export const validatePath = (leaf: Certificate, options: PathOptions): Promise<PathResult> =>
  run(validation(leaf, options));

/**
 * {@link validatePath} without waiting.
 * @throws As there; TypeError when something answers with a promise.
 */
export const validatePathSync = (leaf: Certificate, options: SyncPathOptions): PathResult =>
  runSync(validation(leaf, options));

function* validation(certificate: Certificate, options: PathOptions): Steps<PathResult> {
  const settings = settingsOf(options);
  const { store } = settings;
  const leaf = store.leafLink(certificate);
  const itself = store.anchorThatIs(leaf);
  const unfit = leafFault(leaf, settings, itself !== undefined) ?? namesFault(leaf, settings);
  if (unfit !== undefined) return refused(unfit, [leaf], settings, leaf, []);
  if (itself !== undefined) {
    if (settings.policies.requireExplicitPolicy)
      return refused(
        fault('PolicyNotAcceptable', 'RFC 5280 §6.1.5 (g)', 'A policy is required, and a trusted leaf comes without'),
        [leaf],
        settings,
        leaf,
        [],
      );
    return { ok: true, chain: [certificate], anchor: certificate, policies: [] };
  }
  const plain: Search = {
    settings,
    intermediates: indexIntermediates(settings),
    signatures: { results: new Map(), failures: [] },
    faults: new Map(),
    candidates: new Map(),
  };
  const search: Search =
    settings.revocation === undefined ? plain : { ...plain, alsoRequire: revocationCheck(plain, settings.revocation) };
  const outcome = yield* extend(search, [leaf]);
  if (!outcome.ok) {
    if (search.signatures.failures.length > 0) throw search.signatures.failures[0];
    return refused(outcome.fault, outcome.links, settings, leaf, outcome.attempts);
  }
  const { links, anchor, policies, attempts } = outcome;
  for (let i = 1; i < links.length; i++) {
    const issuer = links[i + 1];
    if (issuer?.lacksParameters !== true)
      store.remember(settings.verify, links[i]!, (issuer?.certificate ?? anchor.given).subjectPublicKeyInfo);
  }
  const above = anchor.link === undefined ? links : [...links, anchor.link];
  return {
    ok: true,
    chain: above.map((link) => link.certificate),
    anchor: anchor.given,
    policies,
    ...(settings.explain && { attempt: attemptOf(leaf, attempts) }),
  };
}

function namesFault(leaf: Link, { names, isPublicSuffix }: Settings): PathFault | undefined {
  for (const name of names) {
    const found = decodedOr(() => referenceNameFault(leaf.certificate, name, isPublicSuffix) ?? {});
    if (isFault(found)) return found;
  }
  return undefined;
}

function refused(
  { reason, message, rule }: PathFault,
  links: readonly Link[],
  { explain }: Settings,
  leaf: Link,
  attempts: readonly PathAttempt[],
): PathRefusal {
  const chain = links.map((link) => link.certificate);
  return {
    ok: false,
    reason,
    message,
    rule,
    certificate: chain[chain.length - 1]!,
    chain,
    ...(explain && {
      attempt: attemptOf(leaf, attempts, attempts.length === 0 ? { reason, message, rule } : undefined),
    }),
  };
}

const attemptOf = (leaf: Link, issuers: readonly PathAttempt[], found?: PathFault): PathAttempt => ({
  subject: leaf.certificate.subject,
  certificate: leaf.certificate,
  isAnchor: false,
  ...(found && { fault: found }),
  issuers,
});
