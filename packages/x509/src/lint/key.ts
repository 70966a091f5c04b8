import type { HasExtensions } from '../extension.js';
import { type KeyUsageBit, keyUsage } from '../extensions/key-usage.js';
import { edwardsFault } from '../point/edwards.js';
import { describePointFault } from '../point/fault.js';
import { describePublicKey, type PublicKeyDescription } from '../public-key.js';
import { parseSubjectPublicKeyInfo } from '../spki.js';
import { keyWeakness } from '../weak-key.js';
import type { Lint, LintFault } from './lint.js';

/** Whatever has a key to be certified: certificates, requests, certificates to be. */
export interface HasKey extends HasExtensions {
  readonly subjectPublicKeyInfo: Uint8Array;
  /** The key, where it was described before. Default: each lint describes it. */
  readonly publicKey?: PublicKeyDescription;
  /** The keyUsage, where it was decoded before. Default: the lint decodes it. */
  readonly usage?: ReadonlySet<KeyUsageBit>;
}

const describe = ({ subjectPublicKeyInfo, publicKey }: HasKey): PublicKeyDescription =>
  publicKey ?? describePublicKey(subjectPublicKeyInfo);

/** RSA that is neither broken nor a burden to whoever verifies with it. */
const RSA_BITS = { minimum: 2048, maximum: 8192 } as const;

const path = 'subjectPublicKeyInfo';

/** Lints of public keys. */
export const keyLints: readonly Lint<HasKey>[] = [
  { id: 'public-key', source: 'RFC 5480 §2.1.1, RFC 8017 §3.1, NIST SP 800-57', severity: 'error', check: lintKind },
  {
    id: 'key-usage-of-algorithm',
    source: 'RFC 3279 §2.3.1, RFC 8813 §3, RFC 9295 §3, RFC 9881 §5',
    severity: 'error',
    check: lintUsage,
  },
  { id: 'public-point', source: 'RFC 8032 §5.1.3, §5.2.3', severity: 'error', check: lintPoint },
  { id: 'weak-key', source: 'CVE-2017-15361, CVE-2022-26320', severity: 'error', check: lintWeakness },
];

function lintKind(of: HasKey): LintFault | undefined {
  const key = describe(of);
  if (key.algorithm === 'other')
    return { path, message: `of ${key.oid}, on a curve or by an algorithm that is not known` };
  if (key.algorithm !== 'RSA') return undefined;
  const { modulusLength, publicExponent } = key;
  if (modulusLength < RSA_BITS.minimum || modulusLength > RSA_BITS.maximum)
    return { path, message: `RSA of ${modulusLength} bits, not ${RSA_BITS.minimum} to ${RSA_BITS.maximum}` };
  // Verifiers here take every odd exponent from 3 to 2³³; who asks for a certificate has no reason for another one.
  if (publicExponent !== 65_537n) return { path, message: 'RSA with an exponent other than 65537' };
  return undefined;
}

function lintUsage(of: HasKey): LintFault | undefined {
  const bits = of.usage ?? keyUsage(of);
  if (bits === undefined) return undefined;
  const { algorithm } = describe(of);
  if (algorithm === 'other') return undefined;
  for (const bit of bits)
    if (!isPossible(algorithm, bit)) return { path, message: `${algorithm}, which is not good for ${bit}` };
  return undefined;
}

/** Whether a kind of key can do what a bit of keyUsage says. */
export function isPossible(algorithm: Exclude<PublicKeyDescription['algorithm'], 'other'>, bit: KeyUsageBit): boolean {
  switch (bit) {
    case 'keyEncipherment':
    case 'dataEncipherment':
      return algorithm === 'RSA';
    case 'keyAgreement':
    case 'encipherOnly':
    case 'decipherOnly':
      return algorithm === 'EC' || algorithm === 'X25519' || algorithm === 'X448';
    default:
      return algorithm !== 'X25519' && algorithm !== 'X448';
  }
}

/** Points of the other curves are known to be on them once a request's signature fits, and nothing else is a key there. */
function lintPoint(of: HasKey): LintFault | undefined {
  const { algorithm } = describe(of);
  if (algorithm !== 'Ed25519' && algorithm !== 'Ed448') return undefined;
  const reason = edwardsFault(algorithm, parseSubjectPublicKeyInfo(of.subjectPublicKeyInfo).subjectPublicKey);
  return reason && { path, message: describePointFault(algorithm, reason) };
}

function lintWeakness(of: HasKey): LintFault | undefined {
  if (describe(of).algorithm !== 'RSA') return undefined;
  const weakness = keyWeakness(of.subjectPublicKeyInfo);
  return weakness && { path, message: weakness.message };
}
