/** What a peer cannot do. Each line is tried: one that no longer fails, or fails otherwise, fails the test. */
import type { KeyAlgorithm } from '@mayfly/keys';
import { expect } from 'vitest';

export type Peer = 'PKI.js verifies' | 'PKI.js imports a private key' | 'PKI.js imports a public key' | 'PKI.js signs';

export interface Difference {
  readonly peer: Peer;
  readonly key: KeyAlgorithm;
  readonly reason: string;
  readonly error: RegExp;
}

export const differences: readonly Difference[] = [
  {
    peer: 'PKI.js verifies',
    key: 'Ed25519',
    reason: 'CryptoEngine knows no object identifier of RFC 8410',
    error: /Unsupported signature algorithm: 1\.3\.101\.112/,
  },
  {
    peer: 'PKI.js signs',
    key: 'Ed25519',
    reason: 'CryptoEngine has no parameters for WebCrypto keys of the name Ed25519',
    error: /Unsupported signature algorithm: Ed25519|Parameter 'algorithm' is empty/,
  },
  {
    peer: 'PKI.js imports a private key',
    key: 'Ed25519',
    reason: 'CryptoEngine reads PKCS#8 of RSA and EC keys only, on the way to a JWK',
    error: /Incorrect keyData/,
  },
  {
    peer: 'PKI.js imports a public key',
    key: 'Ed25519',
    reason: 'CryptoEngine reads SubjectPublicKeyInfo of RSA and EC keys only, on the way to a JWK',
    error: /Incorrect algorithm name: ED25519/,
  },
];

export const differenceOf = (peer: Peer, key: KeyAlgorithm): Difference | undefined =>
  differences.find((difference) => difference.peer === peer && difference.key === key);

/** Expects `true`, or the known failure. */
export async function holds(difference: Difference | undefined, outcome: Promise<unknown>): Promise<void> {
  if (difference === undefined) expect(await outcome).toBe(true);
  else await expect(outcome, difference.reason).rejects.toThrow(difference.error);
}
