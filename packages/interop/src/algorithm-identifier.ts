import { encode, read } from '@mayfly/der';
import { type AlgorithmIdentifier, algorithmIdentifierNode, readAlgorithmIdentifier } from '@mayfly/x509';
import * as pkijs from 'pkijs';
import { fromAsn1js } from './asn1.js';
import { requireInstance, transfer } from './transfer.js';

/**
 * An AlgorithmIdentifier for PKI.js (RFC 5280 §4.1.1.2).
 * @throws {@link InteropError} `ERR_INTEROP_REFUSED`, `ERR_INTEROP_UNREPRESENTABLE`; `DerError` for broken parameters.
 */
export const toPkijsAlgorithmIdentifier = (identifier: AlgorithmIdentifier): pkijs.AlgorithmIdentifier =>
  transfer(
    'AlgorithmIdentifier',
    encode(algorithmIdentifierNode(identifier)),
    (schema) => new pkijs.AlgorithmIdentifier({ schema }),
    algorithmIdentifierDer,
  );

/**
 * The inverse of {@link toPkijsAlgorithmIdentifier}; parameters that are absent stay absent.
 * @throws {@link InteropError} `ERR_INTEROP_NOT_DER`, `ERR_INTEROP_FOREIGN_COPY`.
 */
export const fromPkijsAlgorithmIdentifier = (identifier: pkijs.AlgorithmIdentifier): AlgorithmIdentifier =>
  read(algorithmIdentifierDer(identifier), (reader) => readAlgorithmIdentifier(reader, ''), {
    field: 'algorithmIdentifier',
  });

/** DER of what PKI.js would write. */
export function algorithmIdentifierDer(identifier: pkijs.AlgorithmIdentifier): Uint8Array<ArrayBuffer> {
  requireInstance('AlgorithmIdentifier', identifier, pkijs.AlgorithmIdentifier);
  return fromAsn1js(identifier.toSchema());
}
