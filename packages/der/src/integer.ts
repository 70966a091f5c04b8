/** Two's complement of up to seven octets, or `undefined` past ±(2⁵³ − 1). */
export function toNumber(bytes: Uint8Array, start: number, end: number): number | undefined {
  if (end - start > 7) return undefined;
  let value = bytes[start]! >= 0x80 ? bytes[start]! - 256 : bytes[start]!;
  for (let i = start + 1; i < end; i++) value = value * 256 + bytes[i]!;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** Two's complement of any length. Serial numbers (16 to 20 octets) take the loop; moduli the hexadecimal. */
export function toBigInt(bytes: Uint8Array, start: number, end: number): bigint {
  const length = end - start;
  if (length <= 6) return BigInt(toNumber(bytes, start, end)!);
  const negative = bytes[start]! >= 0x80;
  let value = 0n;
  if (length <= 24) {
    let at = start;
    for (let head = length % 6 || 6; at < end; head = 6) {
      let chunk = 0;
      for (const stop = at + head; at < stop; at++) chunk = chunk * 256 + bytes[at]!;
      value = (value << 48n) | BigInt(chunk);
    }
  } else {
    let hex = '0x';
    for (let i = start; i < end; i++) hex += bytes[i]!.toString(16).padStart(2, '0');
    value = BigInt(hex);
  }
  return negative ? value - (1n << BigInt(8 * length)) : value;
}
