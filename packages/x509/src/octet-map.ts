import { equalBytes } from '@mayfly/der';

/** How many octets at each end of a key are hashed: serial numbers stand in front, signatures and keys at the end. */
const HASHED = 64;

/**
 * Values by octets, at most so many; what was not asked for the longest is forgotten.
 *
 * Keys are found by a short hash and compared whole. Of two with the same hash the later one takes the place of the other:
 * somebody who makes such keys makes this forget, and nothing worse.
 */
export class OctetMap<V> {
  readonly #capacity: number;
  readonly #entries = new Map<number, { readonly octets: Uint8Array; readonly value: V }>();

  /**
   * @param capacity - Most entries, at least 1.
   * @throws RangeError for a capacity that is no whole number above 0.
   */
  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1)
      throw new RangeError(`Cannot keep ${capacity} entries: need a whole number above 0`);
    this.#capacity = capacity;
  }

  get(octets: Uint8Array): V | undefined {
    const hash = hashOf(octets);
    const entry = this.#entries.get(hash);
    if (entry === undefined || !equalBytes(entry.octets, octets)) return undefined;
    if (this.#entries.size > this.#capacity / 2) {
      // What a Map was given last comes last. As long as there is much room, nobody has to know who came when.
      this.#entries.delete(hash);
      this.#entries.set(hash, entry);
    }
    return entry.value;
  }

  /** @param octets - Copied. */
  set(octets: Uint8Array, value: V): void {
    const hash = hashOf(octets);
    this.#entries.delete(hash);
    this.#entries.set(hash, { octets: octets.slice(), value });
    if (this.#entries.size > this.#capacity) this.#entries.delete(this.#entries.keys().next().value as number); // not empty
  }
}

/** FNV-1a over both ends and the length, in 30 bits, which engines keep without an allocation. */
function hashOf(octets: Uint8Array): number {
  const { length } = octets;
  let hash = (0x811c9dc5 ^ length) | 0;
  const head = Math.min(length, HASHED);
  for (let i = 0; i < head; i++) hash = Math.imul(hash ^ octets[i]!, 0x01000193);
  for (let i = Math.max(head, length - HASHED); i < length; i++) hash = Math.imul(hash ^ octets[i]!, 0x01000193);
  return (hash ^ (hash >>> 15)) & 0x3fff_ffff;
}
