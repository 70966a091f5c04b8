import { LruMap } from '../lru-map.js';
import { parseName } from '../name/codec.js';
import { matchingKey } from '../name/match.js';
import { octetText } from '../octet-text.js';

/** Comparable texts for names, computed once for each that is met often. */
export class NameKeys {
  readonly #keys = new LruMap<string, string>(1024);

  /** Names with the same key match (RFC 5280 §7.1). One that is malformed matches its octets alone. */
  keyOf(der: Uint8Array): string {
    const octets = octetText(der);
    let key = this.#keys.get(octets);
    if (key === undefined) {
      try {
        key = matchingKey(parseName(der));
      } catch {
        key = `malformed ${octets}`; // no matchingKey begins like this
      }
      if (octets.length <= MAX_KEPT) this.#keys.set(octets, key);
    }
    return key;
  }
}

/** Names longer than this are not kept: what strangers send must not fill the memory. */
const MAX_KEPT = 1024;
