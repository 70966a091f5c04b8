import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { parseSubjectPublicKeyInfo } from './spki.js';

/**
 * Identifier of a public key by method 1 of RFC 7093 §2: the leftmost 160 bits of the SHA-256 hash of the BIT STRING's
 * octets. The one to choose for new certificates.
 * @param subjectPublicKeyInfo - DER.
 * @returns 20 octets; the caller owns them.
 * @throws {@link DerError} when the key is no SubjectPublicKeyInfo.
 */
export const rfc7093KeyIdentifier = (subjectPublicKeyInfo: Uint8Array): Uint8Array<ArrayBuffer> =>
  sha256(parseSubjectPublicKeyInfo(subjectPublicKeyInfo).subjectPublicKey).slice(0, 20);

/**
 * Identifier of a public key by method 1 of RFC 5280 §4.2.1.2: the SHA-1 hash of the BIT STRING's octets, as most
 * certificates in use have it. It names the key and protects nothing.
 * @param subjectPublicKeyInfo - DER.
 * @returns 20 octets; the caller owns them.
 * @throws {@link DerError} when the key is no SubjectPublicKeyInfo.
 */
export const rfc5280KeyIdentifier = (subjectPublicKeyInfo: Uint8Array): Uint8Array<ArrayBuffer> =>
  sha1(parseSubjectPublicKeyInfo(subjectPublicKeyInfo).subjectPublicKey).slice();
