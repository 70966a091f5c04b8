import { contextTag, encode, implicit, type Oid, octetString, read, sequence, tags } from '@mayfly/der';
import type { AlgorithmIdentifier } from '@mayfly/x509';
import { Pkcs8Error } from './errors.js';
import type { PrivateKeyInfo } from './private-key-info.js';

/** The parameter sets of FIPS 204. */
export type MLDSAParameterSet = 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87';

/** RFC 9881 §2, and the octets that keys take (FIPS 204 §4, table 2). */
const parameterSets: Readonly<
  Record<MLDSAParameterSet, { readonly oid: Oid; readonly publicKeyLength: number; readonly expandedLength: number }>
> = {
  'ML-DSA-44': { oid: '2.16.840.1.101.3.4.3.17', publicKeyLength: 1312, expandedLength: 2560 },
  'ML-DSA-65': { oid: '2.16.840.1.101.3.4.3.18', publicKeyLength: 1952, expandedLength: 4032 },
  'ML-DSA-87': { oid: '2.16.840.1.101.3.4.3.19', publicKeyLength: 2592, expandedLength: 4896 },
};

/** Octets of a seed, whatever the parameter set. */
const SEED_LENGTH = 32;

/** A private key of RFC 9881 §6: the seed, what it expands to, or both. Whether the two belong together is not said. */
export interface MLDSAPrivateKey {
  readonly parameterSet: MLDSAParameterSet;
  readonly seed?: Uint8Array;
  readonly expandedKey?: Uint8Array;
}

/** Which parameter set an identifier names; `undefined` for others, and when parameters are present. */
export function mlDsaParameterSet({ algorithm, parameters }: AlgorithmIdentifier): MLDSAParameterSet | undefined {
  if (parameters !== undefined) return undefined;
  for (const name of Object.keys(parameterSets) as MLDSAParameterSet[]) // keys of the record above
    if (parameterSets[name].oid === algorithm) return name;
  return undefined;
}

/** RFC 9881 §2: the parameters are absent. */
export const mlDsaAlgorithm = (parameterSet: MLDSAParameterSet): AlgorithmIdentifier => ({
  algorithm: parameterSets[parameterSet].oid,
});

/** Whether octets may be a public key: it is as long as those are. */
export const isMLDSAPublicKeyLength = (parameterSet: MLDSAParameterSet, publicKey: Uint8Array): boolean =>
  publicKey.length === parameterSets[parameterSet].publicKeyLength;

/**
 * Reads
 *
 *     ML-DSA-44-PrivateKey ::= CHOICE {
 *       seed [0] OCTET STRING (SIZE (32)),
 *       expandedKey OCTET STRING (SIZE (2560)),
 *       both SEQUENCE { seed OCTET STRING (SIZE (32)), expandedKey OCTET STRING (SIZE (2560)) } }
 *
 * and its siblings (RFC 9881 §6) out of a PrivateKeyInfo. Beyond that it takes a seed of 32 octets without its tag.
 * @returns Views, and the public key where the structure carries one.
 * @throws {@link Pkcs8Error} `ERR_PKCS8_ALGORITHM` when it is no such key, `ERR_PKCS8_KEY` when a length is wrong;
 * {@link DerError}.
 */
export function readMLDSAPrivateKey(info: PrivateKeyInfo): MLDSAPrivateKey & { readonly publicKey?: Uint8Array } {
  const parameterSet = mlDsaParameterSet(info.privateKeyAlgorithm);
  if (parameterSet === undefined)
    throw new Pkcs8Error(
      'ERR_PKCS8_ALGORITHM',
      `Cannot read ML-DSA private key: the algorithm is ${info.privateKeyAlgorithm.algorithm}` +
        (info.privateKeyAlgorithm.parameters === undefined ? '' : ' with parameters'),
    );
  const key = readChoice(info.privateKey);
  const { publicKeyLength, expandedLength } = parameterSets[parameterSet];
  const { publicKey } = info;
  for (const [what, octets, length] of [
    ['seed', key.seed, SEED_LENGTH],
    ['expanded key', key.expandedKey, expandedLength],
    ['public key', publicKey, publicKeyLength],
  ] as const)
    if (octets !== undefined && octets.length !== length)
      throw new Pkcs8Error(
        'ERR_PKCS8_KEY',
        `Cannot read ML-DSA private key: ${octets.length} octets of ${what}, ${parameterSet} has ${length}`,
      );
  return { parameterSet, ...key, ...(publicKey && { publicKey }) };
}

/** Octets that are no form of the RFC and as many as a seed has are one without its tag: drafts of it had that. */
const readChoice = (privateKey: Uint8Array): Pick<MLDSAPrivateKey, 'seed' | 'expandedKey'> =>
  privateKey.length === SEED_LENGTH
    ? { seed: privateKey }
    : read(
        privateKey,
        (reader) => {
          if (reader.peek() === contextTag(0)) return { seed: reader.octetString('seed', contextTag(0)) };
          if (reader.peek() !== tags.sequence) return { expandedKey: reader.octetString('expandedKey') };
          const both = reader.sequence('both');
          const seed = both.octetString('seed');
          const expandedKey = both.octetString('expandedKey');
          both.end();
          return { seed, expandedKey };
        },
        { field: 'mlDsaPrivateKey' },
      );

/**
 * The PrivateKeyInfo of a key; RFC 9881 §6 advises the seed alone, which says all and is short.
 * @throws RangeError when there is neither seed nor expanded key, or one has the wrong length.
 */
export function mlDsaPrivateKeyInfo(
  { parameterSet, seed, expandedKey }: MLDSAPrivateKey,
  publicKey?: Uint8Array,
): PrivateKeyInfo {
  const { expandedLength } = parameterSets[parameterSet];
  if ((seed?.length ?? SEED_LENGTH) !== SEED_LENGTH || (expandedKey?.length ?? expandedLength) !== expandedLength)
    throw new RangeError(`Cannot write ML-DSA private key: seed or expanded key has not the length of ${parameterSet}`);
  return {
    privateKeyAlgorithm: mlDsaAlgorithm(parameterSet),
    privateKey: encode(choiceOf(seed, expandedKey)),
    ...(publicKey && { publicKey }),
  };
}

function choiceOf(seed: Uint8Array | undefined, expandedKey: Uint8Array | undefined) {
  if (seed !== undefined)
    return expandedKey === undefined
      ? implicit(0, octetString(seed))
      : sequence(octetString(seed), octetString(expandedKey));
  if (expandedKey !== undefined) return octetString(expandedKey);
  throw new RangeError('Cannot write ML-DSA private key: neither seed nor expanded key');
}
