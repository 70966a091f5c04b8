import { MESSAGE_CAPACITY, memory } from '../../ed25519-memory.js';
import { copy, i32 } from '../asm/expression.js';
import { type Module, ModuleBuilder } from '../asm/module-builder.js';
import { ED25519_BASE, ed25519Field } from '../curves/ed25519.js';
import { codingFunctions } from './coding.js';
import { createContext, pairConstants } from './curve.js';
import { hashFunctions } from './hashing.js';
import { POINT_LENGTH, pointFunctions } from './points.js';
import { scalarFunctions } from './scalars.js';
import { FIXED_RUN, MANY, signing } from './signing.js';
import { tableFunctions } from './tables.js';
import { verifying } from './verifying.js';

/** Builds Ed25519 (RFC 8032 §5.1). */
export function ed25519Kernel({ simd }: { readonly simd: boolean }): Module {
  const module = new ModuleBuilder();
  const io = module.allocate(memory.message + MESSAGE_CAPACITY + 256);
  module.exported('io', [], ['i32'], (f) => f.result(i32.const(io)));
  const context = createContext(module, simd);
  const points = pointFunctions(context);
  const { x, y } = ED25519_BASE;
  const basePoint = pairConstants(context, [
    [x, y],
    [(x * y) % ed25519Field.value, 1n],
  ]);
  const base = context.scratch.allocate(POINT_LENGTH);
  const loadBase = module.function('loadBase', [], [], (f) => {
    f.do(copy(i32.const(base), i32.const(basePoint), i32.const(POINT_LENGTH)));
  });
  const parts = {
    context,
    points,
    coding: codingFunctions(context),
    scalars: scalarFunctions(context),
    hash: hashFunctions(context),
    tables: tableFunctions(context, points),
    io,
    loadBase,
    base,
    fixedTable: module.allocate(MANY.digits * FIXED_RUN),
  };
  signing(parts);
  verifying(parts);
  return module.finish();
}
