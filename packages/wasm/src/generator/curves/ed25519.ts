import { defineModulus, inverseOf, type Modulus, mod } from '../field/modulus.js';

/** RFC 8032 §5.1: p = 2^255 - 19. */
export const ed25519Field: Modulus = /* @__PURE__ */ defineModulus({
  name: 'p25519',
  value: 2n ** 255n - 19n,
  limbBits: 29,
  limbs: 9,
  reduction: { kind: 'folded', exponent: 255, difference: 19 },
});

/** The order of the base point. */
export const ed25519Order: Modulus = /* @__PURE__ */ defineModulus({
  name: 'l25519',
  value: 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n,
  limbBits: 29,
  limbs: 9,
  reduction: { kind: 'general' },
});

const p = ed25519Field.value;

/** The curve is -x² + y² = 1 + d x² y². */
export const ED25519_D: bigint = /* @__PURE__ */ mod(-121_665n * inverseOf(121_666n, p), p);

/** A square root of -1. */
export const SQUARE_ROOT_OF_MINUS_ONE: bigint = /* @__PURE__ */ power(2n, (p - 1n) / 4n);

/** B: y is 4/5 and x even. */
export const ED25519_BASE: { readonly x: bigint; readonly y: bigint } = /* @__PURE__ */ (() => {
  const y = mod(4n * inverseOf(5n, p), p);
  return { x: evenX(y), y };
})();

/** RFC 8032 §5.1.3. */
function evenX(y: bigint): bigint {
  const square = mod((y * y - 1n) * inverseOf(ED25519_D * y * y + 1n, p), p);
  let x = power(square, (p + 3n) / 8n);
  if (mod(x * x - square, p) !== 0n) x = mod(x * SQUARE_ROOT_OF_MINUS_ONE, p);
  if (mod(x * x - square, p) !== 0n) throw new RangeError(`Cannot decode y = ${y}: no point has it`);
  return x % 2n === 0n ? x : p - x;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let [square, rest] = [base, exponent]; rest > 0n; square = (square * square) % p, rest >>= 1n)
    if (rest & 1n) result = (result * square) % p;
  return result;
}
