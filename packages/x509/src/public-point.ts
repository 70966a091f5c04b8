import { edwardsFault } from './point/edwards.js';
import { describePointFault, type PointFaultReason } from './point/fault.js';
import { isOnCurve } from './point/weierstrass.js';
import { describePublicKey } from './public-key.js';
import { parseSubjectPublicKeyInfo } from './spki.js';

export type { PointFaultReason } from './point/fault.js';

/** Octets of the right number that are no point of the key's curve, or one under which anybody can sign. */
export interface PointFault {
  /** `NotCanonical`: the point has another encoding; `SmallOrder`: the identity, or a point of order 2, 4 or 8. */
  readonly reason: PointFaultReason;
  readonly message: string;
}

/**
 * Looks whether the point of a public key is one that exactly one private key belongs to: P-256, P-384, P-521 (SP 800-186
 * §3.2.1), Ed25519 and Ed448 (RFC 8032 §5.1.3, §5.2.3). Keys of other algorithms have no fault. It takes some ten
 * microseconds on the first three, and some hundred on the last two: whoever issues asks.
 * @param subjectPublicKeyInfo - DER.
 * @throws {@link DerError}, {@link X509Error} as {@link describePublicKey}.
 */
export function pointFault(subjectPublicKeyInfo: Uint8Array): PointFault | undefined {
  const key = describePublicKey(subjectPublicKeyInfo);
  const octets = (): Uint8Array => parseSubjectPublicKeyInfo(subjectPublicKeyInfo).subjectPublicKey;
  switch (key.algorithm) {
    case 'EC':
      return isOnCurve(key.namedCurve, octets())
        ? undefined
        : { reason: 'NotOnCurve', message: describePointFault(key.namedCurve, 'NotOnCurve') };
    case 'Ed25519':
    case 'Ed448': {
      const reason = edwardsFault(key.algorithm, octets());
      return reason && { reason, message: describePointFault(key.algorithm, reason) };
    }
    default:
      return undefined;
  }
}
