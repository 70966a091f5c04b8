import { defineModulus, type Modulus } from '../field/modulus.js';
import type { CurveParameters } from '../weierstrass/curve.js';

/** SP 800-186 §3.2.1.4: p = 2^384 - 2^128 - 2^96 + 2^32 - 1. */
export const p384Field: Modulus = /* @__PURE__ */ defineModulus({
  name: 'p384',
  value: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
  limbBits: 28,
  limbs: 14,
  reduction: {
    kind: 'sparse',
    successor: [
      { exponent: 384, sign: 1 },
      { exponent: 128, sign: -1 },
      { exponent: 96, sign: -1 },
      { exponent: 32, sign: 1 },
    ],
  },
});

/** The order of the base point. */
export const p384Order: Modulus = /* @__PURE__ */ defineModulus({
  name: 'n384',
  value: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  limbBits: 28,
  limbs: 14,
  reduction: { kind: 'general' },
});

export const p384: CurveParameters = {
  field: p384Field,
  order: p384Order,
  b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  x: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
  y: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
  byteLength: 48,
  inversionInLanes: false,
  windows: { batch: 7, scanned: 6, single: 5, open: 7 },
};
