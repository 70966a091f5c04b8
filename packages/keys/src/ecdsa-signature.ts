import { encode, read, sequence, unsignedInteger } from '@mayfly/der';

/**
 * `Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 §2.2.3) from r‖s.
 * @param compact - Two halves of one length, as WebCrypto, JOSE and PKCS#11 give them.
 */
export function ecdsaSignatureToDer(compact: Uint8Array): Uint8Array<ArrayBuffer> {
  const half = compact.length / 2;
  return encode(sequence(unsignedInteger(compact.subarray(0, half)), unsignedInteger(compact.subarray(half))));
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
