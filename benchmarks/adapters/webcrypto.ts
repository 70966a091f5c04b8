import { type Contender, contender } from '../measure.js';

const impl = 'WebCrypto';
const { subtle } = globalThis.crypto;

/** Names of key algorithms, and what a signature is made with. */
const algorithms = {
  'P-256': [
    { name: 'ECDSA', namedCurve: 'P-256' },
    { name: 'ECDSA', hash: 'SHA-256' },
  ],
  'P-384': [
    { name: 'ECDSA', namedCurve: 'P-384' },
    { name: 'ECDSA', hash: 'SHA-384' },
  ],
  Ed25519: [{ name: 'Ed25519' }, { name: 'Ed25519' }],
} as const;

type Algorithm = keyof typeof algorithms;
type Octets = Uint8Array<ArrayBuffer>;

/**
 * Signs with a key that was imported once.
 * @param check - Is given r and s one behind the other for ECDSA.
 */
export async function signer(
  algorithm: Algorithm,
  pkcs8: Octets,
  message: Octets,
  check: (signature: Octets) => Promise<void>,
): Promise<Contender> {
  const [keyAlgorithm, scheme] = algorithms[algorithm];
  const key = await subtle.importKey('pkcs8', pkcs8, keyAlgorithm, false, ['sign']);
  return contender(
    impl,
    () => subtle.sign(scheme, key, message),
    (signature) => check(new Uint8Array(signature)),
  );
}

/** Verifies what the key of this pair has signed here before. */
export async function verifier(
  algorithm: Algorithm,
  pkcs8: Octets,
  spki: Octets,
  message: Octets,
  check: (good: boolean) => void,
): Promise<Contender> {
  const [keyAlgorithm, scheme] = algorithms[algorithm];
  const privateKey = await subtle.importKey('pkcs8', pkcs8, keyAlgorithm, false, ['sign']);
  const publicKey = await subtle.importKey('spki', spki, keyAlgorithm, false, ['verify']);
  const signature = await subtle.sign(scheme, privateKey, message);
  return contender(impl, () => subtle.verify(scheme, publicKey, signature, message), check);
}

/** Verifies a signature of WebCrypto's form, for checks. */
export async function isSignature(
  algorithm: Algorithm,
  spki: Octets,
  message: Octets,
  signature: Octets,
): Promise<boolean> {
  const [keyAlgorithm, scheme] = algorithms[algorithm];
  return subtle.verify(
    scheme,
    await subtle.importKey('spki', spki, keyAlgorithm, false, ['verify']),
    signature,
    message,
  );
}
