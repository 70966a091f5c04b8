import { type DerNode, type DerReader, type Seconds, sequence, time } from '@mayfly/der';

/** RFC 5280 §4.1.2.5. Both ends inclusive, so a certificate lives `notAfter - notBefore + 1` seconds. */
export interface Validity {
  readonly notBefore: Seconds;
  readonly notAfter: Seconds;
}

/**
 * Reads `Validity ::= SEQUENCE { notBefore Time, notAfter Time }`.
 * @returns Whole seconds since 1970-01-01T00:00:00Z. The order of the two is not checked here.
 * @throws {@link DerError} `ERR_DER_TAG`, `ERR_DER_TIME`, `ERR_DER_TRAILING_DATA`.
 */
export function readValidity(reader: DerReader): Validity {
  const validity = reader.sequence('validity');
  const notBefore = validity.time('notBefore');
  const notAfter = validity.time('notAfter');
  validity.end();
  return { notBefore, notAfter };
}

/** The inverse of {@link readValidity}: UTCTime through 2049, GeneralizedTime from 2050. */
export const validityNode = ({ notBefore, notAfter }: Validity): DerNode => sequence(time(notBefore), time(notAfter));

/** Seconds that a certificate lives, the whole second of `notAfter` included. */
export const lifetime = ({ notBefore, notAfter }: Validity): Seconds => notAfter - notBefore + 1;
