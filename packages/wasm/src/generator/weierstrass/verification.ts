import { type I32, i32, i64 } from '../asm/expression.js';
import { FunctionBuilder, type FunctionReference } from '../asm/function-builder.js';
import { canonical, unionBounds } from '../field/bounds.js';
import { requireWithin } from '../field/invariant.js';
import { gatherLanes, plusLane } from '../field/lanes.js';
import type { Register } from '../field/pair-field.js';
import type { CompleteArithmetic } from './complete.js';
import { type Affine, allocateXyzz, type Curve, entryCount, XYZZ } from './curve.js';
import { inFormulaDoubling } from './doubling.js';
import {
  allocatePair,
  allocateXyzzPair,
  type JacobianBounds,
  type JacobianPair,
  type MixedAddition,
  type PairTransfer,
  setOne,
  tableBounds,
  type XyzzAddition,
} from './lanes.js';
import { nonAdjacentForm } from './non-adjacent-form.js';
import { oddMultiples } from './odd-multiples.js';
import { addition } from './points.js';
import type { PublicKeys } from './public-key.js';
import { entryIndex, isNegative, type Recode } from './recode.js';
import type { Scalars } from './scalars.js';
import { negatedWhere } from './select.js';
import { entryLength, type TableBuilder } from './tables.js';

/** What verification is made of. Everything in it is public, and its time depends on it. */
export interface VerificationParts {
  readonly scalars: Scalars;
  readonly keys: PublicKeys;
  readonly tables: TableBuilder;
  readonly complete: CompleteArithmetic;
  readonly transfer: PairTransfer;
  /** For sums that are doubled as well. */
  readonly add: MixedAddition;
  /** Of everything that is added to with that. */
  readonly bounds: JacobianBounds;
  /** For those that are not. */
  readonly fixed: XyzzAddition;
  /** Multiples of the base point, `windows` windows of `width` bits. */
  readonly baseTable: number;
  readonly width: number;
  readonly windows: number;
  /** (digits, scalar) for these windows, one octet each. */
  readonly recode: Recode;
  /** Where JavaScript writes r and s, and the digest. */
  readonly signature: number;
  readonly digest: number;
}

/** Bits of the windows that multiples of an unknown key are looked up in: as many entries as a table of one bit less has. */
const UNKNOWN_WIDTH = 5;

/**
 * Adds `prepareVerifier` (table): fills a table with multiples of the key that was loaded; `verifyKnown` (table) and
 * `verifyUnknown` () with the key that was loaded: 1 for a good signature (FIPS 186-5 §6.4.2).
 */
export function verification(curve: Curve, parts: VerificationParts): void {
  const { module, pairs, field, order, parameters } = curve;
  const { scalars, keys, tables, complete, transfer, add, fixed, width, windows, baseTable } = parts;
  const { limbs, name } = field.modulus;
  const { byteLength } = parameters;
  const bounds = tableBounds(curve);
  const known = canonical(field.modulus);
  const [r, s, digest, inverse, u1, u2] = Array.from({ length: 6 }, () => order.allocate()) as Six;
  const octets = module.allocate(2 * byteLength);
  const digits = module.allocate(2 * windows);
  const naf = nonAdjacentForm(curve, UNKNOWN_WIDTH);
  const keyTable = module.allocate(entryCount(UNKNOWN_WIDTH - 1) * entryLength(curve));
  const xyzz = allocateXyzzPair(curve);
  const sum: JacobianPair = { x: xyzz.x, y: xyzz.y, z: allocatePair(curve, bounds.x) };
  const saved: JacobianPair = {
    x: allocatePair(curve, bounds.x),
    y: allocatePair(curve, bounds.y),
    z: allocatePair(curve, bounds.x),
  };
  const addend: Affine = { x: allocatePair(curve, bounds.x), y: allocatePair(curve, bounds.y) };
  const [first, second, total] = [allocateXyzz(field), allocateXyzz(field), allocateXyzz(field)];
  const addLast = addition(curve);
  const candidate = field.allocate();
  const call = (f: FunctionBuilder, callee: FunctionReference, ...operands: readonly I32[]): I32 =>
    f.call(callee, ...operands) as I32; // every function here that returns a value returns an i32

  module.exported('prepareVerifier', ['i32'], [], (f, table) => {
    field.copy(f, tables.point.x, field.register(keys.point.x.address, known));
    field.copy(f, tables.point.y, field.register(keys.point.y.address, known));
    f.run(tables.build, table, i32.const(width), i32.const(windows));
  });

  /** (x, y, entry, negative): an entry of a table into one lane of a pair, whose address is that of the lane. */
  const put = module.function(`${name}.putLane`, ['i32', 'i32', 'i32', 'i32'], [], (f, x, y, entry, negative) => {
    for (let k = 0; k < limbs; k++) f.do(i32.store(x, 8 * k, i32.load(entry, 4 * k)));
    const coordinate = Array.from({ length: limbs }, (_, k) => f.let(i64.load32U(entry, 4 * (limbs + k))));
    const sign = f.let(i64.extendS(negative));
    for (const [k, limb] of negatedWhere(f, field.modulus, sign, coordinate).entries())
      f.do(i64.store32(y, 8 * k, limb));
  });
  const lookUp = (f: FunctionBuilder, target: Affine, lane: 0 | 1, entry: I32, negative: I32) => {
    const at = ({ address }: Register) => i32.add(address, i32.const(4 * lane));
    f.run(put, at(target.x), at(target.y), entry, negative);
    target.x.bounds = bounds.x;
    target.y.bounds = bounds.y;
  };
  /** Digit of a window, in a table of that many windows; `even` is all ones when the scalar was recoded negated. */
  const lookUpWindow = (
    f: FunctionBuilder,
    target: Affine,
    lane: 0 | 1,
    table: I32,
    window: I32,
    from: number,
    even: I32,
  ) => {
    const v = f.let(i32.load8U(i32.add(i32.const(from), window)));
    const negative = f.let(isNegative(v, width));
    const index = i32.add(i32.mul(window, i32.const(entryCount(width))), entryIndex(v, negative, width));
    const entry = f.let(i32.add(table, i32.mul(index, i32.const(entryLength(curve)))));
    lookUp(f, target, lane, entry, i32.xor(negative, even));
  };
  const evenness = (f: FunctionBuilder, scalar: Register) =>
    f.let(i32.sub(i32.and(i32.load(scalar.address), i32.const(1)), i32.const(1)));

  /** Reads the signature and the digest; 1 when r and s are in range, with u1 = digest / s and u2 = r / s then. */
  const readSignature = module.function(`${name}.readSignature`, [], ['i32'], (f) => {
    const good = f.let(call(f, scalars.readInRange, r.address, i32.const(parts.signature)));
    f.set(good, i32.and(good, call(f, scalars.readInRange, s.address, i32.const(parts.signature + byteLength))));
    f.run(scalars.readReduced, digest.address, i32.const(parts.digest));
    order.invert(f, inverse, s, order.constant(order.montgomeryRadixSquared));
    order.mul(f, u1, digest, inverse);
    order.freeze(f, u1, u1);
    order.mul(f, u2, r, inverse);
    order.freeze(f, u2, u2);
    f.result(good);
  });

  const sumWithOrder = field.allocate();
  const orderItself = field.literal(order.modulus.value);
  /** The sum in XYZZ coordinates. */
  const toXyzz = (f: FunctionBuilder) => {
    for (const axis of ['x', 'y', 'z'] as const) sum[axis].bounds = parts.bounds[axis];
    pairs.sqr(f, xyzz.zz, sum.z);
    pairs.mul(f, xyzz.zzz, xyzz.zz, sum.z);
  };
  toXyzz(new FunctionBuilder([])); // for its bounds alone
  const compared = XYZZ.map((axis) => unionBounds(xyzz[axis].bounds, fixed.bounds[axis]));
  /**
   * Whether the sum of both lanes has x ≡ r modulo the order: 1 or 0, or 2 when the formulas gave no sum. As x = X / ZZ,
   * r ZZ = X is asked, and the same for r plus the order where that is a coordinate as well.
   */
  const compare = module.function(`${name}.compare`, [], ['i32'], (f) => {
    for (const [i, axis] of XYZZ.entries()) {
      xyzz[axis].bounds = compared[i]!;
      transfer.unpack(f, first[axis], second[axis], xyzz[axis]);
    }
    addLast(f, total, first, second);
    field.freeze(f, total.zz, total.zz);
    field.freeze(f, total.x, total.x);
    const equals = (value: Register): I32 => {
      field.mul(f, candidate, value, field.constant(field.montgomeryRadixSquared));
      field.mul(f, candidate, candidate, total.zz);
      field.sub(f, candidate, candidate, total.x);
      field.freeze(f, candidate, candidate);
      return field.isZero(f, candidate);
    };
    const asCoordinate = field.register(r.address, r.bounds);
    const result = f.let(equals(asCoordinate));
    f.if(i32.eqz(result), () => {
      field.add(f, sumWithOrder, asCoordinate, orderItself);
      field.freeze(f, candidate, sumWithOrder);
      field.sub(f, candidate, candidate, sumWithOrder);
      f.if(field.isZero(f, candidate), () => f.set(result, equals(sumWithOrder)));
    });
    f.if(field.isZero(f, total.zz), () => f.set(result, i32.const(2)));
    f.result(result);
  });

  /** The same by the slow way, which has no exceptions: for the key at an address of two canonical coordinates. */
  const verifySlowly = module.function(`${name}.verifySlowly`, ['i32', 'i32'], ['i32'], (f, x, y) => {
    f.run(curve.orderCodec.write, i32.const(octets), u1.address);
    f.run(curve.orderCodec.write, i32.const(octets + byteLength), u2.address);
    f.run(complete.multiplyTwo, i32.const(octets), i32.const(octets + byteLength), x, y);
    const result = f.let(call(f, complete.toAffine));
    field.mul(f, candidate, complete.point.x, field.constant(1n));
    field.freeze(f, candidate, candidate);
    const reduced = order.register(inverse.address, order.constant(0n).bounds);
    order.freeze(f, reduced, order.register(candidate.address, known));
    order.sub(f, reduced, reduced, r);
    order.freeze(f, reduced, reduced);
    f.result(i32.and(result, order.isZero(f, reduced)));
  });
  const verdict = (f: FunctionBuilder, x: I32, y: I32): I32 => {
    for (const [i, axis] of XYZZ.entries()) requireWithin(xyzz[axis].bounds, compared[i]!);
    const result = f.let(call(f, compare));
    f.if(i32.eq(result, i32.const(2)), () => f.set(result, call(f, verifySlowly, x, y)));
    return result;
  };

  /** Digits of u1, and ones under the first entries of both tables. */
  const begin = (f: FunctionBuilder, ...ones: readonly Register[]) => {
    for (const one of ones) setOne(curve, f, one);
    parts.recode(f, i32.const(digits), u1.address);
  };

  const entryKey: Affine = { x: field.allocate(), y: field.allocate() };
  module.exported('verifyKnown', ['i32'], ['i32'], (f, table) => {
    const result = f.let(call(f, readSignature));
    f.if(result, () => {
      const window = f.let(i32.const(0));
      const [even1, even2] = [evenness(f, u1), evenness(f, u2)];
      begin(f, xyzz.zz, xyzz.zzz);
      parts.recode(f, i32.const(digits + windows), u2.address);
      const lookUpBoth = (target: Affine) => {
        lookUpWindow(f, target, 0, i32.const(baseTable), window, digits, even1);
        lookUpWindow(f, target, 1, table, window, digits + windows, even2);
      };
      lookUpBoth(xyzz);
      f.forUp(window, i32.const(1), i32.const(windows), 1, () => {
        lookUpBoth(addend);
        fixed.add(f, xyzz, addend);
      });
      // The key is the first entry of its table.
      for (let k = 0; k < limbs; k++)
        f.do(
          i64.store(entryKey.x.address, 8 * k, i64.load32U(table, 4 * k)),
          i64.store(entryKey.y.address, 8 * k, i64.load32U(table, 4 * (limbs + k))),
        );
      f.set(result, verdict(f, entryKey.x.address, entryKey.y.address));
    });
    f.result(result);
  });

  const double = inFormulaDoubling(curve, parts.bounds);
  const count = entryCount(UNKNOWN_WIDTH - 1);
  const multiples = oddMultiples(curve, { tables, transfer, add, double, bounds: parts.bounds, count });
  const copyJacobian = (f: FunctionBuilder, target: JacobianPair, source: JacobianPair) => {
    for (const axis of ['x', 'y', 'z'] as const) pairs.copy(f, target[axis], source[axis]);
  };
  /** Takes one lane back to what was saved. */
  const restore = (f: FunctionBuilder, lane: 0 | 1) => {
    for (const axis of ['x', 'y', 'z'] as const) {
      const [kept, changed] = [saved[axis], sum[axis]];
      const [first, second] = lane === 0 ? [kept, changed] : [changed, kept];
      gatherLanes(pairs, f, sum[axis], [[plusLane(first, 0)], [plusLane(second, 1)]]);
    }
  };
  /** (window, digit): adds what stands in the addend; without a window left, or with digit 0, that lane stays as it is. */
  const addLanes = module.function(`${name}.addLanes`, ['i32', 'i32'], [], (f, hasWindow, hasDigit) => {
    for (const axis of ['x', 'y', 'z'] as const) sum[axis].bounds = parts.bounds[axis];
    copyJacobian(f, saved, sum);
    add(f, sum, addend);
    f.if(i32.eqz(hasWindow), () => restore(f, 1));
    f.if(i32.eqz(hasDigit), () => restore(f, 0));
  });
  module.exported('verifyUnknown', [], ['i32'], (f) => {
    const result = f.let(call(f, readSignature));
    f.if(result, () => {
      field.copy(f, tables.point.x, field.register(keys.point.x.address, known));
      field.copy(f, tables.point.y, field.register(keys.point.y.address, known));
      f.run(multiples, i32.const(keyTable));
      begin(f, sum.z);
      const even = evenness(f, u1);
      const window = f.let(i32.const(0));
      lookUpWindow(f, sum, 1, i32.const(baseTable), window, digits, even);
      f.set(window, i32.const(1));
      const position = f.let(call(f, naf.recode, u2.address));
      const started = f.let(i32.const(0));
      const digit = f.local('i32');
      /** The next multiple of the base point, or any where none is left. */
      const nextWindow = (): I32 => {
        const left = f.let(i32.ltS(window, i32.const(windows)));
        f.if(left, () => {
          lookUpWindow(f, addend, 1, i32.const(baseTable), window, digits, even);
          f.set(window, i32.add(window, i32.const(1)));
        });
        return left;
      };
      const lookUpKey = (target: Affine) => {
        const negative = f.let(i32.shrS(digit, 31));
        const magnitude = i32.sub(i32.xor(digit, negative), negative);
        const entry = i32.add(i32.const(keyTable), i32.mul(i32.shrU(magnitude, 1), i32.const(entryLength(curve))));
        lookUp(f, target, 0, f.let(entry), negative);
      };
      f.forDown(position, position, i32.const(0), 1, () => {
        f.if(started, () => f.run(double.run));
        f.set(digit, i32.load8S(i32.add(i32.const(naf.digits), position)));
        f.if(digit, () => {
          f.if(
            started,
            () => {
              double.leave(f, sum);
              lookUpKey(addend);
              f.run(addLanes, nextWindow(), i32.const(1));
            },
            () => {
              lookUpKey(sum);
              f.set(started, i32.const(1));
            },
          );
          double.enter(f, sum);
        });
      });
      double.leave(f, sum);
      f.repeatWhile(() => {
        const left = nextWindow();
        f.if(left, () => f.run(addLanes, left, i32.const(0)));
        return left;
      });
      toXyzz(f);
      f.set(result, verdict(f, keys.point.x.address, keys.point.y.address));
    });
    f.result(result);
  });
}

type Six = [Register, Register, Register, Register, Register, Register];
