import { type DerNode, type DerReader, equalBytes, type Oid, oid, raw, sequence } from '@mayfly/der';

/** RFC 5280 §4.1.1.2. `parameters` is the DER of whatever the algorithm defines there; absent is not NULL. */
export interface AlgorithmIdentifier {
  readonly algorithm: Oid;
  readonly parameters?: Uint8Array;
}

/**
 * Reads `AlgorithmIdentifier ::= SEQUENCE { algorithm OBJECT IDENTIFIER, parameters ANY DEFINED BY algorithm OPTIONAL }`.
 * @returns `parameters` as a view, not looked into.
 * @throws {@link DerError} `ERR_DER_TAG`, `ERR_DER_OID`, `ERR_DER_TRAILING_DATA`.
 */
export function readAlgorithmIdentifier(reader: DerReader, field: string, tag?: number): AlgorithmIdentifier {
  const identifier = reader.sequence(field, tag);
  const algorithm = identifier.oid('algorithm');
  if (identifier.done) return { algorithm };
  const parameters = identifier.element('parameters');
  identifier.end();
  return { algorithm, parameters };
}

/** The inverse of {@link readAlgorithmIdentifier}. */
export const algorithmIdentifierNode = ({ algorithm, parameters }: AlgorithmIdentifier): DerNode =>
  sequence(oid(algorithm), parameters && raw(parameters));

/** Whether two identifiers are the same to the byte; absent and NULL parameters differ. */
export function equalAlgorithmIdentifiers(a: AlgorithmIdentifier, b: AlgorithmIdentifier): boolean {
  if (a === b) return true;
  if (a.algorithm !== b.algorithm) return false;
  if (a.parameters === undefined || b.parameters === undefined) return a.parameters === b.parameters;
  return equalBytes(a.parameters, b.parameters);
}
