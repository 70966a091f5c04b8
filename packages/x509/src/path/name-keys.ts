import { toHex } from '@mayfly/der';
import { parseName } from '../name/codec.js';
import { matchingKey } from '../name/match.js';
import { OctetMap } from '../octet-map.js';

/** Names longer than this are not kept: what strangers send must not fill the memory. */
const MAX_KEPT = 1024;

/** Comparable texts for names, computed once for each that is met often. */
export class NameKeys {
  readonly #keys = new OctetMap<string>(1024);

  /** Names with the same key match (RFC 5280 §7.1). One that is malformed matches its octets alone. */
  keyOf(der: Uint8Array): string {
    const known = this.#keys.get(der);
    if (known !== undefined) return known;
    let key: string;
    try {
      key = matchingKey(parseName(der));
    } catch {
      key = `malformed ${toHex(der)}`; // no matchingKey begins like this
    }
    if (der.length <= MAX_KEPT) this.#keys.set(der, key);
    return key;
  }
}
