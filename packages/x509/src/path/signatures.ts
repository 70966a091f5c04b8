import { equalBytes } from '@mayfly/der';
import { signedParts } from '../certificate.js';
import { spend } from './limits.js';
import type { Link } from './link.js';
import type { Settings } from './options.js';
import { fault, type PathFault } from './refusal.js';
import { type Steps, settled } from './steps.js';

/** Signatures that one validation has looked at. */
export interface Signatures {
  /** What each key was found to be to a certificate; `null` where it signed it. */
  readonly results: Map<Link, { readonly key: Uint8Array; readonly found: PathFault | null }[]>;
  /** What `verify` threw, in order: errors of one candidate say nothing of the others. */
  readonly failures: unknown[];
}

/** Errors of a verifier that tell of the key and the signature, not of the verifier's health. */
const LACKING: ReadonlySet<unknown> = /* @__PURE__ */ new Set([
  'ERR_KEYS_UNSUPPORTED_ALGORITHM',
  'ERR_KEYS_PUBLIC_KEY',
]);

/**
 * RFC 5280 §6.1.3 (a)(1): whether a key signed a certificate. What is known from this validation, or of an authority from an
 * earlier one, costs nothing.
 * @param isAuthority - Whether the certificate stands above another one.
 */
export function* signatureFault(
  { results, failures }: Signatures,
  { store, verify, budget }: Settings,
  issued: Link,
  key: Uint8Array,
  isAuthority: boolean,
): Steps<PathFault | undefined> {
  if (isAuthority && store.isKnownSignature(verify, issued, key)) return undefined;
  const known = results.get(issued) ?? [];
  for (const before of known) if (equalBytes(before.key, key)) return before.found ?? undefined;
  const exhausted = spend(budget, 'signatures');
  if (exhausted !== undefined) return exhausted;
  const rule = 'RFC 5280 §6.1.3 (a)(1)';
  let found: PathFault | null;
  try {
    const fits = verify(signedParts(issued.certificate), key);
    found =
      (typeof fits === 'boolean' ? fits : yield* settled(fits)) === true
        ? null
        : fault('SignatureInvalid', rule, 'The signature does not fit the key of its issuer');
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }; // whatever was thrown
    const isLacking = LACKING.has(code);
    if (!isLacking) failures.push(error); // thrown in the end, unless another candidate fits
    found = fault('SignatureUnverifiable', rule, isLacking ? String(message) : 'The verifier failed');
  }
  known.push({ key, found });
  results.set(issued, known);
  return found ?? undefined;
}
