import { type PublicKey, parsePublicKey, type SchemeInfo, schemes, signatureScheme } from '@mayfly/keys';
import { modulusLength } from '@mayfly/pkcs8/rsa';
import type { SigningKey } from '@mayfly/x509/signed';

/** The platform's CryptoKey, by which PKI.js passes keys about. */
export type PlatformKey = Parameters<typeof crypto.subtle.sign>[1];

/** A Mayfly key in the shape of a CryptoKey. The engine takes it; `crypto.subtle` does not. */
export type PkijsKey = PlatformKey & { readonly signingKey: SigningKey };

/** What PKI.js' `sign` and `importKey` take. */
export interface PkijsKeyPair {
  readonly privateKey: PkijsKey;
  readonly publicKey: PkijsKey;
}

/**
 * Shows a key to PKI.js: pass `privateKey` to `sign` and `publicKey` to `PublicKeyInfo.importKey`, together with
 * an engine of {@link pkijsEngine}. The key itself stays where it is.
 * @throws `KeysError` when algorithm or public key are none that `@mayfly/keys` knows.
 */
export function toPkijsKeyPair(signingKey: SigningKey): PkijsKeyPair {
  const scheme = schemes[signatureScheme(signingKey.signatureAlgorithm)];
  const algorithm = platformAlgorithm(scheme, parsePublicKey(signingKey.subjectPublicKeyInfo));
  return {
    privateKey: { type: 'private', extractable: false, algorithm, usages: ['sign'], signingKey },
    publicKey: { type: 'public', extractable: true, algorithm, usages: ['verify'], signingKey },
  };
}

/** Whether a key is one of {@link toPkijsKeyPair}. */
export const isPkijsKey = (key: object): key is PkijsKey => 'signingKey' in key;

/** WebCrypto's description of a key, whose members PKI.js and its callers look at. */
function platformAlgorithm({ keyType, hash, saltLength }: SchemeInfo, key: PublicKey): PlatformKey['algorithm'] {
  if (key.keyType !== 'EC' && key.keyType !== 'RSA') return { name: keyType };
  const hashed = { hash: { name: hash! } };
  if (key.keyType === 'EC') return { name: 'ECDSA', ...{ namedCurve: key.curve, ...hashed } };
  const { publicExponent } = key;
  const name = saltLength === undefined ? 'RSASSA-PKCS1-v1_5' : 'RSA-PSS';
  return { name, ...{ modulusLength: modulusLength(key), publicExponent: publicExponent.slice(), ...hashed } };
}
