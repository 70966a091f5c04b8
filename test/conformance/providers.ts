/** Every provider that verifies signatures, and what each claims to. */
import { type SignatureScheme, schemes } from '@mayfly/keys';
import { verifier as verifierOfMLDSA } from '@mayfly/keys/ml-dsa';
import { verifier as verifierOfNoble } from '@mayfly/keys/noble';
import { verifier as verifierOfNode } from '@mayfly/keys/node';
import { verifier as verifierOfWebCrypto } from '@mayfly/keys/webcrypto';
import type { SignedParts } from '@mayfly/x509/signed';

export interface VerifyingProvider {
  readonly name: string;
  readonly verifier: (subjectPublicKeyInfo: Uint8Array) => (signed: SignedParts) => boolean | Promise<boolean>;
  readonly claims: (scheme: SignatureScheme) => boolean;
  /** Of a slow provider each run sees one case in so many; `npm run conformance` sees all. Default 1. */
  readonly every?: number;
}

const isMLDSA = (scheme: SignatureScheme): boolean => schemes[scheme].keyType.startsWith('ML-DSA');

/** One row a provider: whoever adds one adds it here, and every suite is run over it. */
export const verifyingProviders: readonly VerifyingProvider[] = [
  { name: 'node:crypto', verifier: verifierOfNode, claims: (scheme) => !isMLDSA(scheme) },
  { name: 'WebCrypto', verifier: verifierOfWebCrypto, claims: (scheme) => !isMLDSA(scheme) },
  {
    name: 'noble',
    verifier: verifierOfNoble,
    claims: (scheme) => schemes[scheme].keyType === 'EC' || scheme === 'Ed25519',
    every: 4,
  },
  { name: 'ML-DSA', verifier: verifierOfMLDSA, claims: isMLDSA },
];
