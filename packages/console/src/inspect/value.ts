import { DerError, type DerReader, type Oid, read, tags, toHex } from '@mayfly/der';
import { oidText } from '@mayfly/x509/oid-names';
import type { Shape } from './shape.js';

/** What a primitive element says. */
export interface Value {
  readonly text: string;
  readonly oid?: Oid;
  readonly fault?: DerError;
}

/** Octets that one line shows. */
const MAX_OCTETS = 24;

/**
 * The value of a primitive element for people, read strictly.
 * @param place - Where it stands; faults are told from there.
 * @param tag - Its identifier octet; `shape.type` says what stands under an IMPLICIT one.
 */
export function decodeValue(
  der: Uint8Array,
  place: { readonly offset: number; readonly path: string },
  tag: number,
  shape: Shape,
): Value {
  if (shape.isSecret) return { text: `${der.length} octets, hidden` };
  try {
    return read(der, (reader) => primitiveValue(reader, tag, shape.type ?? tag));
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    const state = error.message.replace(/^.*? at byte \d+: /, '');
    return { text: state, fault: new DerError(error.code, place.offset + error.offset, place.path, state) };
  }
}

function primitiveValue(reader: DerReader, tag: number, type: number): Value {
  switch (type) {
    case tags.boolean:
      return { text: reader.boolean('', tag) ? 'TRUE' : 'FALSE' };
    case tags.integer:
    case tags.enumerated: {
      const value = reader.integer('', tag);
      const isSmall = value >= -(2n ** 53n) && value < 2n ** 53n;
      return { text: isSmall ? String(value) : shortHex(hexOctets(value)) };
    }
    case tags.null:
      reader.null('', tag);
      return { text: '' };
    case tags.oid: {
      const oid = reader.oid('', tag);
      return { text: oidText(oid), oid };
    }
    case tags.utcTime:
      return { text: timeText(reader.time('')) };
    case tags.generalizedTime:
      return { text: timeText(reader.generalizedTime('', tag)) };
    case tags.bitString: {
      const { bytes, unusedBits } = reader.bitString('', tag);
      return { text: unusedBits === 0 ? shortHex(bytes) : `${shortHex(bytes)} less ${unusedBits} bits` };
    }
    case tags.utf8String:
    case tags.numericString:
    case tags.printableString:
    case tags.teletexString:
    case tags.ia5String:
    case tags.visibleString:
    case tags.universalString:
    case tags.bmpString:
      return { text: reader.stringOf(type, '', tag) };
    default:
      return { text: shortHex(reader.value(tag, '')) };
  }
}

function hexOctets(value: bigint): Uint8Array {
  const hex = (value < 0n ? -value : value).toString(16);
  return Uint8Array.from(hex.padStart(hex.length + (hex.length % 2), '0').match(/../g)!, (pair) =>
    Number.parseInt(pair, 16),
  );
}

/** `2026-11-27 09:54:04 UTC`. */
export const timeText = (at: number): string =>
  new Date(at * 1000).toISOString().replace('T', ' ').replace('.000Z', ' UTC');

/** Octets as `3a:5f`, cut where there are many. */
function shortHex(bytes: Uint8Array): string {
  const shown = toHex(bytes.subarray(0, MAX_OCTETS)).replace(/..(?=.)/g, '$&:');
  return bytes.length > MAX_OCTETS ? `${shown}… (${bytes.length} octets)` : shown;
}
