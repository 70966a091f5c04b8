import { bitString, type DerReader, encode, raw, sequence } from '@mayfly/der';
import { type AlgorithmIdentifier, algorithmIdentifierNode, readAlgorithmIdentifier } from './algorithm-identifier.js';
import { OctetMap } from './octet-map.js';

/** The only thing an HSM, a KMS, WebCrypto, node:crypto, noble or WebAssembly has to provide. */
export interface SigningKey {
  readonly signatureAlgorithm: AlgorithmIdentifier;
  /** DER of the public key. */
  readonly subjectPublicKeyInfo: Uint8Array;
  /** Hashes and signs; returns the octets of the BIT STRING (ECDSA: DER `Ecdsa-Sig-Value`). */
  sign(tbs: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /** Signs a batch, results in order; a key has it where a batch is cheaper than its parts. */
  signMany?(tbs: readonly Uint8Array[]): readonly Uint8Array[] | Promise<readonly Uint8Array[]>;
}

/** A key that signs without waiting. */
export interface SyncSigningKey extends SigningKey {
  sign(tbs: Uint8Array): Uint8Array;
  signMany?(tbs: readonly Uint8Array[]): readonly Uint8Array[];
}

/** X.509's SIGNED{}: certificates, requests and CRLs are all tbs + algorithm + signature. */
export interface SignedParts {
  /** Exactly the bytes that are signed. */
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signatureValue: Uint8Array;
}

/**
 * Verifies with whatever crypto the caller has; this package has none.
 * A signature that does not fit, in whatever way, is `false`; an algorithm that the verifier lacks is an error with the
 * code `ERR_KEYS_UNSUPPORTED_ALGORITHM`, a key that it cannot use one with `ERR_KEYS_PUBLIC_KEY`.
 */
export type VerifySignature = (signed: SignedParts, subjectPublicKeyInfo: Uint8Array) => boolean | Promise<boolean>;

/** A {@link VerifySignature} that answers without waiting. */
export type SyncVerifySignature = (signed: SignedParts, subjectPublicKeyInfo: Uint8Array) => boolean;

/**
 * A provider of verifiers for keys that are met often; `@mayfly/keys/node` and `/noble` are such providers as they stand.
 * `verifier` throws for a key that it cannot use.
 */
export interface SignatureVerifiers {
  readonly verifier: (subjectPublicKeyInfo: Uint8Array) => (signed: SignedParts) => boolean;
}

/** How much {@link withKnownKeys} keeps. */
export interface KnownKeysOptions {
  /** Most keys. Default 64. */
  readonly capacity?: number;
}

/**
 * Verifies with keys that are imported once and kept, those that were asked for last.
 * @throws RangeError for a capacity below 1. The function throws what `verifier` throws.
 */
export function withKnownKeys(
  { verifier }: SignatureVerifiers,
  { capacity = 64, ...unknown }: KnownKeysOptions = {},
): SyncVerifySignature {
  unknown satisfies Record<string, never>;
  const known = new OctetMap<(signed: SignedParts) => boolean>(capacity);
  return (signed, subjectPublicKeyInfo) => {
    let verify = known.get(subjectPublicKeyInfo);
    if (verify === undefined) {
      // A copy: the input is the caller's, who may write something else there.
      verify = verifier(subjectPublicKeyInfo.slice());
      known.set(subjectPublicKeyInfo, verify);
    }
    return verify(signed);
  };
}

/** Puts the three parts of SIGNED{} together (RFC 5280 §4.1). */
export const assemble = ({ tbs, signatureAlgorithm, signatureValue }: SignedParts): Uint8Array<ArrayBuffer> =>
  encode(sequence(raw(tbs), algorithmIdentifierNode(signatureAlgorithm), bitString(signatureValue)));

/**
 * Reads what stands behind the signed part: algorithm and signature.
 * @param reader - Standing behind the signed part, inside the outer SEQUENCE; left at its end.
 * @throws {@link DerError} `ERR_DER_BIT_STRING` when the signature is not a whole number of octets, and others.
 */
export function readSignature(
  reader: DerReader,
  signatureField: string = 'signatureValue',
): { readonly signatureAlgorithm: AlgorithmIdentifier; readonly signatureValue: Uint8Array } {
  const signatureAlgorithm = readAlgorithmIdentifier(reader, 'signatureAlgorithm');
  const signatureValue = reader.bitStringOctets(signatureField);
  reader.end();
  return { signatureAlgorithm, signatureValue };
}
