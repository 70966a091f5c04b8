import type { AlgorithmIdentifier } from '../algorithm-identifier.js';
import { encodeSubjectPublicKeyInfo, parseSubjectPublicKeyInfo } from '../spki.js';
import { decodedOr, isFault } from './refusal.js';

/** `id-dsa` (RFC 3279 §2.3.2), the one algorithm of certificates whose keys take parameters from those above. */
const ID_DSA = '1.2.840.10040.4.1';

const isNull = ({ parameters }: AlgorithmIdentifier): boolean =>
  parameters === undefined || (parameters.length === 2 && parameters[0] === 5);

/** Whether a key can only be used with the parameters of another (RFC 5280 §6.1.4 (f)). */
export function lacksParameters(subjectPublicKeyInfo: Uint8Array): boolean {
  const info = decodedOr(() => parseSubjectPublicKeyInfo(subjectPublicKeyInfo));
  return !isFault(info) && info.algorithm.algorithm === ID_DSA && isNull(info.algorithm);
}

/** A key with the parameters that it has from above, where it has none of its own. */
export function inheritedKey(own: Uint8Array, working: Uint8Array): Uint8Array {
  if (!lacksParameters(own)) return own;
  const { algorithm } = parseSubjectPublicKeyInfo(working);
  if (algorithm.algorithm !== ID_DSA) return own;
  return encodeSubjectPublicKeyInfo({ ...parseSubjectPublicKeyInfo(own), algorithm });
}
