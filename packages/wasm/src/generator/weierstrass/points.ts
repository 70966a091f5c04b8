import type { FunctionBuilder } from '../asm/function-builder.js';
import type { ScalarField } from '../field/scalar-field.js';
import type { Affine, Curve, Jacobian, Xyzz } from './curve.js';

/** As many scratch registers as asked for. */
const scratch = (field: ScalarField, count: number) => Array.from({ length: count }, () => field.allocate());

/** Twice a point, in place: "dbl-2001-b" for a = -3 of the Explicit-Formulas Database. Coordinates are canonical. */
export function doubling({ field }: Curve): (f: FunctionBuilder, point: Jacobian) => void {
  const [delta, gamma, beta, alpha, t] = scratch(field, 5) as Five;
  return (f, { x, y, z }) => {
    field.sqr(f, delta, z);
    field.sqr(f, gamma, y);
    field.mul(f, beta, x, gamma);
    field.sub(f, t, x, delta);
    field.add(f, alpha, x, delta);
    field.mul(f, t, t, alpha);
    field.add(f, alpha, t, t);
    field.add(f, alpha, alpha, t); // 3 (X - delta) (X + delta)
    field.mul(f, z, y, z);
    field.add(f, z, z, z);
    field.freeze(f, z, z);
    field.add(f, beta, beta, beta);
    field.add(f, beta, beta, beta); // 4 beta
    field.sqr(f, x, alpha);
    field.sub(f, x, x, beta);
    field.sub(f, x, x, beta);
    field.freeze(f, x, x);
    field.sub(f, t, beta, x);
    field.mul(f, t, alpha, t);
    field.add(f, gamma, gamma, gamma);
    field.sqr(f, gamma, gamma); // 4 gamma²
    field.sub(f, t, t, gamma);
    field.sub(f, t, t, gamma);
    field.freeze(f, y, t);
  };
}

type Five = [Register, Register, Register, Register, Register];
type Register = ReturnType<ScalarField['allocate']>;

/**
 * The sum of two points in XYZZ coordinates, "add-2008-s". ZZ and ZZZ are zero, and the sum wrong, when the two have the same x
 * or one is infinity.
 */
export function addition({ field }: Curve): (f: FunctionBuilder, sum: Xyzz, p: Xyzz, q: Xyzz) => void {
  const [u, s, h, r, v] = scratch(field, 5) as Five;
  return (f, sum, p, q) => {
    field.mul(f, u, p.x, q.zz);
    field.mul(f, h, q.x, p.zz);
    field.sub(f, h, h, u); // U2 - U1
    field.mul(f, s, p.y, q.zzz);
    field.mul(f, r, q.y, p.zzz);
    field.sub(f, r, r, s); // S2 - S1
    field.sqr(f, v, h);
    field.mul(f, h, v, h); // PPP
    field.mul(f, sum.zz, p.zz, q.zz);
    field.mul(f, sum.zz, sum.zz, v);
    field.mul(f, sum.zzz, p.zzz, q.zzz);
    field.mul(f, sum.zzz, sum.zzz, h);
    field.mul(f, v, v, u);
    field.sqr(f, sum.x, r);
    field.sub(f, sum.x, sum.x, h);
    field.sub(f, sum.x, sum.x, v);
    field.sub(f, sum.x, sum.x, v);
    field.sub(f, v, v, sum.x);
    field.mul(f, v, v, r);
    field.mul(f, s, s, h);
    field.sub(f, sum.y, v, s);
  };
}

/**
 * (X / ZZ, Y / ZZZ), canonical; (0, 0), which is on no curve with b other than 0, where ZZZ is zero. `invert` inverts an element
 * of the field, both in Montgomery form.
 */
export function affinity({
  field,
}: Curve): (f: FunctionBuilder, affine: Affine, point: Xyzz, invert: (target: Register, a: Register) => void) => void {
  const [inverse, square] = scratch(field, 2) as [Register, Register];
  return (f, affine, { x, y, zz, zzz }, invert) => {
    invert(inverse, zzz);
    field.mul(f, affine.y, y, inverse);
    field.mul(f, inverse, zz, inverse); // 1 / Z
    field.sqr(f, square, inverse);
    field.mul(f, affine.x, x, square);
    field.freeze(f, affine.x, affine.x);
    field.freeze(f, affine.y, affine.y);
  };
}

/** Leaves y² - x³ + 3x - b in a register, canonical: zero for points of the curve. */
export function deviation({ field, parameters }: Curve): (f: FunctionBuilder, point: Affine) => Register {
  const [square, cube] = scratch(field, 2) as [Register, Register];
  return (f, { x, y }) => {
    field.sqr(f, cube, x);
    field.sub(f, cube, cube, field.montgomeryConstant(3n));
    field.mul(f, cube, cube, x);
    field.sqr(f, square, y);
    field.sub(f, square, square, cube);
    field.sub(f, square, square, field.montgomeryConstant(parameters.b));
    field.freeze(f, square, square);
    return square;
  };
}
