import { checkDer, type DerNode, encode, raw, read } from '@mayfly/der';
import { type AsnType, BaseBlock, fromBER } from 'asn1js';
import { InteropError } from './errors.js';

/**
 * Reads one DER element with asn1js.
 * @param der - Copied, so the result shares no bytes with it.
 * @throws `DerError` unless it is exactly one element; {@link InteropError} `ERR_INTEROP_REFUSED` when asn1js gives up, as it
 * does past 10,000 elements or 100 levels.
 */
export function toAsn1js(der: Uint8Array | DerNode): AsnType {
  const copy = der instanceof Uint8Array ? Uint8Array.from(der) : encode(der);
  read(copy, (reader) => reader.skip('element'));
  const { offset, result } = fromBER(copy);
  if (offset === -1)
    throw new InteropError('ERR_INTEROP_REFUSED', `Cannot convert to asn1js: ${result.error || 'it gives no reason'}`);
  return result;
}

/**
 * What asn1js writes, checked to be DER: asn1js also holds BER, and writes a SET OF in whatever order it was filled.
 * @returns A new array.
 * @throws {@link InteropError} `ERR_INTEROP_NOT_DER` with the `DerError` as its cause; `ERR_INTEROP_FOREIGN_COPY` when the
 * object comes from another copy of asn1js, which PKI.js does not recognise either.
 */
export function fromAsn1js(block: BaseBlock): Uint8Array<ArrayBuffer> {
  const der = written(block);
  try {
    checkDer(der);
  } catch (cause) {
    throw new InteropError('ERR_INTEROP_NOT_DER', `Cannot convert from asn1js: ${reason(cause)}`, { cause });
  }
  return der;
}

/** {@link fromAsn1js} as a node, to stand within a larger structure. */
export const asn1jsNode = (block: BaseBlock): DerNode => raw(fromAsn1js(block));

/** The octets as asn1js writes them, not looked into. */
function written(block: BaseBlock): Uint8Array<ArrayBuffer> {
  if (!(block instanceof BaseBlock))
    throw new InteropError(
      'ERR_INTEROP_FOREIGN_COPY',
      'Cannot convert from asn1js: not an object of the copy of asn1js that @mayfly/interop uses',
    );
  return new Uint8Array(block.toBER());
}

/** What an error that something else threw says about the input. */
export const reason = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
