import { type I32, i32, i64 } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import type { Register } from '../field/pair-field.js';
import type { Affine, Curve } from './curve.js';

/** Registers of a point in homogeneous coordinates: (X / Z, Y / Z); infinity is (0, 1, 0). */
export interface Homogeneous {
  readonly x: Register;
  readonly y: Register;
  readonly z: Register;
}

/** Slow multiplications without exceptions: what the fast ones fall back on. */
export interface CompleteArithmetic {
  /** (scalar): the sum is the scalar, octets, highest first, times {@link point}; nothing depends on it but the result. */
  readonly multiply: FunctionReference;
  /** (first, second, x, y): the sum is first · base point + second · (x, y). Its time depends on the scalars. */
  readonly multiplyTwo: FunctionReference;
  /** (): 0 when the sum is infinity, otherwise 1 and {@link point} is the sum, affine. */
  readonly toAffine: FunctionReference;
  readonly point: Affine;
}

/** The complete addition for a = -3: algorithm 4 of Renes, Costello and Batina, "Complete addition formulas for prime order elliptic curves". */
function completeAddition({
  field,
  module,
  parameters,
}: Curve): (f: FunctionBuilder, sum: Homogeneous, p: Homogeneous, q: Homogeneous) => void {
  const { byteLength, modulus } = field;
  const [t0, t1, t2, t3, t4, x3, y3, z3] = Array.from({ length: 8 }, () => field.allocate()) as Eight;
  const b = field.montgomeryConstant(parameters.b);
  /** Points as three canonical coordinates, one behind the other. */
  const at = (address: I32): Homogeneous => {
    const coordinate = (k: number) => field.register(i32.add(address, i32.const(k * byteLength)), b.bounds);
    return { x: coordinate(0), y: coordinate(1), z: coordinate(2) };
  };
  const add = module.function(`${modulus.name}.complete`, ['i32', 'i32', 'i32'], [], (f, target, left, right) => {
    const [p, q, sum] = [at(left), at(right), at(target)];
    field.mul(f, t0, p.x, q.x);
    field.mul(f, t1, p.y, q.y);
    field.mul(f, t2, p.z, q.z);
    field.add(f, t3, p.x, p.y);
    field.add(f, t4, q.x, q.y);
    field.mul(f, t3, t3, t4);
    field.sub(f, t3, t3, t0);
    field.sub(f, t3, t3, t1); // X1 Y2 + X2 Y1
    field.add(f, t4, p.y, p.z);
    field.add(f, x3, q.y, q.z);
    field.mul(f, t4, t4, x3);
    field.sub(f, t4, t4, t1);
    field.sub(f, t4, t4, t2); // Y1 Z2 + Y2 Z1
    field.add(f, x3, p.x, p.z);
    field.add(f, y3, q.x, q.z);
    field.mul(f, y3, x3, y3);
    field.sub(f, y3, y3, t0);
    field.sub(f, y3, y3, t2); // X1 Z2 + X2 Z1
    field.mul(f, z3, b, t2);
    field.sub(f, x3, y3, z3);
    field.add(f, z3, x3, x3);
    field.add(f, x3, x3, z3);
    field.sub(f, z3, t1, x3);
    field.add(f, x3, t1, x3);
    field.mul(f, y3, b, y3);
    field.add(f, t1, t2, t2);
    field.add(f, t2, t1, t2); // 3 Z1 Z2
    field.sub(f, y3, y3, t2);
    field.sub(f, y3, y3, t0);
    field.add(f, t1, y3, y3);
    field.add(f, y3, t1, y3);
    field.add(f, t1, t0, t0);
    field.add(f, t0, t1, t0);
    field.sub(f, t0, t0, t2);
    field.mul(f, t1, t4, y3);
    field.mul(f, t2, t0, y3);
    field.mul(f, y3, x3, z3);
    field.add(f, y3, y3, t2);
    field.freeze(f, sum.y, y3);
    field.mul(f, x3, t3, x3);
    field.sub(f, x3, x3, t1);
    field.freeze(f, sum.x, x3);
    field.mul(f, z3, t4, z3);
    field.mul(f, t1, t3, t0);
    field.add(f, z3, z3, t1);
    field.freeze(f, sum.z, z3);
  });
  return (f, sum, p, q) => f.run(add, sum.x.address, p.x.address, q.x.address);
}

type Eight = [Register, Register, Register, Register, Register, Register, Register, Register];

export function completeArithmetic(curve: Curve): CompleteArithmetic {
  const { module, field, parameters } = curve;
  const { byteLength, modulus } = field;
  const add = completeAddition(curve);
  const allocate = (): Homogeneous => {
    const address = module.allocate(3 * byteLength, 8);
    const coordinate = (k: number) => field.register(address + k * byteLength, field.constant(0n).bounds);
    return { x: coordinate(0), y: coordinate(1), z: coordinate(2) };
  };
  const [sum, candidate, base, other] = [allocate(), allocate(), allocate(), allocate()];
  const point: Affine = { x: field.allocate(), y: field.allocate() };

  const setInfinity = (f: FunctionBuilder, target: Homogeneous) => {
    field.copy(f, target.x, field.constant(0n));
    field.copy(f, target.y, field.montgomeryConstant(1n));
    field.copy(f, target.z, field.constant(0n));
  };
  const setAffine = (f: FunctionBuilder, target: Homogeneous, { x, y }: Affine) => {
    field.copy(f, target.x, x);
    field.copy(f, target.y, y);
    field.copy(f, target.z, field.montgomeryConstant(1n));
  };
  /** Runs `body` for each bit of octets, highest first, with the bit in the lowest place of one variable for each string. */
  const eachBit = (f: FunctionBuilder, strings: readonly I32[], body: (bits: readonly I32[]) => void) => {
    const [octet, step] = [f.local('i32'), f.local('i32')];
    f.forUp(octet, i32.const(0), i32.const(parameters.byteLength), 1, () => {
      const current = strings.map((address) => f.let(i32.load8U(i32.add(address, octet))));
      f.forUp(step, i32.const(0), i32.const(8), 1, () => {
        body(current.map((value) => f.let(i32.and(i32.shrU(value, 7), i32.const(1)))));
        for (const value of current) f.set(value, i32.shl(value, 1));
      });
    });
  };

  /** Leaves the candidate in the sum where the bit is one; the same loads and stores either way. */
  const choose = module.function(`${modulus.name}.choose`, ['i32'], [], (f, bit) => {
    const mask = f.let(i64.sub(i64.const(0), i64.extendU(bit)));
    const offset = f.local('i32');
    f.forUp(offset, i32.const(0), i32.const(3 * byteLength), 8, () => {
      const kept = f.let(i64.load(i32.add(sum.x.address, offset)));
      const offered = i64.load(i32.add(candidate.x.address, offset));
      f.do(i64.store(i32.add(sum.x.address, offset), 0, i64.xor(kept, i64.and(mask, i64.xor(kept, offered)))));
    });
  });
  const multiply = module.function(`${modulus.name}.multiplyComplete`, ['i32'], [], (f, scalar) => {
    setInfinity(f, sum);
    setAffine(f, base, point);
    eachBit(f, [scalar], ([bit]) => {
      add(f, sum, sum, sum);
      add(f, candidate, sum, base);
      f.run(choose, bit!);
    });
  });
  const multiplyTwo = module.function(
    `${modulus.name}.multiplyTwoComplete`,
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, first, second, x, y) => {
      setInfinity(f, sum);
      setAffine(f, base, { x: field.montgomeryConstant(parameters.x), y: field.montgomeryConstant(parameters.y) });
      setAffine(f, other, { x: field.register(x, base.x.bounds), y: field.register(y, base.x.bounds) });
      eachBit(f, [first, second], ([bit, otherBit]) => {
        add(f, sum, sum, sum);
        f.if(bit!, () => add(f, sum, sum, base));
        f.if(otherBit!, () => add(f, sum, sum, other));
      });
    },
  );
  const inverse = field.allocate();
  const toAffine = module.function(`${modulus.name}.completeToAffine`, [], ['i32'], (f) => {
    field.invertMontgomery(f, inverse, sum.z);
    field.mul(f, point.x, sum.x, inverse);
    field.mul(f, point.y, sum.y, inverse);
    field.freeze(f, point.x, point.x);
    field.freeze(f, point.y, point.y);
    f.result(i32.eqz(field.isZero(f, sum.z)));
  });
  return { multiply, multiplyTwo, toAffine, point };
}
