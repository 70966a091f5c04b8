import { defineModulus, type Modulus } from '../field/modulus.js';

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
