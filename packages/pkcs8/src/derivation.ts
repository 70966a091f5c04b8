import { Pkcs8Error } from './errors.js';

/** Hashes that keys are derived with. WebCrypto has all but SHA-224. */
export type Hash = 'SHA-1' | 'SHA-224' | 'SHA-256' | 'SHA-384' | 'SHA-512';

/** PBKDF2 (RFC 8018 §5.2) with HMAC of a hash. */
export interface Pbkdf2Derivation {
  readonly type: 'pbkdf2';
  readonly prf: Hash;
  readonly salt: Uint8Array;
  readonly iterationCount: number;
  /** Octets wanted. */
  readonly keyLength: number;
}

/** Scrypt (RFC 7914). */
export interface ScryptDerivation {
  readonly type: 'scrypt';
  readonly salt: Uint8Array;
  /** N, a power of two. */
  readonly costParameter: number;
  /** r. */
  readonly blockSize: number;
  /** p. */
  readonly parallelizationParameter: number;
  /** Octets wanted. */
  readonly keyLength: number;
}

/** RFC 7292 appendix B.2. The password is a BMPString with two NUL octets at its end, or nothing. */
export interface Pkcs12Derivation {
  readonly type: 'pkcs12';
  readonly hash: Hash;
  /** What the octets are for (RFC 7292 §B.3). */
  readonly purpose: 'key' | 'iv' | 'mac';
  readonly salt: Uint8Array;
  readonly iterationCount: number;
  /** Octets wanted. */
  readonly keyLength: number;
}

/** PBKDF1 (RFC 8018 §5.1). */
export interface Pbkdf1Derivation {
  readonly type: 'pbkdf1';
  readonly hash: 'MD5' | 'SHA-1';
  readonly salt: Uint8Array;
  readonly iterationCount: number;
  /** Octets wanted, at most one hash. */
  readonly keyLength: number;
}

/** One way from a password to a key. */
export type Derivation = Pbkdf2Derivation | ScryptDerivation | Pkcs12Derivation | Pbkdf1Derivation;

/**
 * Derives octets elsewhere: in WebAssembly, in a worker, in hardware.
 * @param password - In the form that the derivation takes. Not to be kept: it is wiped when the promise settles.
 * @returns A new array of `keyLength` octets that is wiped after use, or `undefined` for what it leaves to this package.
 */
export type DeriveKey = (
  derivation: Derivation,
  password: Uint8Array,
  signal: AbortSignal | undefined,
) => Promise<Uint8Array> | undefined;

/** How long derivations are made, and watched. */
export interface DerivationOptions {
  /** Asked first for each derivation. Default none. */
  readonly derive?: DeriveKey;
  /** Ends a derivation early; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /**
   * Told how many iterations of one derivation are done. Native PBKDF2 tells only its end; what is computed here tells
   * several times a second.
   */
  readonly onProgress?: (derivation: Derivation, iterations: number) => void;
}

/** Bounds on what a stranger's file may ask for. */
export interface DerivationLimits {
  /** Rounds of one derivation. Default 10,000,000, a few seconds. */
  readonly iterationCount?: number;
  /** Octets. Default 1,024. */
  readonly saltLength?: number;
  /** N·r·p of scrypt. Default 2²³, which takes a gibibyte of memory. */
  readonly scryptWork?: number;
}

/** Iterations as one derivation counts them: for scrypt, blocks mixed. */
export const iterationsOf = (derivation: Derivation): number =>
  derivation.type === 'scrypt' ? scryptWork(derivation) : derivation.iterationCount;

/** N·r·p. */
export const scryptWork = ({ costParameter, blockSize, parallelizationParameter }: ScryptDerivation): number =>
  costParameter * blockSize * parallelizationParameter;

/** @throws {@link Pkcs8Error} `ERR_PKCS8_PARAMETERS`. */
export function requireWithinLimits(derivation: Derivation, limits: DerivationLimits = {}): void {
  const { iterationCount = 10_000_000, saltLength = 1024, scryptWork: work = 2 ** 23, ...unknown } = limits;
  unknown satisfies Record<string, never>;
  const { salt } = derivation;
  if (salt.length > saltLength) throw parametersError(`salt of ${salt.length} octets, at most ${saltLength} are used`);
  if (derivation.type === 'scrypt') {
    if (scryptWork(derivation) > work)
      throw parametersError(`N·r·p of scrypt is ${scryptWork(derivation)}, at most ${work} is done`);
  } else if (derivation.iterationCount > iterationCount)
    throw parametersError(`iterationCount ${derivation.iterationCount}, 1 to ${iterationCount} are done`);
}

/** For parameters that contradict each other or ask for too much. */
export const parametersError = (state: string): Pkcs8Error =>
  new Pkcs8Error('ERR_PKCS8_PARAMETERS', `Cannot decrypt: ${state}`);
