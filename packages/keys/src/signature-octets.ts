import { tags } from '@mayfly/der';

// What ecdsaSignatureToDer does, octet by octet: nodes, and arrays for r and s, take twice as long, which shows beside kernels
// (benchmarks/sign). Pages that sign by WebCrypto carry the shorter one (npm run size).

/**
 * `Ecdsa-Sig-Value` (RFC 3279 §2.2.3) from r‖s.
 * @throws RangeError when the halves have more than 124 octets, or none; those of P-521 have 66.
 */
export function encodeSignature(compact: Uint8Array): Uint8Array {
  const der = new Uint8Array(derLength(compact));
  writeDer(compact, der, 0);
  return der;
}

/** {@link encodeSignature} of many, which share memory: one array takes longer to make than several to fill. */
export function encodeSignatures(batch: readonly Uint8Array[]): readonly Uint8Array[] {
  const lengths = batch.map(derLength);
  const shared = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let end = 0;
  return batch.map((compact, i) => {
    const from = end;
    end = writeDer(compact, shared, from);
    return shared.subarray(from, from + lengths[i]!);
  });
}

/** The longest half whose SEQUENCE has a length of one octet, or of two. */
const LONGEST_HALF = 124;

function derLength(compact: Uint8Array): number {
  const half = compact.length / 2;
  if (!Number.isInteger(half) || half < 1 || half > LONGEST_HALF)
    throw new RangeError(`Cannot encode signature: ${compact.length} octets are no two halves of 1 to ${LONGEST_HALF}`);
  const content = integerLength(compact, 0, half) + integerLength(compact, half, 2 * half);
  return (content < 0x80 ? 2 : 3) + content;
}

/** Returns the place behind it. */
function writeDer(compact: Uint8Array, der: Uint8Array, at: number): number {
  const half = compact.length / 2;
  const content = integerLength(compact, 0, half) + integerLength(compact, half, 2 * half);
  der[at++] = tags.sequence;
  if (content >= 0x80) der[at++] = 0x81;
  der[at++] = content;
  return writeInteger(compact, half, 2 * half, der, writeInteger(compact, 0, half, der, at));
}

/** Where the octets of a number begin that count; the last always does. */
function firstDigit(compact: Uint8Array, from: number, end: number): number {
  while (from < end - 1 && compact[from] === 0) from++;
  return from;
}

/** Octets of an INTEGER: one more where the highest bit would be a sign. */
function integerLength(compact: Uint8Array, from: number, end: number): number {
  const first = firstDigit(compact, from, end);
  return 2 + (compact[first]! >> 7) + end - first;
}

function writeInteger(compact: Uint8Array, from: number, end: number, der: Uint8Array, at: number): number {
  der[at++] = tags.integer;
  der[at++] = integerLength(compact, from, end) - 2;
  const first = firstDigit(compact, from, end);
  if (compact[first]! >= 0x80) der[at++] = 0;
  for (let i = first; i < end; i++) der[at++] = compact[i]!;
  return at;
}
