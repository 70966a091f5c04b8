import { signedParts } from '../certificate.js';
import { spend } from './limits.js';
import type { Link } from './link.js';
import type { Settings } from './options.js';
import { fault, type PathFault } from './refusal.js';
import { type Steps, settled } from './steps.js';

/** Signatures that one validation has looked at. */
export interface Signatures {
  readonly results: Map<Link, Map<string, PathFault | null>>;
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
  { subjectPublicKeyInfo, keyText: key }: { readonly subjectPublicKeyInfo: Uint8Array; readonly keyText: string },
  isAuthority: boolean,
): Steps<PathFault | undefined> {
  if (isAuthority && store.isKnownSignature(verify, issued, key)) return undefined;
  let known = results.get(issued);
  if (known === undefined) {
    known = new Map();
    results.set(issued, known);
  }
  const before = known.get(key);
  if (before !== undefined) return before ?? undefined;
  const exhausted = spend(budget, 'signatures');
  if (exhausted !== undefined) return exhausted;
  const result = yield* check();
  known.set(key, result ?? null);
  return result;

  function* check(): Steps<PathFault | undefined> {
    const rule = 'RFC 5280 §6.1.3 (a)(1)';
    try {
      const fits = yield* settled(verify(signedParts(issued.certificate), subjectPublicKeyInfo));
      if (fits === true) return undefined;
      return fault('SignatureInvalid', rule, 'The signature does not fit the key of its issuer');
    } catch (error) {
      const { code, message } = error as { readonly code?: unknown; readonly message?: unknown }; // whatever was thrown
      if (LACKING.has(code)) return fault('SignatureUnverifiable', rule, String(message));
      failures.push(error); // thrown in the end, unless another candidate fits
      return fault('SignatureUnverifiable', rule, 'The verifier failed');
    }
  }
}
