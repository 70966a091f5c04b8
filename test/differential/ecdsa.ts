import type { Ecdsa } from '@mayfly/keys/backend';
import type { Curve } from './curves.js';
import { multiplyBase, sign, signatureOf, signWith } from './ecdsa-oracle.js';
import { inverse, mod, numberFrom, octetsOf } from './numbers.js';

/** A number in [0, 1). */
export type Random = () => number;

/** Where two implementations, or one and the definition, do not agree. */
export class Difference extends Error {
  override readonly name = 'Difference';
}

/** Lengths of digests besides the hash's own: SHA-1's, shorter and longer ones, none at all. */
export const digestLengths = [0, 1, 20, 28, 31, 32, 33, 47, 48, 49, 64] as const;

const randomOctets = (random: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => Math.floor(256 * random()));

const randomScalar = ({ order, byteLength }: Curve, random: Random): bigint =>
  1n + mod(numberFrom(randomOctets(random, byteLength + 8)), order - 1n);

const pick = <T>(random: Random, items: readonly T[]): T => items[Math.floor(random() * items.length)]!;

/**
 * Secret keys that a multiplication may stumble over: small ones, their opposites, powers of two and their neighbours, halves.
 */
export function edgeScalars(curve: Curve): readonly bigint[] {
  const { order, byteLength } = curve;
  const small = Array.from({ length: 40 }, (_, i) => BigInt(i + 1));
  const powers = Array.from({ length: 8 * byteLength - 1 }, (_, i) => 1n << BigInt(i)).flatMap((power) => [
    power - 1n,
    power,
    power + 1n,
  ]);
  const halves = [(order - 1n) / 2n, (order + 1n) / 2n, order / 3n, (2n * order) / 3n];
  const found = new Set([...small, ...powers, ...halves]);
  for (const scalar of [...found]) found.add(order - scalar);
  return [...found].filter((scalar) => scalar > 0n && scalar < order);
}

/** Digests whose number is zero, at the order, just beside it, or as large as it gets. */
export function edgeDigests({ order, byteLength }: Curve): readonly Uint8Array[] {
  const largest = (1n << BigInt(8 * byteLength)) - 1n;
  return [0n, 1n, order - 1n, order, order + 1n, 2n * order > largest ? largest - 1n : 2n * order, largest].map(
    (value) => octetsOf(value, byteLength),
  );
}

/** A digest: mostly of the curve's hash, sometimes at an edge, sometimes of another length. */
function someDigest(curve: Curve, random: Random): Uint8Array {
  const kind = random();
  if (kind < 0.8) return randomOctets(random, curve.byteLength);
  return kind < 0.9 ? pick(random, edgeDigests(curve)) : randomOctets(random, pick(random, digestLengths));
}

function requireSame(what: string, found: Uint8Array, expected: Uint8Array, circumstances: () => string): void {
  if (Buffer.compare(found, expected) !== 0)
    throw new Difference(`${what}: ${hex(found)} instead of ${hex(expected)}, ${circumstances()}`);
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');

/** How many of the public keys are met often: tables take longer to make than to use. */
const KNOWN_SHARE = 1 / 16;

/** How many of the signatures have those beside them verified too. */
const NEIGHBOURS_SHARE = 1 / 8;

/** Calls after which a verifier has made its table. */
const USES_BEFORE_TABLE = 30;

/** A verifier that has met its key often. */
export function knownVerifier(
  ecdsa: Ecdsa,
  publicKey: Uint8Array,
  signature: Uint8Array,
  digest: Uint8Array,
): ReturnType<Ecdsa['verifier']> {
  const verify = ecdsa.verifier(publicKey);
  for (let i = 0; i < USES_BEFORE_TABLE; i++) verify(signature, digest);
  return verify;
}

/** Signs with one key, once and many times, and verifies what comes out and what is near it. */
export function compareOnce(ecdsa: Ecdsa, curve: Curve, random: Random, keys: readonly bigint[]): void {
  const { byteLength, order } = curve;
  const secret = random() < 0.5 ? randomScalar(curve, random) : pick(random, keys);
  const secretKey = octetsOf(secret, byteLength);
  const digest = someDigest(curve, random);
  const told = () => `${curve.name}, secret key ${hex(secretKey)}, digest ${hex(digest)}`;
  const publicKey = ecdsa.getPublicKey(secretKey);
  requireSame('public key', publicKey, multiplyBase(curve, secret), told);
  const signature = ecdsa.sign(digest, secretKey);
  requireSame('signature', signature, sign(curve, digest, secret), told);

  const s = numberFrom(signature.subarray(byteLength));
  const r = numberFrom(signature.subarray(0, byteLength));
  const opposite = signatureOf(curve, r, order - s);
  const verifyKnown = random() < KNOWN_SHARE ? knownVerifier(ecdsa, publicKey, signature, digest) : undefined;
  const requireVerdict = (what: string, expected: boolean, given: Uint8Array, over: Uint8Array) => {
    for (const [way, found] of [
      ['verify', ecdsa.verify(given, over, publicKey)],
      ['verifier', verifyKnown?.(given, over) ?? expected],
    ] as const)
      if (found !== expected) throw new Difference(`${way} says ${found} to ${what} ${hex(given)}, ${told()}`);
  };
  requireVerdict('its own signature', true, signature, digest);
  if (random() > NEIGHBOURS_SHARE) return;
  requireVerdict('the opposite signature', true, opposite, digest);
  const at = Math.floor(random() * signature.length);
  const flipped = Uint8Array.from(signature, (octet, i) =>
    i === at ? octet ^ (1 << Math.floor(8 * random())) : octet,
  );
  requireVerdict('a flipped bit in', false, flipped, digest);
  if (digest.length > 0 && digest.length <= byteLength) {
    const other = Uint8Array.from(digest, (octet, i) => (i === digest.length - 1 ? octet ^ 1 : octet));
    requireVerdict('another digest for', false, signature, other);
  }
}

/** A batch gives what its members give alone. */
export function compareBatch(ecdsa: Ecdsa, curve: Curve, random: Random, size: number): void {
  const secret = randomScalar(curve, random);
  const secretKey = octetsOf(secret, curve.byteLength);
  const digests = Array.from({ length: size }, () => someDigest(curve, random));
  const signatures = ecdsa.signMany?.(digests, secretKey) ?? digests.map((digest) => ecdsa.sign(digest, secretKey));
  if (signatures.length !== size) throw new Difference(`${signatures.length} signatures of ${size} digests`);
  for (const [i, digest] of digests.entries())
    requireSame(
      `signature ${i} of ${size}`,
      signatures[i]!,
      sign(curve, digest, secret),
      () => `${curve.name}, secret key ${hex(secretKey)}, digest ${hex(digest)}`,
    );
}

/** One call of `verify` that meets an exceptional case, and what it has to say. */
export interface VerifyCase {
  readonly name: string;
  readonly publicKey: Uint8Array;
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  readonly valid: boolean;
}

/** Signatures over digests that were made for them: both summands of u1 G + u2 Q equal, opposite, or one of them infinity. */
export function exceptionalVerifications(curve: Curve, random: Random): readonly VerifyCase[] {
  const { order, byteLength } = curve;
  const secrets = [randomScalar(curve, random), 1n, 2n, 3n, order - 1n, order - 2n, (order + 1n) / 2n];
  return secrets.flatMap((secret) => {
    const publicKey = multiplyBase(curve, secret);
    const k = randomScalar(curve, random);
    const { r } = signWith(curve, 0n, secret, k);
    const aCase = (name: string, h: bigint, s: bigint, valid: boolean): VerifyCase => ({
      name: `${name}, secret key ${secret < 1000n ? secret : 'large'}`,
      publicKey,
      digest: octetsOf(mod(h, order), byteLength),
      signature: signatureOf(curve, r, s),
      valid,
    });
    const product = mod(r * secret, order);
    const signed = (h: bigint) => signWith(curve, h, secret, k).s;
    const equal = mod(product * inverse(k - 1n, order), order); // h = s
    return [
      aCase('u1 G = u2 Q', product, signed(product), true),
      aCase('u1 G = -u2 Q', -product, k, false),
      aCase('u1 = 0', 0n, signed(0n), true),
      aCase('u1 = 0, another s', 0n, mod(signed(0n) + 1n, order), false),
      aCase('u1 = 1', equal, equal, true),
    ];
  });
}

/** Signatures that no key has made. */
export function impossibleSignatures(curve: Curve): readonly (readonly [name: string, signature: Uint8Array])[] {
  const { order, byteLength } = curve;
  const most = (1n << BigInt(8 * byteLength)) - 1n;
  const values = [0n, order, order + 1n, most];
  const pairs = values.flatMap((value) => [
    [`r = ${name(value, curve)}`, signatureOf(curve, value, 1n)] as const,
    [`s = ${name(value, curve)}`, signatureOf(curve, 1n, value)] as const,
  ]);
  return [...pairs, ['r = s = 0', signatureOf(curve, 0n, 0n)], ['r = s = 1', signatureOf(curve, 1n, 1n)]];
}

const name = (value: bigint, { order }: Curve): string =>
  value === 0n ? '0' : value === order ? 'n' : value === order + 1n ? 'n + 1' : 'the largest';
