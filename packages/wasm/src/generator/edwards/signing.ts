import { BATCH, memory } from '../../ed25519-memory.js';
import { copy, type I32, i32, zero } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { declassification } from '../declassify.js';
import { extractLane, insertLane } from '../field/lanes.js';
import type { Register } from '../field/pair-field.js';
import { type CodingFunctions, ELEMENT_LENGTH } from './coding.js';
import {
  arena,
  CARRIED,
  type Context,
  forEachAddress,
  PRODUCT,
  pairConstant,
  registersAt,
  scratchRegisters,
  settle,
} from './curve.js';
import type { HashFunctions } from './hashing.js';
import { PLANES_LENGTH, planesWriter, scanningLookup, swizzlingLookup } from './lookup.js';
import { LANES_LENGTH, NIELS_LENGTH, POINT_LENGTH, type PointFunctions } from './points.js';
import { type Recoding, recoder, SCALAR_LENGTH, type ScalarFunctions } from './scalars.js';
import type { TableFunctions } from './tables.js';

/** Windows of one signature: two at a time, one in each lane, from tables that are read whole. */
const SINGLE: Recoding = { width: 5, digits: 52 };
/** Windows of sixteen signatures at once, from planes; and of S when a key is met often. */
export const MANY: Recoding = { width: 7, digits: 37 };

/** What the parts of the kernel are made from. */
export interface Parts {
  readonly context: Context;
  readonly points: PointFunctions;
  readonly coding: CodingFunctions;
  readonly scalars: ScalarFunctions;
  readonly hash: HashFunctions;
  readonly tables: TableFunctions;
  /** Address of what `memory` lays out. */
  readonly io: number;
  /** `()`: puts the base point into the register that table functions take it from. */
  readonly loadBase: FunctionReference;
  readonly base: number;
  /** Niels points of B for {@link MANY}, a run of 64 for each window. */
  readonly fixedTable: number;
}

/** Octets of the run of 64 niels points of one window. */
export const FIXED_RUN: number = 32 * NIELS_LENGTH;

/**
 * Adds what signing exports. No function here, and none that it calls, has a branch or an address that depends on what is in
 * memory.
 */
export function signing({
  context,
  points,
  coding,
  scalars,
  hash,
  tables,
  io,
  loadBase,
  base,
  fixedTable,
}: Parts): void {
  const { module, pairs, field, scratch } = context;
  const half = SINGLE.digits / 2;
  const entries = 2 ** (SINGLE.width - 1);
  const singleTable = module.allocate(half * entries * NIELS_LENGTH);
  const planes = pairs.simd ? module.allocate(MANY.digits * PLANES_LENGTH) : 0;
  const secrets = arena(module, 8192);
  const [a, prefix] = [io + memory.expanded, io + memory.expanded + SCALAR_LENGTH];
  const k = secrets.allocate(SCALAR_LENGTH);
  const nonces = secrets.allocate(BATCH * SCALAR_LENGTH);
  const digits = scratch.allocate(SINGLE.digits);
  const [niels, lanes, sum] = [
    scratch.allocate(NIELS_LENGTH),
    scratch.allocate(LANES_LENGTH),
    scratch.allocate(POINT_LENGTH),
  ];
  const text = scratch.allocate(128); // a seed and its padding
  const c = i32.const;

  const declassify = declassification(module);
  module.exported('buildSingle', [], [], (f) => {
    f.run(loadBase);
    f.run(tables.nielsMultiples, c(singleTable), c(base), c(SINGLE.digits), c(entries));
  });

  const recode = recoder(context, 'recodeSingle', SINGLE, 'order');
  const lookup = scanningLookup(context, SINGLE.width, half);
  /** The multiple of B, across lanes, into `sum`. */
  const multiply = module.function('multiplyBase', ['i32'], [], (f, scalar) => {
    f.run(recode, c(digits), scalar);
    f.run(lookup, c(niels), c(singleTable), c(digits));
    f.run(points.fromNiels, c(lanes), c(niels));
    const digit = f.let(c(digits));
    forEachAddress(f, singleTable + entries * NIELS_LENGTH, half - 1, entries * NIELS_LENGTH, (table) => {
      f.set(digit, i32.add(digit, c(1)));
      f.run(lookup, c(niels), table, digit);
      f.run(points.addNiels, c(lanes), c(niels));
    });
    f.run(points.sumOfLanes, c(sum), c(lanes));
  });

  // RFC 8032 §5.1.5.
  module.exported('expand', [], [], (f) => {
    f.do(copy(c(text), c(io + memory.seed), c(32)));
    f.run(hash.start);
    f.run(hash.finish, c(text), c(32), c(32));
    f.run(scalars.clamp, c(a), c(hash.digest));
    f.do(copy(c(prefix), c(hash.digest + 32), c(32)));
  });
  module.exported('publicKey', [], ['i32'], (f) => {
    f.run(multiply, c(a));
    f.run(coding.encode, c(io + memory.publicKey), c(sum));
    f.result(f.call(declassify, coding.isOnCurve(f)));
  });

  // RFC 8032 §5.1.6: JavaScript hashes messages in between.
  module.exported('loadPrefix', [], [], (f) => f.do(copy(c(io + memory.head + 32), c(prefix), c(32))));
  const nonce = (i: I32): I32 => i32.add(c(nonces), i32.mul(i, c(SCALAR_LENGTH)));
  const signature = (i: I32): I32 => i32.add(c(io + memory.signatures), i32.mul(i, c(64)));
  /** `(i)`: takes the scalar of the expanded key for a nonce, so that `commitMany` makes its public key. */
  module.exported('keyAsNonce', ['i32'], [], (f, i) => f.do(copy(nonce(i), c(a), c(SCALAR_LENGTH))));
  module.exported('nonce', ['i32'], [], (f, i) => f.run(scalars.reduce, nonce(i), c(hash.digest)));
  module.exported('commit', ['i32'], ['i32'], (f, i) => {
    f.run(multiply, nonce(i));
    f.run(coding.encode, signature(i), c(sum));
    f.result(f.call(declassify, coding.isOnCurve(f)));
  });
  module.exported('loadHead', ['i32'], [], (f, i) => {
    f.do(
      copy(c(io + memory.head), signature(i), c(32)),
      copy(c(io + memory.head + 32), c(io + memory.publicKey), c(32)),
    );
  });
  module.exported('respond', ['i32'], [], (f, i) => {
    f.run(scalars.reduce, c(k), c(hash.digest));
    f.run(scalars.respond, i32.add(signature(i), c(32)), nonce(i), c(k), c(a));
  });

  /** How many `commitMany` makes in one go; without it, one. */
  module.exported('batch', [], ['i32'], (f) => f.result(c(pairs.simd ? BATCH : 1)));
  if (pairs.simd) batch();

  module.exported('wipe', [], [], (f) => {
    f.do(zero(c(io + memory.seed), c(memory.message - memory.seed)));
    for (const { address, length } of [scratch, secrets, field.inversion.secrets]) f.do(zero(c(address), c(length)));
  });

  function batch(): void {
    const pairsOfPoints = BATCH / 2;
    const manyDigits = secrets.allocate(BATCH * MANY.digits);
    const manyNiels = secrets.allocate(pairsOfPoints * NIELS_LENGTH);
    const manyLanes = secrets.allocate(pairsOfPoints * LANES_LENGTH);
    const products = secrets.allocate(pairsOfPoints * pairs.byteLength);

    const writePlanes = planesWriter(context);
    module.exported('buildPlanes', [], [], (f) => {
      const to = f.let(c(planes));
      forEachAddress(f, fixedTable, MANY.digits, FIXED_RUN, (run) => {
        f.run(writePlanes, to, run);
        f.set(to, i32.add(to, c(PLANES_LENGTH)));
      });
    });

    const recodeMany = recoder(context, 'recodeMany', MANY, 'order', BATCH);
    const lookup16 = swizzlingLookup(context);
    const eachPair = (f: FunctionBuilder, callee: FunctionReference): void => {
      const n = f.let(c(manyNiels));
      forEachAddress(f, manyLanes, pairsOfPoints, LANES_LENGTH, (p) => {
        f.run(callee, p, n);
        f.set(n, i32.add(n, c(NIELS_LENGTH)));
      });
    };
    const [product, inverse, x, y] = scratchRegisters(context, 4);
    const one = pairConstant(context, 1n);
    const [s0, s1, s2] = [0, 0, 0].map(() => field.register(secrets.allocate(ELEMENT_LENGTH), CARRIED)) as [
      Register,
      Register,
      Register,
    ];

    /** All points with one inversion into the heads of signatures. */
    const encodeMany = module.function('encodeMany', [], ['i32'], (f) => {
      const [p, to, valid] = [f.local('i32'), f.let(c(products)), f.let(c(1))];
      pairs.copy(f, product, one);
      settle([product]);
      f.forUp(p, c(manyLanes), c(manyLanes + pairsOfPoints * LANES_LENGTH), LANES_LENGTH, () => {
        const [, , z] = registersAt(context, p, 3);
        pairs.copy(f, pairs.register(to, CARRIED), product);
        pairs.mul(f, product, product, z);
        settle([product]);
        f.set(to, i32.add(to, c(pairs.byteLength)));
      });
      extractLane(pairs, f, s0, product, 0);
      extractLane(pairs, f, s1, product, 1);
      field.mul(f, s2, s0, s1);
      field.invert(f, s2, s2, field.constant(1n));
      field.mul(f, s0, s0, s2);
      field.mul(f, s1, s1, s2);
      insertLane(pairs, f, inverse, s1, 0);
      insertLane(pairs, f, inverse, s0, 1);
      settle([inverse]);
      const out = f.let(c(io + memory.signatures + BATCH * 64));
      f.forDown(p, c(manyLanes + (pairsOfPoints - 1) * LANES_LENGTH), c(manyLanes), LANES_LENGTH, () => {
        const [x0, y0, z] = registersAt(context, p, 3);
        f.set(to, i32.sub(to, c(pairs.byteLength)));
        pairs.mul(f, product, inverse, pairs.register(to, CARRIED));
        pairs.mul(f, inverse, inverse, z);
        settle([inverse]);
        pairs.mul(f, x, x0, product);
        pairs.mul(f, y, y0, product);
        settle([x, y], PRODUCT);
        for (const lane of [1, 0] as const) {
          extractLane(pairs, f, s0, x, lane);
          extractLane(pairs, f, s1, y, lane);
          f.set(out, i32.sub(out, c(64)));
          f.run(coding.encodeAffine, out, s0.address, s1.address);
          f.set(valid, i32.and(valid, coding.isOnCurve(f)));
        }
      });
      f.result(valid);
    });

    module.exported('commitMany', [], ['i32'], (f) => {
      const to = f.let(c(manyDigits));
      forEachAddress(f, nonces, BATCH, SCALAR_LENGTH, (scalar) => {
        f.run(recodeMany, to, scalar);
        f.set(to, i32.add(to, c(1)));
      });
      f.run(lookup16, c(manyNiels), c(planes), c(manyDigits));
      eachPair(f, points.fromNiels);
      f.set(to, c(manyDigits + BATCH));
      forEachAddress(f, planes + PLANES_LENGTH, MANY.digits - 1, PLANES_LENGTH, (table) => {
        f.run(lookup16, c(manyNiels), table, to);
        eachPair(f, points.addNiels);
        f.set(to, i32.add(to, c(BATCH)));
      });
      f.result(f.call(declassify, f.call(encodeMany)));
    });
  }
}
