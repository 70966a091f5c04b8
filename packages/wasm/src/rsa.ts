import { type Kernel, type KernelOptions, startKernel } from './engine.js';
import { WasmError } from './errors.js';
import { type HashName, requireOctets } from './hash-kernel.js';
import { rsa } from './kernels/rsa.js';
import { encodePkcs1, verifyPssEncoding } from './rsa-encoding.js';
import type { Sha2 } from './sha2.js';
import { createSha256 } from './sha256.js';
import { createSha384, createSha512 } from './sha512.js';

export type { HashName } from './hash-kernel.js';

/** RFC 8017 §3.1; both unsigned and big-endian, without leading zeros or with. */
export interface RsaPublicKey {
  readonly modulus: Uint8Array;
  readonly publicExponent: Uint8Array;
}

/** How to make RSA. */
export interface RsaOptions extends KernelOptions {
  /** The hash functions. Default: made at first use, on kernels of their own, with SIMD as this one. */
  readonly hashes?: Partial<Readonly<Record<HashName, Pick<Sha2, 'hash' | 'digestLength'>>>>;
}

/** Verification of RSA signatures. Signing is left to the platform. */
export interface Rsa {
  /**
   * Prepares a public key: that costs half of a verification.
   * @throws WasmError `ERR_WASM_PUBLIC_KEY` unless the modulus is odd and has 2048 to 8192 bits, and the exponent is odd, at
   * least 3 and below 2³³.
   */
  verifier(publicKey: RsaPublicKey): RsaVerifier;
}

/** A public key that verifies; what is wrong with a signature is not told. */
export interface RsaVerifier {
  /** RSASSA-PKCS1-v1_5 (RFC 8017 §8.2.2), the DigestInfo with the NULL parameters that DER has there. */
  verifyPkcs1(hash: HashName, message: Uint8Array, signature: Uint8Array): boolean;
  /**
   * RSASSA-PSS (RFC 8017 §8.1.2) with MGF1 over the same hash.
   * @param saltLength - Octets of salt, exactly. Default: as many as the hash has.
   */
  verifyPss(hash: HashName, message: Uint8Array, signature: Uint8Array, saltLength?: number): boolean;
}

type RsaFunction = 'octets' | 'key' | 'keyLength' | 'prepare' | 'begin' | 'square' | 'multiply' | 'finish';

/** Bits of the kernel's limbs. */
const LIMB = 27;

const MINIMUM_BITS = 2048;
const MAXIMUM_BITS = 8192;
const MAXIMUM_EXPONENT = 2 ** 33;

/**
 * Makes RSA verification on a kernel of its own.
 * @throws WasmError `ERR_WASM_UNAVAILABLE`, `ERR_WASM_COMPILE`.
 */
export function createRsa({ hashes = {}, ...options }: RsaOptions = {}): Rsa {
  const kernel = startKernel<RsaFunction>(rsa, options);
  const { simd, scalar } = options;
  const build = { ...(simd !== undefined && { simd }), ...(scalar !== undefined && { scalar }) };
  const made: Partial<Record<HashName, Pick<Sha2, 'hash' | 'digestLength'>>> = { ...hashes };
  const hashOf = (name: HashName) => (made[name] ??= makers[name](build));
  const power = publicPower(kernel);
  return {
    verifier: (publicKey) => {
      const { bits, octets, raise } = power(publicKey);
      return {
        verifyPkcs1: (hash, message, signature) => {
          requireOctets(message, 'message');
          requireOctets(signature, 'signature');
          const encoded = raise(signature);
          return encoded !== undefined && equal(encoded, encodePkcs1(hash, hashOf(hash).hash(message), octets));
        },
        verifyPss: (hash, message, signature, saltLength = hashOf(hash).digestLength) => {
          requireOctets(message, 'message');
          requireOctets(signature, 'signature');
          const encoded = raise(signature);
          const { hash: digest } = hashOf(hash);
          return encoded !== undefined && verifyPssEncoding(digest, digest(message), encoded, bits - 1, saltLength);
        },
      };
    },
  };
}

const makers: Readonly<Record<HashName, (options: KernelOptions) => Sha2>> = {
  'SHA-256': createSha256,
  'SHA-384': createSha384,
  'SHA-512': createSha512,
};

/** A public key in the kernel's form. */
interface PreparedKey {
  /** Of the modulus. */
  readonly bits: number;
  readonly octets: number;
  /** RSAVP1 (RFC 8017 §5.2.2); undefined for a representative of the wrong length or not below the modulus. */
  readonly raise: (signature: Uint8Array) => Uint8Array | undefined;
}

function publicPower({ functions, memory }: Kernel<RsaFunction>): (publicKey: RsaPublicKey) => PreparedKey {
  const [at, keyAt, keyLength] = [functions.octets(), functions.key(), functions.keyLength()];
  let current: Uint8Array | undefined;
  const put = (octets: Uint8Array): void => {
    memory().fill(0, at, keyAt);
    memory().set(Uint8Array.from(octets).reverse(), at);
  };
  return (publicKey) => {
    const { modulus, bits, exponent } = checked(publicKey);
    const limbs = 4 * Math.ceil((Math.ceil((bits + 2) / LIMB) - 1) / 4) + 1;
    put(modulus);
    functions.prepare(limbs, Math.floor((bits - 1) / LIMB));
    const key = memory().slice(keyAt, keyAt + keyLength);
    current = key;
    const between = exponent.toString(2).slice(1, -1);
    const raise = (signature: Uint8Array): Uint8Array | undefined => {
      if (signature.length !== modulus.length || !isBelow(signature, modulus)) return undefined;
      if (current !== key) memory().set(key, keyAt);
      current = key;
      put(signature);
      functions.begin(limbs);
      for (const bit of between) {
        functions.square(limbs);
        if (bit === '1') functions.multiply(limbs);
      }
      functions.square(limbs);
      functions.finish(limbs); // the last bit of an odd exponent
      return memory()
        .slice(at, at + modulus.length)
        .reverse();
    };
    return { bits, octets: modulus.length, raise };
  };
}

function checked({ modulus: n, publicExponent: e }: RsaPublicKey): {
  readonly modulus: Uint8Array;
  readonly bits: number;
  readonly exponent: number;
} {
  requireOctets(n, 'modulus');
  requireOctets(e, 'public exponent');
  const modulus = Uint8Array.from(withoutZeros(n));
  const bits = modulus.length === 0 ? 0 : 8 * modulus.length + 24 - Math.clz32(modulus[0]!);
  if (bits < MINIMUM_BITS || bits > MAXIMUM_BITS)
    throw refused(`a modulus of ${bits} bits, ${MINIMUM_BITS} to ${MAXIMUM_BITS} are used`);
  if ((modulus[modulus.length - 1]! & 1) === 0) throw refused('an even modulus');
  const significant = withoutZeros(e);
  const exponent = significant.length > 5 ? MAXIMUM_EXPONENT : significant.reduce((sum, octet) => 256 * sum + octet, 0);
  if (exponent % 2 === 0 || exponent < 3 || exponent >= MAXIMUM_EXPONENT)
    throw refused('a public exponent that is even, below 3 or not below 2³³');
  return { modulus, bits, exponent };
}

const refused = (state: string): WasmError =>
  new WasmError('ERR_WASM_PUBLIC_KEY', `Cannot use RSA key: it has ${state}`);

function withoutZeros(octets: Uint8Array): Uint8Array {
  const first = octets.findIndex((octet) => octet !== 0);
  return octets.subarray(first === -1 ? octets.length : first);
}

/** Of big-endian numbers of the same length; both are public. */
function isBelow(a: Uint8Array, b: Uint8Array): boolean {
  const first = a.findIndex((octet, i) => octet !== b[i]);
  return first !== -1 && a[first]! < b[first]!;
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((octet, i) => octet === b[i]);
