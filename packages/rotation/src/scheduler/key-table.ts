/** What {@link KeyTable} answers when a key is not there. */
export const NONE = -1;

const FIRST_CAPACITY = 1024;

/**
 * Gives each key a small number, its slot, that other arrays are indexed with. A hash table with linear probing over one
 * typed array: a `Map` from string to number takes two to three times as long for a million keys (`schedule/million`).
 */
export class KeyTable {
  /** Pairs of hash and slot + 1; 0 is a free place. At most half full. */
  #places = new Int32Array(4 * FIRST_CAPACITY);
  /** Key of each slot; `undefined` for a free one. */
  readonly #keys: (string | undefined)[] = [];
  #hashes = new Int32Array(FIRST_CAPACITY);
  readonly #free: number[] = [];
  /** Differs from table to table, so that nobody can choose keys that meet in one place. Changes no result. */
  readonly #basis: number = Math.floor(Math.random() * 0x100000000);

  /** Keys in the table. */
  get size(): number {
    return this.#keys.length - this.#free.length;
  }

  /** Slots ever given, free ones included; all slots are below. */
  get slots(): number {
    return this.#keys.length;
  }

  /** Key of a slot, `undefined` for a free one. */
  key(slot: number): string | undefined {
    return this.#keys[slot];
  }

  /** Slot of a key, or `NONE`. */
  find(key: string): number {
    return this.#find(key, this.#hash(key));
  }

  /** Slot of a key, which is added if it is not there: then the slot is free of earlier use or new. */
  findOrAdd(key: string): { readonly slot: number; readonly isNew: boolean } {
    const hash = this.#hash(key);
    const known = this.#find(key, hash);
    if (known !== NONE) return { slot: known, isNew: false };
    const slot = this.#free.pop() ?? this.#keys.length;
    if (slot === this.#hashes.length) this.#grow();
    this.#keys[slot] = key;
    this.#hashes[slot] = hash;
    this.#place(slot, hash);
    return { slot, isNew: true };
  }

  /** Frees a slot and forgets its key. */
  remove(slot: number): void {
    const places = this.#places;
    const last = places.length - 2;
    let at = (this.#hashes[slot]! << 1) & last;
    while (places[at + 1] !== slot + 1) at = (at + 2) & last;
    // Whatever was pushed behind this place moves up, so that no probe ends too early.
    for (let next = (at + 2) & last; places[next + 1] !== 0; next = (next + 2) & last) {
      const home = (places[next]! << 1) & last;
      if (((next - home) & last) < ((next - at) & last)) continue;
      places[at] = places[next]!;
      places[at + 1] = places[next + 1]!;
      at = next;
    }
    places[at + 1] = 0;
    this.#keys[slot] = undefined;
    this.#free.push(slot);
  }

  /** FNV-1a over UTF-16 units, with the high bits folded down to where the place is taken from. */
  #hash(key: string): number {
    let hash = this.#basis;
    for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    return hash ^ (hash >>> 15);
  }

  #find(key: string, hash: number): number {
    const places = this.#places;
    const last = places.length - 2;
    for (let at = (hash << 1) & last; places[at + 1] !== 0; at = (at + 2) & last) {
      const slot = places[at + 1]! - 1;
      if (places[at] === hash && this.#keys[slot] === key) return slot;
    }
    return NONE;
  }

  #place(slot: number, hash: number): void {
    const places = this.#places;
    const last = places.length - 2;
    let at = (hash << 1) & last;
    while (places[at + 1] !== 0) at = (at + 2) & last;
    places[at] = hash;
    places[at + 1] = slot + 1;
  }

  #grow(): void {
    const hashes = new Int32Array(this.#hashes.length * 2);
    hashes.set(this.#hashes);
    this.#hashes = hashes;
    this.#places = new Int32Array(4 * hashes.length);
    for (let slot = 0; slot < this.#keys.length; slot++)
      if (this.#keys[slot] !== undefined) this.#place(slot, hashes[slot]!);
  }
}
