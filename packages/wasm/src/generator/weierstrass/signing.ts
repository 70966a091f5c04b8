import { type I32, i32, i64, type Local } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import type { Register } from '../field/pair-field.js';
import type { HedgedNonce } from '../hedged-nonce.js';
import type { Drbg } from '../rfc6979.js';
import { BATCH_SIZE, type BatchMultiplication } from './batch.js';
import type { Affine, Curve } from './curve.js';
import { type BaseMultiplication, negation } from './multiplication.js';
import type { Recode } from './recode.js';
import type { Scalars } from './scalars.js';

/** How a nonce is made: RFC 6979, RFC 6979 with additional data (§3.6), or hashed from key, digest and entropy. */
export const NONCE = { deterministic: 0, additionalData: 1, hedged: 2 } as const;

/** What the functions with a secret return. */
export const STATUS = {
  done: 0,
  /** The private key is zero or not below the order. */
  secretKey: 1,
  /** A point that was computed is none of the curve: the machine made a mistake. */
  fault: 2,
  /** A batch is to be done one by one, a hedged signature with other entropy. */
  again: 3,
} as const;

/** What signing is made of. */
export interface SigningParts {
  readonly base: BaseMultiplication;
  readonly batch: BatchMultiplication;
  /** (digits, scalar) of a batch. */
  readonly recodeBatch: Recode;
  readonly batchDigits: number;
  readonly scalars: Scalars;
  readonly drbg: Drbg;
  readonly hedged: HedgedNonce;
  /** The same for several nonces at once. */
  readonly drbgLanes: Drbg;
  readonly hedgedLanes: HedgedNonce;
  /** How many at once: a divisor of a batch. */
  readonly nonceLanes: number;
  /** Makes something secret public. */
  readonly declassify: FunctionReference;
  /** Octets that JavaScript writes: the private key, and entropy for each signature. */
  readonly secretKey: number;
  readonly entropy: number;
  /** A digest for each signature of a batch, as long as the order. */
  readonly digests: number;
  /** r and s for each signature of a batch, or x and y for each key. */
  readonly results: number;
  /** Memory of batches alone, {@link batchMemory} octets. */
  readonly memory: number;
  /** Wipes what a single secret leaves behind, and what a batch does. */
  readonly wipe: (f: FunctionBuilder) => void;
  readonly wipeBatch: (f: FunctionBuilder) => void;
}

/** Octets that signing needs for a batch. */
export const batchMemory = ({ order, parameters }: Curve): number =>
  BATCH_SIZE * (2 * order.byteLength + 64 + 2 * parameters.byteLength);

/**
 * Adds `makePublicKey`, `makePublicKeys`, `sign` and `signMany`.
 * @returns Where the private keys of a batch of public keys are expected.
 */
export function signing(curve: Curve, parts: SigningParts): { readonly secretKeys: number } {
  const { module, field, order, parameters } = curve;
  const { base, batch, scalars, drbg, hedged, drbgLanes, hedgedLanes, nonceLanes, digests, results } = parts;
  const { byteLength } = parameters;
  const { scalar, point } = base;
  const digest = order.allocate();
  const reducedDigest = module.allocate(byteLength);
  const nonce = module.allocate(64);
  const [inverse, product] = [order.allocate(), order.allocate()];
  const plain: Affine = { x: field.allocate(), y: field.allocate() };
  const one = field.constant(1n);

  const batchScalars = parts.memory;
  const batchProducts = batchScalars + BATCH_SIZE * order.byteLength;
  const batchNonces = batchProducts + BATCH_SIZE * order.byteLength;
  const batchDigests = batchNonces + BATCH_SIZE * 64;
  const secretKeys = batchDigests + BATCH_SIZE * byteLength;

  const i32Call = (f: FunctionBuilder, callee: FunctionReference, ...operands: readonly I32[]): I32 =>
    f.call(callee, ...operands) as I32; // every function of this kernel that returns a value returns an i32
  const open = (f: FunctionBuilder, secret: I32): I32 => i32Call(f, parts.declassify, secret);
  const element = (from: number, index: I32, length: number): I32 =>
    i32.add(i32.const(from), i32.mul(index, i32.const(length)));

  /** Reads the private key; `then` runs when it is in range. The status is what the exported function returns. */
  const withKey = (f: FunctionBuilder, wipe: (f: FunctionBuilder) => void, then: (status: Local<'i32'>) => void) => {
    const status = f.let(i32.const(STATUS.secretKey));
    f.if(open(f, i32Call(f, scalars.readInRange, scalars.secretKey.address, i32.const(parts.secretKey))), () =>
      then(status),
    );
    wipe(f);
    f.result(status);
  };
  /** From here on the private key is in Montgomery form. */
  const prepareKey = (f: FunctionBuilder) =>
    order.mul(f, scalars.secretKey, scalars.secretKey, order.constant(order.montgomeryRadixSquared));

  const toPlain = (f: FunctionBuilder, target: Register, coordinate: Register) => {
    field.mul(f, target, coordinate, one);
    field.freeze(f, target, target);
  };
  const writePoint = (f: FunctionBuilder, target: I32, { x, y }: Affine) => {
    toPlain(f, plain.x, x);
    toPlain(f, plain.y, y);
    f.run(curve.fieldCodec.write, target, plain.x.address);
    f.run(curve.fieldCodec.write, i32.add(target, i32.const(byteLength)), plain.y.address);
  };

  module.exported('makePublicKey', [], ['i32'], (f) =>
    withKey(f, parts.wipe, (status) => {
      order.copy(f, scalar, scalars.secretKey);
      f.if(
        i32Call(f, base.run, i32.const(0)),
        () => {
          writePoint(f, i32.const(results), point);
          f.set(status, i32.const(STATUS.done));
        },
        () => f.set(status, i32.const(STATUS.fault)),
      );
    }),
  );

  module.exported('sign', ['i32'], ['i32'], (f, mode) =>
    withKey(f, parts.wipe, (status) => {
      prepareKey(f);
      f.run(scalars.readReduced, digest.address, i32.const(digests));
      f.run(curve.orderCodec.write, i32.const(reducedDigest), digest.address);
      firstNonce(f, mode);
      const again = f.local('i32');
      f.repeatWhile(() => {
        f.set(status, i32.const(STATUS.done));
        f.set(again, i32.const(0));
        f.if(
          readNonce(f, mode),
          () =>
            f.if(
              i32Call(f, base.run, i32.const(1)),
              () => {
                order.freeze(f, inverse, base.inverse);
                toPlain(f, plain.x, point.x);
                const good = i32Call(
                  f,
                  scalars.finish,
                  i32.const(results),
                  inverse.address,
                  plain.x.address,
                  digest.address,
                );
                f.set(again, i32.eqz(open(f, good)));
              },
              () => f.set(status, i32.const(STATUS.fault)),
            ),
          () => f.set(again, i32.const(1)),
        );
        f.if(again, () => {
          // RFC 6979 goes on to its next candidate; hedged nonces need other entropy.
          f.set(status, i32.const(STATUS.again));
          f.if(
            i32.eq(mode, i32.const(NONCE.hedged)),
            () => f.set(again, i32.const(0)),
            () => f.run(drbg.retry!, i32.const(nonce)),
          );
        });
        return again;
      });
    }),
  );

  function firstNonce(f: FunctionBuilder, mode: I32): void {
    const [out, key, hash] = [i32.const(nonce), i32.const(parts.secretKey), i32.const(reducedDigest)];
    f.if(
      i32.eq(mode, i32.const(NONCE.hedged)),
      () => f.run(hedged.nonce, out, i32.const(parts.entropy), key, hash),
      () => {
        f.run(drbg.setKey, key);
        f.if(
          i32.eq(mode, i32.const(NONCE.additionalData)),
          () => f.run(drbg.nonceWithData!, out, hash, i32.const(parts.entropy)),
          () => f.run(drbg.nonce, out, hash),
        );
      },
    );
  }

  /** Reads a candidate for k; whether it is one may be known, it happens to all keys alike. */
  function readNonce(f: FunctionBuilder, mode: I32): I32 {
    const good = f.local('i32');
    f.if(
      i32.eq(mode, i32.const(NONCE.hedged)),
      () => {
        f.run(scalars.readWide, scalar.address, i32.const(nonce));
        f.set(good, open(f, i32.eqz(order.isZero(f, scalar))));
      },
      () => f.set(good, open(f, i32Call(f, scalars.readInRange, scalar.address, i32.const(nonce)))),
    );
    return good;
  }

  const readScalar = (f: FunctionBuilder, j: I32, octets: I32): I32 =>
    i32Call(f, scalars.readInRange, f.let(element(batchScalars, j, order.byteLength)), octets);

  /** Multiplies the base point by all scalars of a batch; 1 when they all are points of the curve. */
  const multiplyBatch = (f: FunctionBuilder, count: I32): I32 => {
    const j = f.local('i32');
    f.forUp(j, i32.const(0), count, 1, () =>
      parts.recodeBatch(f, i32.add(i32.const(parts.batchDigits), j), element(batchScalars, j, order.byteLength)),
    );
    return i32Call(f, batch.run, count);
  };
  const lane = module.function(`${field.modulus.name}.lane`, ['i32', 'i32', 'i32'], [], (f, target, pairs, j) => {
    const from = f.let(
      i32.add(
        i32.add(pairs, i32.mul(i32.shrU(j, 1), i32.const(curve.pairs.byteLength))),
        i32.shl(i32.and(j, i32.const(1)), 2),
      ),
    );
    copyLane(f, field.modulus.limbs, target, from);
  });
  const readLane = (f: FunctionBuilder, axis: 'x' | 'y', j: I32): Register => {
    f.run(lane, plain[axis].address, i32.const(batch[axis]), j);
    return { address: plain[axis].address, bounds: batch.bounds[axis] };
  };

  module.exported('signMany', ['i32', 'i32'], ['i32'], (f, count, mode) =>
    withKey(f, parts.wipeBatch, (status) => {
      prepareKey(f);
      const j = f.local('i32');
      const good = f.let(i32.const(1));
      const require = (flag: I32) => f.set(good, i32.and(good, flag));
      f.forUp(j, i32.const(0), count, 1, () => {
        f.run(scalars.readReduced, digest.address, element(digests, j, byteLength));
        f.run(curve.orderCodec.write, element(batchDigests, j, byteLength), digest.address);
      });
      const key = i32.const(parts.secretKey);
      f.if(
        i32.eq(mode, i32.const(NONCE.hedged)),
        () => {
          f.forUp(j, i32.const(0), count, nonceLanes, () =>
            f.run(
              hedgedLanes.nonce,
              element(batchNonces, j, 64),
              element(parts.entropy, j, 32),
              key,
              element(batchDigests, j, byteLength),
            ),
          );
          f.forUp(j, i32.const(0), count, 1, () => {
            const at = f.let(element(batchScalars, j, order.byteLength));
            f.run(scalars.readWide, at, element(batchNonces, j, 64));
            require(i32.eqz(order.isZero(f, order.register(at, scalar.bounds))));
          });
        },
        () => {
          f.run(drbgLanes.setKey, key);
          f.forUp(j, i32.const(0), count, nonceLanes, () =>
            f.run(drbgLanes.nonce, element(batchNonces, j, byteLength), element(batchDigests, j, byteLength)),
          );
          f.forUp(j, i32.const(0), count, 1, () => require(readScalar(f, j, element(batchNonces, j, byteLength))));
        },
      );
      f.set(status, i32.const(STATUS.again));
      f.if(open(f, good), () =>
        f.if(open(f, multiplyBatch(f, count)), () => {
          require(finishAll(f, count));
          f.if(open(f, good), () => f.set(status, i32.const(STATUS.done)));
        }),
      );
    }),
  );

  /** r and s of all, with one inversion; 1 unless one of them is zero. */
  function finishAll(f: FunctionBuilder, count: I32): I32 {
    const j = f.local('i32');
    const good = f.let(i32.const(1));
    const at = (base_: number) => order.register(f.let(element(base_, j, order.byteLength)), scalar.bounds);
    order.copy(f, product, order.constant(1n));
    f.forUp(j, i32.const(0), count, 1, () => {
      order.copy(f, at(batchProducts), product);
      order.mul(f, product, product, at(batchScalars));
      order.freeze(f, product, product);
    });
    // Each product took a factor 1/R along: after `count` of them the inverse of the last has R^count too many, and of
    // these one is taken off by each product below.
    order.invert(f, inverse, product, order.constant(order.montgomeryRadixSquared));
    order.freeze(f, inverse, inverse);
    f.forDown(j, i32.sub(count, i32.const(1)), i32.const(0), 1, () => {
      order.mul(f, product, inverse, at(batchProducts));
      order.freeze(f, product, product);
      order.mul(f, inverse, inverse, at(batchScalars));
      order.freeze(f, inverse, inverse);
      const x = readLane(f, 'x', j);
      toPlain(f, plain.x, x);
      f.run(scalars.readReduced, digest.address, element(batchDigests, j, byteLength));
      f.set(
        good,
        i32.and(
          good,
          i32Call(
            f,
            scalars.finish,
            element(results, j, 2 * byteLength),
            product.address,
            plain.x.address,
            digest.address,
          ),
        ),
      );
    });
    return good;
  }

  const negate = negation(curve);
  module.exported('makePublicKeys', ['i32'], ['i32'], (f, count) => {
    const j = f.local('i32');
    const good = f.let(i32.const(1));
    const status = f.let(i32.const(STATUS.again));
    f.forUp(j, i32.const(0), count, 1, () =>
      f.set(good, i32.and(good, readScalar(f, j, element(secretKeys, j, byteLength)))),
    );
    f.if(open(f, good), () =>
      f.if(open(f, multiplyBatch(f, count)), () => {
        f.forUp(j, i32.const(0), count, 1, () => {
          for (const axis of ['x', 'y'] as const) toPlain(f, plain[axis], readLane(f, axis, j));
          f.run(negate, plain.y.address, element(batchScalars, j, order.byteLength));
          const target = f.let(element(results, j, 2 * byteLength));
          f.run(curve.fieldCodec.write, target, plain.x.address);
          f.run(curve.fieldCodec.write, i32.add(target, i32.const(byteLength)), plain.y.address);
        });
        f.set(status, i32.const(STATUS.done));
      }),
    );
    parts.wipeBatch(f);
    f.result(status);
  });

  return { secretKeys };
}

/** Takes one lane out of a pair. */
function copyLane(f: FunctionBuilder, limbs: number, target: I32, from: I32): void {
  for (let k = 0; k < limbs; k++) f.do(i64.store(target, 8 * k, i64.load32S(from, 8 * k)));
}
