import { encode, raw, sequence } from '@mayfly/der';
import type { BitString } from 'asn1js';
import type * as pkijs from 'pkijs';
import { algorithmIdentifierDer } from './algorithm-identifier.js';
import { fromAsn1js } from './asn1.js';
import { InteropError } from './errors.js';

/** X.509's SIGNED{} as PKI.js keeps it. */
export interface PkijsSigned {
  /** The octets that were signed or read. */
  readonly tbsView: Uint8Array;
  readonly signatureAlgorithm: pkijs.AlgorithmIdentifier;
  readonly signatureValue: BitString;
}

/**
 * SIGNED{} around the octets that were signed. PKI.js' own `toSchema()` takes them apart and writes them anew.
 * @throws {@link InteropError} `ERR_INTEROP_UNSIGNED`, `ERR_INTEROP_NOT_DER`.
 */
export function signedDer(
  what: string,
  { tbsView, signatureAlgorithm, signatureValue }: PkijsSigned,
): Uint8Array<ArrayBuffer> {
  if (tbsView.length === 0 || signatureValue.valueBlock.valueHexView.length === 0)
    throw new InteropError('ERR_INTEROP_UNSIGNED', `Cannot convert ${what} from PKI.js: it is not signed`);
  return encode(
    sequence(raw(tbsView), raw(algorithmIdentifierDer(signatureAlgorithm)), raw(fromAsn1js(signatureValue))),
  );
}
