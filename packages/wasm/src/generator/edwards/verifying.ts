import { KEY_SLOTS, memory } from '../../ed25519-memory.js';
import { copy, type I32, i32, i64, type Local } from '../asm/expression.js';
import type { FunctionBuilder } from '../asm/function-builder.js';
import { ed25519Field } from '../curves/ed25519.js';
import { inverseOf } from '../field/modulus.js';
import { forEachAddress, pairConstants } from './curve.js';
import { LANES_LENGTH, NIELS_LENGTH, POINT_LENGTH } from './points.js';
import { type Recoding, recoder, SCALAR_LENGTH } from './scalars.js';
import { FIXED_RUN, MANY, type Parts } from './signing.js';

/** Digits of S and of k where doublings are shared: those of S are twice as wide, from a larger table. */
const ONCE_S: Recoding = { width: 10, digits: 26 };
const ONCE_K: Recoding = { width: 5, digits: 52 };
/** Digits of k where a key has a table. */
const KNOWN_K: Recoding = { width: 6, digits: 43 };

/** Octets of the run of 32 niels points of one window of a key. */
const KEY_RUN = 16 * NIELS_LENGTH;

/**
 * Adds what verifying exports: RFC 8032 §5.1.7 without cofactor, R' = S B - k A compared with R as it is encoded. All here is
 * public, so the time may depend on it.
 */
export function verifying({
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
  const { module, pairs } = context;
  const c = i32.const;
  const onceTable = module.allocate(2 ** (ONCE_S.width - 1) * POINT_LENGTH);
  const keyOnceTable = module.allocate(2 ** (ONCE_K.width - 1) * POINT_LENGTH);
  const slotLength = KNOWN_K.digits * KEY_RUN;
  const slots = module.allocate(KEY_SLOTS * slotLength);
  const [s, k] = [module.allocate(SCALAR_LENGTH), module.allocate(SCALAR_LENGTH)];
  const [digitsS, digitsK] = [module.allocate(64), module.allocate(64)];
  const [key, sum] = [module.allocate(POINT_LENGTH), module.allocate(POINT_LENGTH)];
  const [lanes, niels] = [module.allocate(LANES_LENGTH), module.allocate(NIELS_LENGTH)];
  const encoded = module.allocate(32);
  const identity = pairConstants(context, [
    [0n, 1n],
    [0n, 1n],
  ]);
  const half = inverseOf(2n, ed25519Field.value);
  const identityNiels = pairConstants(context, [
    [half, half],
    [half, half],
    [0n, 0n],
  ]);

  module.exported('buildOnce', [], [], (f) => {
    f.run(loadBase);
    f.run(tables.cachedMultiples, c(onceTable), c(base), c(2 ** (ONCE_S.width - 1)));
  });
  module.exported('buildFixed', [], [], (f) => {
    f.run(loadBase);
    forEachAddress(f, fixedTable, MANY.digits, FIXED_RUN, (run) =>
      f.run(tables.nielsMultiples, run, c(base), c(1), c(2 ** (MANY.width - 1))),
    );
  });
  const slotAddress = (f: FunctionBuilder, slot: I32): Local<'i32'> =>
    f.let(i32.add(c(slots), i32.mul(slot, c(slotLength))));
  /** `(slot) -> i32`: makes the table of the key at `publicKey`, or gives 0. */
  module.exported('buildKey', ['i32'], ['i32'], (f, slot) => {
    const valid = f.let(f.call(coding.decodeNegative, c(key), c(io + memory.publicKey)));
    const run = slotAddress(f, slot);
    const window = f.local('i32');
    f.forUp(window, c(0), c(KNOWN_K.digits), 1, () => {
      f.run(tables.nielsMultiples, run, c(key), c(1), c(2 ** (KNOWN_K.width - 1)));
      f.set(run, i32.add(run, c(KEY_RUN)));
    });
    f.result(valid);
  });
  module.exported('isKey', [], ['i32'], (f) => {
    f.result(f.call(coding.decodeNegative, c(key), c(io + memory.publicKey)));
  });

  const [recodeOnceS, recodeOnceK] = [
    recoder(context, 'recodeOnceS', ONCE_S, 'order', 2),
    recoder(context, 'recodeOnceK', ONCE_K, 'one'),
  ];
  const [recodeS, recodeK] = [recoder(context, 'recodeS', MANY, 'order'), recoder(context, 'recodeK', KNOWN_K, 'one')];
  const isEven = (scalar: number): I32 => i32.eqz(i32.and(i32.load(c(scalar)), c(1)));

  /** Reads k from the digest and S, which has to be below the order, and runs `body`, which leaves R' in `sum`. */
  const verification = (f: FunctionBuilder, body: () => void): void => {
    const valid = f.let(f.call(scalars.read, c(s), c(io + memory.s)) as I32);
    f.if(valid, () => {
      f.run(scalars.reduce, c(k), c(hash.digest));
      body();
      f.run(coding.encode, c(encoded), c(sum));
      for (let offset = 0; offset < 32; offset += 8) {
        const same = i64.eq(i64.load(c(encoded), offset), i64.load(c(io + memory.head), offset));
        f.set(valid, i32.and(valid, same));
      }
    });
    f.result(valid);
  };

  /** Adds the multiple that a digit stands for to `sum`. */
  const addDigit = (f: FunctionBuilder, digit: I32, { width }: Recoding, table: number): void => {
    const entries = 2 ** (width - 1);
    const value = f.let(digit);
    const address = (entry: I32) => i32.add(c(table), i32.mul(entry, c(POINT_LENGTH)));
    f.if(
      i32.geS(value, c(entries)),
      () => f.run(points.add, c(sum), address(i32.sub(value, c(entries)))),
      () => f.run(points.subtract, c(sum), address(i32.sub(c(entries - 1), value))),
    );
  };

  /** Both multiples share their doublings. */
  const verifyWithTable = module.function('verifyWithTable', [], ['i32'], (f) => {
    verification(f, () => {
      f.run(recodeOnceS, c(digitsS), c(s));
      f.run(recodeOnceK, c(digitsK), c(k));
      f.do(copy(c(sum), c(identity), c(POINT_LENGTH)));
      const i = f.local('i32');
      f.forDown(i, c(ONCE_K.digits - 1), c(0), 1, () => {
        for (let n = 0; n < ONCE_K.width; n++) f.run(points.double, c(sum));
        addDigit(f, i32.load8U(i32.add(c(digitsK), i)), ONCE_K, keyOnceTable);
        // One digit of S for two of k: digit i/2 stands i octets from the first.
        f.if(i32.eqz(i32.and(i, c(1))), () => {
          addDigit(f, i32.load16U(i32.add(c(digitsS), i)), ONCE_S, onceTable);
        });
      });
      f.if(isEven(k), () => f.run(points.subtract, c(sum), c(keyOnceTable)));
    });
  });
  module.exported('verifyOnce', [], ['i32'], (f) => {
    const valid = f.let(f.call(coding.decodeNegative, c(key), c(io + memory.publicKey)) as I32);
    f.if(valid, () => {
      f.run(tables.cachedMultiples, c(keyOnceTable), c(key), c(2 ** (ONCE_K.width - 1)));
      f.set(valid, f.call(verifyWithTable) as I32);
    });
    f.result(valid);
  });

  /** `(n, source, negative)`: copies a niels point of a lane to a lane; the address is the lane's, the mask turns the sign. */
  const pick = module.function('pick', ['i32', 'i32', 'i32'], [], (f, n, source, negative) => {
    const element = pairs.byteLength;
    const swap = f.let(i32.and(negative, c(element)));
    const [yp, ym] = [f.let(i32.add(source, swap)), f.let(i32.sub(source, swap))];
    for (let offset = 0; offset < 8 * pairs.modulus.limbs; offset += 8) {
      const dt = i32.load(source, 2 * element + offset);
      f.do(
        i32.store(n, offset, i32.load(yp, offset)),
        i32.store(n, element + offset, i32.load(ym, element + offset)),
        i32.store(n, 2 * element + offset, i32.sub(i32.xor(dt, negative), negative)),
      );
    }
  });
  const steps = MANY.digits + KNOWN_K.digits + 2;
  /** `(n, step, slot)`: into a lane what step by step adds up to R': digits of S, digits of k, and A if k is even. */
  const pickStep = module.function('pickStep', ['i32', 'i32', 'i32'], [], (f, n, step, slot) => {
    const pickDigit = (digit: I32, { width }: Recoding, run: I32): void => {
      const half = 2 ** (width - 2);
      const value = f.let(digit);
      const negative = f.let(i32.sub(i32.shrU(value, width - 1), c(1)));
      const entry = f.let(i32.xor(value, negative));
      const inRun = i32.mul(i32.and(entry, c(half - 1)), c(NIELS_LENGTH));
      const lane = i32.shl(i32.and(i32.shrU(entry, width - 2), c(1)), 2);
      f.run(pick, n, i32.add(run, i32.add(inRun, lane)), negative);
    };
    f.if(
      i32.ltS(step, c(MANY.digits)),
      () => {
        const run = i32.add(c(fixedTable), i32.mul(step, c(FIXED_RUN)));
        pickDigit(i32.load8U(i32.add(c(digitsS), step)), MANY, run);
      },
      () => {
        const digit = f.let(i32.sub(step, c(MANY.digits)));
        f.if(
          i32.ltS(digit, c(KNOWN_K.digits)),
          () => {
            const run = i32.add(slot, i32.mul(digit, c(KEY_RUN)));
            pickDigit(i32.load8U(i32.add(c(digitsK), digit)), KNOWN_K, run);
          },
          () => {
            const last = i32.eq(step, c(steps - 1));
            f.if(
              i32.and(last, isEven(k)),
              () => f.run(pick, n, slot, c(-1)),
              () => f.run(pick, n, c(identityNiels), c(0)),
            );
          },
        );
      },
    );
  });

  /** `(slot)`: all doublings are in the tables, and the steps are shared between the lanes. */
  module.exported('verifyKnown', ['i32'], ['i32'], (f, slot) => {
    verification(f, () => {
      f.run(recodeS, c(digitsS), c(s));
      f.run(recodeK, c(digitsK), c(k));
      const table = slotAddress(f, slot);
      const pickBoth = (step: I32): void => {
        f.run(pickStep, c(niels), step, table);
        f.run(pickStep, c(niels + 4), i32.add(step, c(steps / 2)), table);
      };
      pickBoth(c(0));
      f.run(points.fromNiels, c(lanes), c(niels));
      const step = f.local('i32');
      f.forUp(step, c(1), c(steps / 2), 1, () => {
        pickBoth(step);
        f.run(points.addNiels, c(lanes), c(niels));
      });
      f.run(points.sumOfLanes, c(sum), c(lanes));
    });
  });
}
