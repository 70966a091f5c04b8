import type { Oid } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { type DistributionPoint, distributionPointsNode, readDistributionPoints } from './crl-distribution-points.js';
import { extensionOf, readExtension } from './find-extension.js';

/** `id-ce-freshestCRL`. */
export const idCeFreshestCRL: Oid = '2.5.29.46';

/**
 * Reads where delta revocation lists are (RFC 5280 §4.2.1.15).
 * @throws As {@link cRLDistributionPoints} does.
 */
export const freshestCRL = (of: HasExtensions): readonly DistributionPoint[] | undefined =>
  readExtension(of, idCeFreshestCRL, 'freshestCRL', readDistributionPoints);

/**
 * Writes them; never critical.
 * @throws RangeError as {@link cRLDistributionPointsExtension} does.
 */
export const freshestCRLExtension = (points: readonly DistributionPoint[]): Extension =>
  extensionOf(idCeFreshestCRL, false, distributionPointsNode(points));
