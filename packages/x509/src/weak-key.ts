import { read } from '@mayfly/der';
import { parseSubjectPublicKeyInfo } from './spki.js';

/** A public key of the right form that others can compute the private key of. */
export interface KeyWeakness {
  readonly reason: 'SmallFactor' | 'ROCA' | 'ClosePrimes';
  readonly message: string;
}

/** Bits of the longest modulus that is looked at: longer ones are refused wherever keys are used, and would take seconds. */
const MAX_MODULUS_LENGTH = 16_384n;

const RSA_ALGORITHMS: readonly string[] = ['1.2.840.113549.1.1.1', '1.2.840.113549.1.1.10'];

/**
 * Looks for the ways in which generators of RSA keys have failed: a factor below 752, the primes of ROCA (CVE-2017-15361),
 * and two primes so close that Fermat's method finds them within 100 steps. Keys of other algorithms have none of them.
 * It takes some hundred microseconds: whoever issues asks, whoever verifies need not.
 * @param subjectPublicKeyInfo - DER.
 * @throws {@link DerError} when it is no key.
 */
export function keyWeakness(subjectPublicKeyInfo: Uint8Array): KeyWeakness | undefined {
  const { algorithm, subjectPublicKey } = parseSubjectPublicKeyInfo(subjectPublicKeyInfo);
  if (!RSA_ALGORITHMS.includes(algorithm.algorithm)) return undefined;
  const modulus = read(
    subjectPublicKey,
    (reader) => {
      const key = reader.sequence('');
      const n = key.integer('modulus');
      key.integer('publicExponent');
      key.end();
      return n;
    },
    { field: 'subjectPublicKeyInfo.subjectPublicKey' },
  );
  return modulus >> MAX_MODULUS_LENGTH === 0n ? modulusWeakness(modulus) : undefined;
}

/** {@link keyWeakness} of a modulus. */
export function modulusWeakness(modulus: bigint): KeyWeakness | undefined {
  const factor = primesBelow(752).find((prime) => modulus % BigInt(prime) === 0n);
  if (factor !== undefined) return { reason: 'SmallFactor', message: `The modulus is a multiple of ${factor}` };
  if (hasRocaFingerprint(modulus))
    return {
      reason: 'ROCA',
      message: 'The modulus has the structure of CVE-2017-15361, so its factors can be computed',
    };
  if (hasClosePrimes(modulus))
    return { reason: 'ClosePrimes', message: "The primes are so close that Fermat's method finds them" };
  return undefined;
}

function primesBelow(limit: number): readonly number[] {
  const primes: number[] = [];
  for (let candidate = 2; candidate < limit; candidate++)
    if (primes.every((prime) => candidate % prime !== 0)) primes.push(candidate);
  return primes;
}

/**
 * The primes of ROCA are k·M + (65537^a mod M) for M the product of the first primes, so their product is a power of 65537
 * modulo each of these. Other moduli are one time in 2²⁷.
 */
const hasRocaFingerprint = (modulus: bigint): boolean =>
  primesBelow(168)
    .slice(1)
    .every((prime) => {
      const residue = Number(modulus % BigInt(prime));
      for (let power = 1, i = 0; i < prime; i++, power = (power * 65_537) % prime) if (power === residue) return true;
      return false;
    });

/** Steps of Fermat's method, as many as Boulder takes. */
const FERMAT_STEPS = 100;

/** n = a² - b² with a near √n: p and q are a + b and a - b. */
function hasClosePrimes(modulus: bigint): boolean {
  let a = squareRoot(modulus);
  if (a * a < modulus) a++;
  for (let step = 0; step < FERMAT_STEPS; step++, a++) if (isSquare(a * a - modulus)) return true;
  return false;
}

/** Whether a number is a square; three in four are told to be none by their last bits. */
function isSquare(value: bigint): boolean {
  const low = Number(value & 0xfn);
  if (low !== 0 && low !== 1 && low !== 4 && low !== 9) return false;
  const root = squareRoot(value);
  return root * root === value;
}

/** The whole part of a square root, by Newton's method from above. */
function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
