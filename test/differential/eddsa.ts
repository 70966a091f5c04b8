import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import type { Eddsa } from '@mayfly/keys/backend';
import { Difference, type Random } from './ecdsa.js';
import { numberFrom, octetsOf } from './numbers.js';

/** The order of the base point (RFC 8032 §5.1). */
const L = (1n << 252n) + 27742317777372353535851937790883648493n;

/** RFC 8410 §7, up to the seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

const keyOf = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });

const publicOctets = (key: KeyObject): Uint8Array =>
  Uint8Array.from(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32));

const randomOctets = (random: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => Math.floor(256 * random()));

/** The same number with its octets the other way round. */
const reversed = (octets: Uint8Array): Uint8Array => Uint8Array.from(octets).reverse();

/** Lengths of messages around the blocks of SHA-512, behind 64 octets of prefix and key. */
const messageLengths = [0, 1, 31, 32, 47, 48, 63, 64, 111, 112, 127, 128, 129, 175, 176, 255, 256, 1023, 4096];

/** Signs one message with one seed, as OpenSSL does, and verifies what comes out and what is near it. */
export function compareEddsaOnce(eddsa: Eddsa, random: Random): void {
  const kind = random();
  const seed = kind < 0.9 ? randomOctets(random, 32) : new Uint8Array(32).fill(kind < 0.95 ? 0 : 0xff);
  const length =
    random() < 0.7 ? Math.floor(300 * random()) : messageLengths[Math.floor(random() * messageLengths.length)]!;
  const message = randomOctets(random, length);
  const key = keyOf(seed);
  const told = () => `seed ${hex(seed)}, message ${hex(message)}`;
  const requireSame = (what: string, found: Uint8Array, expected: Uint8Array) => {
    if (Buffer.compare(found, expected) !== 0)
      throw new Difference(`${what}: ${hex(found)} instead of ${hex(expected)}, ${told()}`);
  };
  const publicKey = eddsa.getPublicKey(seed);
  requireSame('public key', publicKey, publicOctets(key));
  const signature = eddsa.sign(message, seed);
  requireSame('signature', signature, sign(null, message, key));

  const requireVerdict = (what: string, expected: boolean, given: Uint8Array, over: Uint8Array) => {
    if (eddsa.verify(given, over, publicKey) !== expected)
      throw new Difference(`verify says ${!expected} to ${what} ${hex(given)}, ${told()}`);
  };
  requireVerdict('its own signature', true, signature, message);
  const at = Math.floor(64 * random());
  const flipped = Uint8Array.from(signature, (octet, i) =>
    i === at ? octet ^ (1 << Math.floor(8 * random())) : octet,
  );
  requireVerdict('a flipped bit in', false, flipped, message);
  requireVerdict('another message for', false, signature, Uint8Array.from([...message, 0]));
  const S = numberFrom(reversed(signature.subarray(32)));
  const high = Uint8Array.from([...signature.subarray(0, 32), ...reversed(octetsOf(S + L, 32))]);
  requireVerdict('S + L in', false, high, message);
}

/** Signs messages with one seed all at once: each signature is the one that OpenSSL makes. */
export function compareEddsaBatch(
  { signer }: { readonly signer: NonNullable<Eddsa['signer']> },
  random: Random,
  count: number,
): void {
  const seed = randomOctets(random, 32);
  const messages = Array.from({ length: count }, () => randomOctets(random, Math.floor(300 * random())));
  const one = signer(seed);
  const signatures = one.signMany?.(messages) ?? [];
  one.destroy();
  const key = keyOf(seed);
  for (const [i, message] of messages.entries()) {
    const expected = sign(null, message, key);
    if (signatures[i] === undefined || Buffer.compare(signatures[i], expected) !== 0)
      throw new Difference(`signature ${i} of ${count} with seed ${hex(seed)} is not ${hex(expected)}`);
  }
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
