/** `y² = x³ - 3x + b` modulo `p` (SP 800-186 §3.2.1). */
interface Curve {
  readonly p: bigint;
  readonly b: bigint;
}

const curves: Readonly<Record<'P-256' | 'P-384' | 'P-521', Curve>> = {
  'P-256': {
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  'P-384': {
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  'P-521': {
    p: 0x1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffn,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
};

/** Whether `04 x y` is a point of the curve. The point is public, so the time that this takes tells nothing. */
export function isOnCurve(namedCurve: keyof typeof curves, point: Uint8Array): boolean {
  const { p, b } = curves[namedCurve];
  const half = (point.length - 1) / 2;
  const x = toBigInt(point.subarray(1, 1 + half));
  const y = toBigInt(point.subarray(1 + half));
  return point[0] === 4 && x < p && y < p && (y * y - x * x * x + 3n * x - b) % p === 0n;
}

const toBigInt = (octets: Uint8Array): bigint =>
  BigInt(`0x${Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('')}`);
