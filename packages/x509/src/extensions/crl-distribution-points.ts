import {
  contextConstructedTag,
  contextTag,
  type DerNode,
  type DerReader,
  explicit,
  implicit,
  namedBits,
  type Oid,
  sequence,
} from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { type GeneralName, generalNamesNode, readGeneralNames } from '../general-name/codec.js';
import { type RelativeDistinguishedName, rdnNode, readRdn } from '../name/codec.js';
import { extensionOf, readExtension, readList, refuseValue, requireElements } from './find-extension.js';

/** `id-ce-cRLDistributionPoints`. */
export const idCeCRLDistributionPoints: Oid = '2.5.29.31';

/** RFC 5280 §4.2.1.13. */
export type ReasonFlag =
  | 'unused'
  | 'keyCompromise'
  | 'cACompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation'
  | 'certificateHold'
  | 'privilegeWithdrawn'
  | 'aACompromise';

/** Every reason, in the order of their bits. */
export const reasonFlags: readonly ReasonFlag[] = [
  'unused',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
  'aACompromise',
];

/** RFC 5280 §4.2.1.13: where it is, or what the issuer's name is followed by. */
export type DistributionPointName =
  | { readonly fullName: readonly GeneralName[]; readonly nameRelativeToCRLIssuer?: undefined }
  | { readonly nameRelativeToCRLIssuer: RelativeDistinguishedName; readonly fullName?: undefined };

/** RFC 5280 §4.2.1.13. Never `reasons` alone. */
export interface DistributionPoint {
  readonly distributionPoint?: DistributionPointName;
  /** Absent: all reasons. */
  readonly reasons?: ReadonlySet<ReasonFlag>;
  /** Absent: the issuer of the certificate. */
  readonly cRLIssuer?: readonly GeneralName[];
}

/**
 * Reads where revocation lists are (RFC 5280 §4.2.1.13).
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` for an empty list and a point that has nothing but
 * reasons; `ERR_X509_GENERAL_NAME`, `ERR_X509_NAME` for what is wrong with its names.
 */
export const cRLDistributionPoints = (of: HasExtensions): readonly DistributionPoint[] | undefined =>
  readExtension(of, idCeCRLDistributionPoints, 'cRLDistributionPoints', readDistributionPoints);

/**
 * Writes them.
 * @throws RangeError for an empty list and a point that has nothing but reasons.
 */
export const cRLDistributionPointsExtension = (
  points: readonly DistributionPoint[],
  critical: boolean = false,
): Extension => extensionOf(idCeCRLDistributionPoints, critical, distributionPointsNode(points));

/*
 * DistributionPoint ::= SEQUENCE {
 *   distributionPoint [0] DistributionPointName OPTIONAL,
 *   reasons           [1] ReasonFlags OPTIONAL,
 *   cRLIssuer         [2] GeneralNames OPTIONAL }
 */

/** Reads `CRLDistributionPoints`, the type of two extensions. */
export const readDistributionPoints = (reader: DerReader): readonly DistributionPoint[] =>
  readList(reader.sequence(''), (list) => {
    const start = list.offset;
    const point = list.sequence('');
    const distributionPoint = point.peek() === contextConstructedTag(0) ? readDistributionPointName(point) : undefined;
    const reasons = point.peek() === contextTag(1) ? readReasons(point, 'reasons', 1) : undefined;
    const cRLIssuer =
      point.peek() === contextConstructedTag(2)
        ? readGeneralNames(point, 'cRLIssuer', contextConstructedTag(2))
        : undefined;
    point.end();
    if (distributionPoint === undefined && cRLIssuer === undefined)
      refuseValue(point, start, 'neither distributionPoint nor cRLIssuer');
    return {
      ...(distributionPoint && { distributionPoint }),
      ...(reasons && { reasons }),
      ...(cRLIssuer && { cRLIssuer }),
    };
  });

/** Reads `distributionPoint [0] DistributionPointName`, which is EXPLICIT because it is a CHOICE. */
export function readDistributionPointName(point: DerReader): DistributionPointName {
  const wrapper = point.explicit(0, 'distributionPoint');
  const name: DistributionPointName =
    wrapper.peek() === contextConstructedTag(1)
      ? { nameRelativeToCRLIssuer: readRdn(wrapper, 'nameRelativeToCRLIssuer', contextConstructedTag(1)) }
      : { fullName: readGeneralNames(wrapper, 'fullName', contextConstructedTag(0)) };
  wrapper.end();
  return name;
}

/** Reads `[tagNumber] ReasonFlags`. Trailing zero bits and bits without a name are passed over. */
export function readReasons(point: DerReader, field: string, tagNumber: number): ReadonlySet<ReasonFlag> {
  const { bytes } = point.bitString(field, contextTag(tagNumber));
  return new Set(reasonFlags.filter((_name, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0));
}

/** Writes `CRLDistributionPoints`, the type of two extensions. */
export function distributionPointsNode(points: readonly DistributionPoint[]): DerNode {
  requireElements('CRLDistributionPoints', points);
  return sequence(...points.map(distributionPointNode));
}

function distributionPointNode({ distributionPoint, reasons, cRLIssuer }: DistributionPoint): DerNode {
  if (distributionPoint === undefined && cRLIssuer === undefined)
    throw new RangeError('Cannot encode DistributionPoint: neither distributionPoint nor cRLIssuer');
  return sequence(
    distributionPoint && distributionPointNameNode(distributionPoint),
    reasons && reasonsNode(reasons, 1),
    cRLIssuer && implicit(2, generalNamesNode(cRLIssuer)),
  );
}

/** Writes `distributionPoint [0] DistributionPointName`. */
export const distributionPointNameNode = (name: DistributionPointName): DerNode =>
  explicit(
    0,
    name.fullName === undefined
      ? implicit(1, rdnNode(name.nameRelativeToCRLIssuer))
      : implicit(0, generalNamesNode(name.fullName)),
  );

/** Writes `[tagNumber] ReasonFlags`. */
export const reasonsNode = (reasons: ReadonlySet<ReasonFlag>, tagNumber: number): DerNode =>
  implicit(tagNumber, namedBits(Array.from(reasons, (reason) => reasonFlags.indexOf(reason))));
