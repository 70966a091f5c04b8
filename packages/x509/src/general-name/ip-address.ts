/**
 * Octets of an IP address: 4 for `192.0.2.1`, 16 for the forms of RFC 4291 §2.2. No zone, no prefix length.
 * @returns `undefined` for anything else, numbers with leading zeros among it.
 */
export function parseIPAddress(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!text.includes(':')) return parseIPv4(text);
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = parseGroups(halves[1] ?? '', true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 16 - head.length - tail.length;
  // `::` stands for at least one group (RFC 5952 §4.2.2 advises two, RFC 4291 allows one).
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return Uint8Array.from([...head, ...new Array<number>(missing).fill(0), ...tail]);
}

/** Octets of groups between colons; the last two groups may be an IPv4 address where the whole ends with them. */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const octets: number[] = [];
  for (const [i, group] of groups.entries()) {
    if (last && i === groups.length - 1 && group.includes('.')) {
      const embedded = parseIPv4(group);
      if (embedded === undefined) return undefined;
      octets.push(...embedded);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      octets.push(value >> 8, value & 0xff);
    }
  }
  return octets;
}

function parseIPv4(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^(?:(?:0|[1-9][0-9]{0,2})(?:\.|$)){4}$/.test(text) || text.endsWith('.')) return undefined;
  const octets = text.split('.').map(Number);
  return octets.every((octet) => octet <= 0xff) ? Uint8Array.from(octets) : undefined;
}

/**
 * Text of 4 or 16 octets, the latter in the one form of RFC 5952: lower case, no leading zeros, the longest run of two
 * or more zero groups as `::`.
 * @throws RangeError for another number of octets.
 */
export function formatIPAddress(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  if (octets.length !== 16) throw new RangeError(`Cannot format IP address: ${octets.length} octets`);
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((octets[i]! << 8) | octets[i + 1]!);
  const { start, length } = longestRunOfZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  return length < 2 ? hex.join(':') : `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function longestRunOfZeros(groups: readonly number[]): { start: number; length: number } {
  let longest = { start: 0, length: 0 };
  let start = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue;
    if (i - start > longest.length) longest = { start, length: i - start };
    start = i + 1;
  }
  return longest;
}
