import { encode, toHex } from '@mayfly/der';
import type { Certificate } from '../certificate.js';
import { basicConstraints } from '../extensions/basic-constraints.js';
import {
  type DistributionPoint,
  type DistributionPointName,
  type ReasonFlag,
  reasonFlags,
} from '../extensions/crl-distribution-points.js';
import type { IssuingDistributionPoint } from '../extensions/issuing-distribution-point.js';
import { type GeneralName, generalNameNode } from '../general-name/codec.js';
import { type Name, parseName } from '../name/codec.js';
import { matchingKey } from '../name/match.js';

/** A set of reasons, one bit each: the bit numbers of `ReasonFlags`. */
export type ReasonsMask = number;

/** RFC 5280 §6.3.2: every reason that there is, `unused` not being one. */
export const ALL_REASONS: ReasonsMask = 0b1_1111_1110;

const maskOf = (reasons: ReadonlySet<ReasonFlag> | undefined): ReasonsMask => {
  if (reasons === undefined) return ALL_REASONS;
  let mask = 0;
  for (const reason of reasons) mask |= 1 << reasonFlags.indexOf(reason);
  return mask & ALL_REASONS;
};

/** What the scope of a list is decided by. */
export interface ListScope {
  /** {@link nameKey} of the list's issuer. */
  readonly issuer: string;
  readonly point: IssuingDistributionPoint | undefined;
  /** {@link generalNameKey} of every name in `point`; absent where it names none. */
  readonly names: ReadonlySet<string> | undefined;
}

/** What a distribution point of a certificate asks of a list. */
export interface PointScope {
  /** {@link nameKey} of every issuer that a list may have. */
  readonly issuers: ReadonlySet<string>;
  /** Whether the point names an issuer by itself, so that the list has to be indirect. */
  readonly indirect: boolean;
  /** {@link generalNameKey} of the point's names, or of its cRLIssuer where it has none. */
  readonly names: ReadonlySet<string>;
  readonly reasons: ReasonsMask;
}

/**
 * What a point of a certificate asks for.
 * @param issuer - The certificate's issuer, decoded.
 */
export function pointScope({ distributionPoint, cRLIssuer, reasons }: DistributionPoint, issuer: Name): PointScope {
  const directories = cRLIssuer?.filter((name) => name.type === 'directoryName').map(({ value }) => parseName(value));
  const issuers = directories ?? [issuer];
  return {
    issuers: new Set(issuers.map(matchingKey)),
    indirect: cRLIssuer !== undefined,
    names:
      distributionPoint === undefined
        ? new Set(cRLIssuer?.map(generalNameKey))
        : new Set(issuers.flatMap((base) => pointNames(distributionPoint, base))),
    reasons: maskOf(reasons),
  };
}

/** The point that every certificate has: its issuer's own list (RFC 5280 §6.3.3, last paragraph). */
export const ownPoint = (issuer: Uint8Array): DistributionPoint => ({
  distributionPoint: { fullName: [{ type: 'directoryName', value: issuer }] },
});

/** What an issuingDistributionPoint says, with names made comparable. */
export const listScope = (issuer: Name, point: IssuingDistributionPoint | undefined): ListScope => ({
  issuer: matchingKey(issuer),
  point,
  names: point?.distributionPoint && new Set(pointNames(point.distributionPoint, issuer)),
});

/**
 * The reasons for which a list speaks of a certificate, through one of its distribution points: steps (b) and (d) of
 * RFC 5280 §6.3.3.
 * @returns Zero where the list does not speak of the certificate at all.
 */
export function reasonsInScope(
  certificate: Pick<Certificate, 'extensions'>,
  point: PointScope,
  list: ListScope,
): ReasonsMask {
  if (!point.issuers.has(list.issuer)) return 0;
  if (point.indirect && list.point?.indirectCRL !== true) return 0;
  if (list.point === undefined) return point.reasons;
  if (list.names !== undefined && !intersect(list.names, point.names)) return 0;
  const { onlyContainsUserCerts, onlyContainsCACerts, onlyContainsAttributeCerts, onlySomeReasons } = list.point;
  const isCA = basicConstraints(certificate)?.cA === true;
  if (onlyContainsAttributeCerts || (isCA ? onlyContainsUserCerts : onlyContainsCACerts)) return 0;
  return point.reasons & maskOf(onlySomeReasons);
}

function intersect(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const element of a) if (b.has(element)) return true;
  return false;
}

const pointNames = (name: DistributionPointName, base: Name): readonly string[] =>
  name.fullName === undefined
    ? [directoryKey([...base, name.nameRelativeToCRLIssuer])]
    : name.fullName.map(generalNameKey);

/** Names with the same key are the same: directories by RFC 5280 §7.1, all others to the octet. */
export const generalNameKey = (name: GeneralName): string =>
  name.type === 'directoryName' ? directoryKey(parseName(name.value)) : toHex(encode(generalNameNode(name)));

const directoryKey = (name: Name): string => `directory ${matchingKey(name)}`;
