/** Throws unless two values are the same: octets by their octets, others by `Object.is`. */
export function expectEqual(found: unknown, expected: unknown, what: string): void {
  const [a, b] = [shown(found), shown(expected)];
  if (a !== b) throw new Error(`${what} is ${a}, not ${b}`);
}

/** Throws unless a call fails with an error of this code. */
export function expectRefusal(call: () => unknown, code: string): void {
  try {
    call();
  } catch (error) {
    expectEqual((error as { readonly code?: unknown }).code, code, 'the code');
    return;
  }
  throw new Error(`no error, where ${code} is due`);
}

const shown = (value: unknown): string => (value instanceof Uint8Array ? `octets ${toHex(value)}` : String(value));

const toHex = (octets: Uint8Array): string =>
  Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('');

export const fromHex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (octet) => Number.parseInt(octet, 16));
