import { read, tags } from '@mayfly/der';

/**
 * `Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 §2.2.3) from r‖s.
 * @param compact - Two halves of one length, as WebCrypto, JOSE and PKCS#11 give them.
 */
export function ecdsaSignatureToDer(compact: Uint8Array): Uint8Array<ArrayBuffer> {
  const der = new Uint8Array(derLength(compact));
  write(compact, der);
  return der;
}

/** {@link ecdsaSignatureToDer} of many, which share memory: one array takes longer to make than several to fill. */
export function ecdsaSignaturesToDer(batch: readonly Uint8Array[]): readonly Uint8Array[] {
  const shared = new Uint8Array(batch.reduce((sum, compact) => sum + derLength(compact), 0));
  let end = 0;
  return batch.map((compact) => {
    const der = shared.subarray(end, end + derLength(compact));
    end += der.length;
    write(compact, der);
    return der;
  });
}

/** Octets of the two numbers with their headers: 139 at most, for P-521. */
const contentLength = (compact: Uint8Array): number => {
  const half = compact.length / 2;
  return 4 + integerLength(compact, 0, half) + integerLength(compact, half, compact.length);
};

function derLength(compact: Uint8Array): number {
  const length = contentLength(compact);
  return (length < 0x80 ? 2 : 3) + length;
}

/** Octets of an unsigned number as an INTEGER: without leading zeros, but with one before a first bit that is set. */
function integerLength(octets: Uint8Array, start: number, end: number): number {
  const first = firstDigit(octets, start, end);
  return end - first + (octets[first]! >> 7);
}

/** Where a number begins behind its leading zeros; its last octet when it is zero. */
function firstDigit(octets: Uint8Array, start: number, end: number): number {
  while (start < end - 1 && octets[start] === 0) start++;
  return start;
}

function write(compact: Uint8Array, der: Uint8Array): void {
  const length = contentLength(compact);
  const half = compact.length / 2;
  let at = 0;
  der[at++] = tags.sequence;
  if (length >= 0x80) der[at++] = 0x81;
  der[at++] = length;
  at = writeInteger(compact, 0, half, der, at);
  writeInteger(compact, half, compact.length, der, at);
}

/** Writes an INTEGER at `at`; returns the place behind it. */
function writeInteger(octets: Uint8Array, start: number, end: number, der: Uint8Array, at: number): number {
  let first = firstDigit(octets, start, end);
  der[at++] = tags.integer;
  der[at++] = integerLength(octets, start, end);
  if (octets[first]! >= 0x80) der[at++] = 0;
  while (first < end) der[at++] = octets[first++]!;
  return at;
}

/**
 * r‖s from `Ecdsa-Sig-Value`, each padded to the octets of the curve.
 * @param fieldLength - 32, 48 or 66.
 * @returns `undefined` when it is not exactly DER or a number is negative or too long: no valid signature either way.
 */
export function ecdsaSignatureFromDer(der: Uint8Array, fieldLength: number): Uint8Array<ArrayBuffer> | undefined {
  try {
    return read(der, (reader) => {
      const signature = reader.sequence('signatureValue');
      const r = signature.unsignedInteger('r');
      const s = signature.unsignedInteger('s');
      signature.end();
      if (r.length > fieldLength || s.length > fieldLength) return undefined;
      const compact = new Uint8Array(2 * fieldLength);
      compact.set(r, fieldLength - r.length);
      compact.set(s, 2 * fieldLength - s.length);
      return compact;
    });
  } catch {
    return undefined; // the caller's answer is "does not verify", whatever the reader found
  }
}
