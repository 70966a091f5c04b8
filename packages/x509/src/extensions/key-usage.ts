import { namedBits, type Oid } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { extensionOf, readExtension, refuseValue } from './find-extension.js';

/** `id-ce-keyUsage`. */
export const idCeKeyUsage: Oid = '2.5.29.15';

/** RFC 5280 §4.2.1.3. `contentCommitment` was called nonRepudiation. */
export type KeyUsageBit =
  | 'digitalSignature'
  | 'contentCommitment'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly';

/** In the order of their bits. */
const BITS: readonly KeyUsageBit[] = [
  'digitalSignature',
  'contentCommitment',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
];

/**
 * Reads what the key may be used for. Trailing zero bits and bits without a name are passed over.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` when no bit is set.
 */
export const keyUsage = (of: HasExtensions): ReadonlySet<KeyUsageBit> | undefined =>
  readExtension(of, idCeKeyUsage, 'keyUsage', (reader) => {
    const { bytes } = reader.bitString('');
    if (bytes.every((octet) => octet === 0)) refuseValue(reader, 0, 'no bit is set');
    return new Set(BITS.filter((_name, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0));
  });

/**
 * Writes it, critical as RFC 5280 §4.2.1.3 advises.
 * @throws RangeError when no bit is given.
 */
export function keyUsageExtension(bits: Iterable<KeyUsageBit>, critical: boolean = true): Extension {
  const numbers = Array.from(bits, (bit) => BITS.indexOf(bit));
  if (numbers.length === 0) throw new RangeError('Cannot encode keyUsage: no bit is set');
  if (numbers.includes(-1)) throw new TypeError('Cannot encode keyUsage: a bit has no such name');
  return extensionOf(idCeKeyUsage, critical, namedBits(numbers));
}
