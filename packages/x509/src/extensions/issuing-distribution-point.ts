import { boolean, contextConstructedTag, contextTag, type DerReader, implicit, type Oid, sequence } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import {
  type DistributionPointName,
  distributionPointNameNode,
  type ReasonFlag,
  readDistributionPointName,
  readReasons,
  reasonsNode,
} from './crl-distribution-points.js';
import { extensionOf, readExtension, refuseValue } from './find-extension.js';

/** `id-ce-issuingDistributionPoint`. */
export const idCeIssuingDistributionPoint: Oid = '2.5.29.28';

/** RFC 5280 §5.2.5: which certificates a revocation list speaks of. At most one of the three `onlyContains` is true. */
export interface IssuingDistributionPoint {
  readonly distributionPoint?: DistributionPointName;
  readonly onlyContainsUserCerts: boolean;
  readonly onlyContainsCACerts: boolean;
  /** Absent: all reasons. */
  readonly onlySomeReasons?: ReadonlySet<ReasonFlag>;
  /** Whether entries may be of certificates that others issued. */
  readonly indirectCRL: boolean;
  readonly onlyContainsAttributeCerts: boolean;
}

/*
 * IssuingDistributionPoint ::= SEQUENCE {
 *   distributionPoint          [0] DistributionPointName OPTIONAL,
 *   onlyContainsUserCerts      [1] BOOLEAN DEFAULT FALSE,
 *   onlyContainsCACerts        [2] BOOLEAN DEFAULT FALSE,
 *   onlySomeReasons            [3] ReasonFlags OPTIONAL,
 *   indirectCRL                [4] BOOLEAN DEFAULT FALSE,
 *   onlyContainsAttributeCerts [5] BOOLEAN DEFAULT FALSE }
 */

/**
 * Reads what a revocation list is about (RFC 5280 §5.2.5). Beyond DER it accepts a written-out FALSE.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` when it says nothing, and when two of the three
 * `onlyContains` are true; `ERR_X509_GENERAL_NAME`, `ERR_X509_NAME` for what is wrong with its names.
 */
export const issuingDistributionPoint = (of: HasExtensions): IssuingDistributionPoint | undefined =>
  readExtension(of, idCeIssuingDistributionPoint, 'issuingDistributionPoint', (reader) => {
    const point = reader.sequence('');
    if (point.done) refuseValue(point, 0, 'the sequence is empty');
    const distributionPoint = point.peek() === contextConstructedTag(0) ? readDistributionPointName(point) : undefined;
    const onlyContainsUserCerts = readFlag(point, 'onlyContainsUserCerts', 1);
    const onlyContainsCACerts = readFlag(point, 'onlyContainsCACerts', 2);
    const onlySomeReasons = point.peek() === contextTag(3) ? readReasons(point, 'onlySomeReasons', 3) : undefined;
    const indirectCRL = readFlag(point, 'indirectCRL', 4);
    const onlyContainsAttributeCerts = readFlag(point, 'onlyContainsAttributeCerts', 5);
    point.end();
    if (contradicts(onlyContainsUserCerts, onlyContainsCACerts, onlyContainsAttributeCerts))
      refuseValue(point, 0, 'more than one of the three onlyContains is true');
    return {
      ...(distributionPoint && { distributionPoint }),
      onlyContainsUserCerts,
      onlyContainsCACerts,
      ...(onlySomeReasons && { onlySomeReasons }),
      indirectCRL,
      onlyContainsAttributeCerts,
    };
  });

/**
 * Writes it; always critical. What is not given is absent or false.
 * @throws RangeError when nothing is given, and when two of the three `onlyContains` are true.
 */
export function issuingDistributionPointExtension({
  distributionPoint,
  onlyContainsUserCerts = false,
  onlyContainsCACerts = false,
  onlySomeReasons,
  indirectCRL = false,
  onlyContainsAttributeCerts = false,
}: Partial<IssuingDistributionPoint>): Extension {
  if (contradicts(onlyContainsUserCerts, onlyContainsCACerts, onlyContainsAttributeCerts))
    throw new RangeError('Cannot encode issuingDistributionPoint: more than one of the three onlyContains is true');
  const flag = (value: boolean, tagNumber: number) => value && implicit(tagNumber, boolean(true));
  const value = sequence(
    distributionPoint && distributionPointNameNode(distributionPoint),
    flag(onlyContainsUserCerts, 1),
    flag(onlyContainsCACerts, 2),
    onlySomeReasons && reasonsNode(onlySomeReasons, 3),
    flag(indirectCRL, 4),
    flag(onlyContainsAttributeCerts, 5),
  );
  if (value.byteLength === 2) throw new RangeError('Cannot encode issuingDistributionPoint: it says nothing');
  return extensionOf(idCeIssuingDistributionPoint, true, value);
}

const readFlag = (point: DerReader, field: string, tagNumber: number): boolean =>
  point.peek() === contextTag(tagNumber) && point.boolean(field, contextTag(tagNumber));

const contradicts = (...only: readonly boolean[]): boolean => only.filter(Boolean).length > 1;
