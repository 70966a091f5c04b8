/** What cannot be done. Each line is tried: one that no longer fails, or fails otherwise, fails its test. */
import { expect } from 'vitest';

export interface Difference {
  readonly what:
    | 'PKI.js verifies'
    | 'PKI.js signs'
    | 'PKI.js imports a private key'
    | 'PKI.js imports a public key'
    | 'PKI.js encrypts a private key'
    | 'Mayfly verifies what PKI.js signs'
    | 'Mayfly, openssl and node:crypto write the traditional form';
  /** Names of algorithms. */
  readonly of: readonly string[];
  readonly reason: string;
  readonly error: RegExp;
}

const differences: readonly Difference[] = [
  {
    what: 'PKI.js verifies',
    of: ['Ed25519'],
    reason: 'its engine knows no object identifier of RFC 8410',
    error: /Unsupported signature algorithm: 1\.3\.101\.112/,
  },
  {
    what: 'PKI.js signs',
    of: ['Ed25519'],
    reason: 'its engine makes public keys out of JWKs of RSA and EC keys only',
    error: /Incorrect key data/,
  },
  {
    what: 'PKI.js imports a private key',
    of: ['Ed25519'],
    reason: 'its engine makes JWKs out of PKCS#8 of RSA and EC keys only',
    error: /Incorrect keyData/,
  },
  {
    what: 'PKI.js imports a public key',
    of: ['Ed25519'],
    reason: 'its engine makes JWKs out of public keys of RSA and EC only',
    error: /Incorrect algorithm name: ED25519/,
  },
  {
    what: 'PKI.js encrypts a private key',
    of: ['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048', 'RSA-3072', 'RSA-4096'],
    reason: 'it writes the ciphertext in segments, a constructed OCTET STRING, which is BER',
    error: /encryptedData at byte 15[01]: expected OCTET STRING, found OCTET STRING \(0x24\)/,
  },
  {
    what: 'Mayfly verifies what PKI.js signs',
    of: ['RSA-2048', 'RSA-3072', 'RSA-4096'],
    reason: 'it leaves out the NULL that RFC 4055 §5 asks for; the engine of @mayfly/interop makes up for it',
    error: /Cannot use signature algorithm 1\.2\.840\.113549\.1\.1\.1[123]: its parameters are not the canonical ones/,
  },
  {
    what: 'Mayfly, openssl and node:crypto write the traditional form',
    of: ['Ed25519'],
    reason: 'RFC 8410 defines PKCS#8 alone',
    error: /the algorithm is 1\.3\.101\.112|unsupported public key type|can only be used for EC keys/,
  },
];

export const differenceOf = (what: Difference['what'], name: string): Difference | undefined =>
  differences.find((difference) => difference.what === what && difference.of.includes(name));

/** What comes out, or `undefined` after the known failure was seen. */
export async function unlessDifferent<T>(
  difference: Difference | undefined,
  attempt: () => T | Promise<T>,
): Promise<T | undefined> {
  if (difference === undefined) return await attempt();
  await expect((async () => attempt())(), difference.reason).rejects.toThrow(difference.error);
  return undefined;
}
