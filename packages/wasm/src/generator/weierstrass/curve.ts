import type { I32 } from '../asm/expression.js';
import { i32 } from '../asm/expression.js';
import type { ModuleBuilder } from '../asm/module-builder.js';
import { type Modulus, mod, radix } from '../field/modulus.js';
import { type OctetCodec, octetCodec } from '../field/octets.js';
import { PairField, type Register } from '../field/pair-field.js';
import { ScalarField } from '../field/scalar-field.js';

/** A curve y² = x³ - 3x + b of prime order over a prime field (SEC 1 §3.1.1 with a = -3). */
export interface CurveParameters {
  readonly field: Modulus;
  readonly order: Modulus;
  readonly b: bigint;
  /** The base point. */
  readonly x: bigint;
  readonly y: bigint;
  /** Octets of a coordinate and of a scalar. */
  readonly byteLength: number;
  /** Whether, with SIMD, nonce and Z are inverted side by side in vectors: where that is no small part of a signature. */
  readonly inversionInLanes: boolean;
  readonly windows: {
    /** Bits of a window of the table that a batch of secret scalars is looked up in. */
    readonly batch: number;
    /** The same without SIMD, where every entry of a window is read for every scalar. */
    readonly scanned: number;
    /** The same for a single secret scalar. */
    readonly single: number;
    /** The same for scalars that are public. */
    readonly open: number;
  };
}

/** What the code of a curve stands on: its fields in one module, and memory that several functions share. */
export interface Curve {
  readonly parameters: CurveParameters;
  readonly module: ModuleBuilder;
  readonly simd: boolean;
  readonly pairs: PairField;
  readonly field: ScalarField;
  readonly order: ScalarField;
  /** Coordinates: `byteLength` octets, highest first. */
  readonly fieldCodec: OctetCodec;
  /** Scalars: the same. */
  readonly orderCodec: OctetCodec;
}

export function defineCurve(module: ModuleBuilder, parameters: CurveParameters, simd: boolean): Curve {
  const { field: fieldModulus, order: orderModulus, byteLength } = parameters;
  const inLanes = simd && parameters.inversionInLanes;
  const field = new ScalarField(module, fieldModulus, inLanes);
  return {
    parameters,
    module,
    simd,
    pairs: new PairField(module, fieldModulus, simd),
    field,
    order: new ScalarField(module, orderModulus, inLanes, field),
    fieldCodec: octetCodec(module, fieldModulus, byteLength, 'big'),
    orderCodec: octetCodec(module, orderModulus, byteLength, 'big'),
  };
}

/** Number of windows of `width` bits that cover a scalar, and one bit more if it is not a multiple. */
export const windowCount = ({ byteLength }: CurveParameters, width: number): number =>
  Math.ceil((8 * byteLength) / width);

/** Bits of a window of the table of batches. */
export const batchWidth = ({ windows }: CurveParameters, simd: boolean): number =>
  simd ? windows.batch : windows.scanned;

/** Entries of a window: the odd multiples below 2^width. */
export const entryCount = (width: number): number => 1 << (width - 1);

/** Registers of a point in Jacobian coordinates: (X / Z², Y / Z³). */
export interface Jacobian {
  readonly x: Register;
  readonly y: Register;
  readonly z: Register;
}

/** Registers of a point in XYZZ coordinates: (X / ZZ, Y / ZZZ), where ZZ³ = ZZZ². */
export interface Xyzz {
  readonly x: Register;
  readonly y: Register;
  readonly zz: Register;
  readonly zzz: Register;
}

export const XYZZ: readonly (keyof Xyzz)[] = ['x', 'y', 'zz', 'zzz'];

export const allocateXyzz = (field: ScalarField): Xyzz => ({
  ...{ x: field.allocate(), y: field.allocate(), zz: field.allocate(), zzz: field.allocate() },
});

/** Registers of an affine point. */
export interface Affine {
  readonly x: Register;
  readonly y: Register;
}

/** An address plus a constant. */
export const plus = (address: I32, offset: number): I32 =>
  offset === 0 ? address : i32.add(address, i32.const(offset));

/** A pair that holds the same constant twice, in Montgomery form. */
export function pairConstant({ module, pairs, parameters }: Curve, value: bigint): number {
  const { field } = parameters;
  const octets = new Uint8Array(pairs.byteLength);
  const view = new DataView(octets.buffer);
  const residue = mod(value * radix(field), field.value);
  for (let k = 0; k < field.limbs; k++) {
    const limb = Number((residue >> BigInt(field.limbBits * k)) & ((1n << BigInt(field.limbBits)) - 1n));
    view.setInt32(8 * k, limb, true);
    view.setInt32(8 * k + 4, limb, true);
  }
  return module.data(octets);
}
