import { toHex } from '@mayfly/der';
import type { PointFaultReason } from './fault.js';

/** `a·x² + y² = 1 + d·x²·y²` modulo `p` (RFC 8032 §5.1, §5.2), where `a` is 1 or -1. */
interface Curve {
  readonly p: bigint;
  readonly a: bigint;
  readonly d: bigint;
  /** The y of points whose order divides the cofactor. */
  readonly smallOrder: readonly bigint[];
}

const p25519: bigint = /* @__PURE__ */ (() => (1n << 255n) - 19n)();
const p448: bigint = /* @__PURE__ */ (() => (1n << 448n) - (1n << 224n) - 1n)();
/** The y of half of the points of order 8 of edwards25519; that of the others is its negative. */
const ORDER_8 = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;

const curves: Readonly<Record<'Ed25519' | 'Ed448', Curve>> = {
  Ed25519: {
    p: p25519,
    a: -1n,
    d: 0x52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3n,
    smallOrder: /* @__PURE__ */ (() => [1n, p25519 - 1n, 0n, ORDER_8, p25519 - ORDER_8])(),
  },
  Ed448: { p: p448, a: 1n, d: -39_081n, smallOrder: /* @__PURE__ */ (() => [1n, p448 - 1n, 0n])() },
};

/**
 * What keeps the octets of an EdDSA key from being a point that only one private key belongs to: `NotCanonical` where the
 * point has another encoding (RFC 8032 §5.1.3 step 1 and 4), `NotOnCurve` where there is none, `SmallOrder` for the
 * identity and the few points under which anybody can sign. Such keys are public, so the time that this takes tells nothing.
 * @param octets - As many as the curve takes.
 */
export function edwardsFault(name: keyof typeof curves, octets: Uint8Array): PointFaultReason | undefined {
  const { p, a, d, smallOrder } = curves[name];
  const last = octets.length - 1;
  const sign = octets[last]! >> 7;
  const y = littleEndian(Uint8Array.from(octets, (octet, i) => (i === last ? octet & 0x7f : octet)));
  if (y >= p) return 'NotCanonical';
  const u = y * y - 1n;
  if (u % p === 0n && sign === 1) return 'NotCanonical'; // x is zero, which has no sign
  if (smallOrder.includes(y)) return 'SmallOrder';
  // x² = u/v is a square where u·v is.
  const v = d * y * y - a;
  return isSquare(u * v, p) ? undefined : 'NotOnCurve';
}

/** Euler's criterion: whether a number that is no multiple of the prime is a square modulo it. */
function isSquare(value: bigint, p: bigint): boolean {
  let base = ((value % p) + p) % p;
  let result = 1n;
  for (let exponent = (p - 1n) >> 1n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % p;
    base = (base * base) % p;
  }
  return result === 1n;
}

const littleEndian = (octets: Uint8Array): bigint => BigInt(`0x${toHex(octets.reverse())}`);
