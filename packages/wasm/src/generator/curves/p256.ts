import { defineModulus, type Modulus } from '../field/modulus.js';
import type { CurveParameters } from '../weierstrass/curve.js';

/** FIPS 186-5 and SP 800-186 §3.2.1.3: p = 2^256 - 2^224 + 2^192 + 2^96 - 1. */
export const p256Field: Modulus = /* @__PURE__ */ defineModulus({
  name: 'p256',
  value: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
  limbBits: 29,
  limbs: 9,
  reduction: {
    kind: 'sparse',
    successor: [
      { exponent: 256, sign: 1 },
      { exponent: 224, sign: -1 },
      { exponent: 192, sign: 1 },
      { exponent: 96, sign: 1 },
    ],
  },
});

/** The order of the base point. */
export const p256Order: Modulus = /* @__PURE__ */ defineModulus({
  name: 'n256',
  value: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  limbBits: 29,
  limbs: 9,
  reduction: { kind: 'general' },
});

export const p256: CurveParameters = {
  field: p256Field,
  order: p256Order,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
  byteLength: 32,
  inversionInLanes: true,
  windows: { batch: 8, scanned: 6, single: 5, open: 8 },
};
