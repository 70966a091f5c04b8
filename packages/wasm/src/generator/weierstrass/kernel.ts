import { growMemory, type I32, i32, zero } from '../asm/expression.js';
import type { FunctionBuilder } from '../asm/function-builder.js';
import { type Module, ModuleBuilder } from '../asm/module-builder.js';
import { declassification } from '../declassify.js';
import type { HedgedNonce } from '../hedged-nonce.js';
import type { Drbg } from '../rfc6979.js';
import { BATCH_SIZE, batchMultiplication, batchWorkspace } from './batch.js';
import { completeArithmetic } from './complete.js';
import { batchWidth, type CurveParameters, defineCurve, entryCount, windowCount } from './curve.js';
import { doublingEmitter } from './doubling.js';
import { jacobianBounds, laneMultiplication, mixedAddition, pairTransfer } from './lanes.js';
import { baseMultiplication } from './multiplication.js';
import { publicKeys } from './public-key.js';
import { laneWindows, recoding } from './recode.js';
import { scalars } from './scalars.js';
import { batchSelection, laneEntryLength, laneSelection } from './select.js';
import { batchMemory, signing } from './signing.js';
import { entryLength, tableBuilder, tableWorkspace } from './tables.js';
import { verification } from './verification.js';

/** The nonces of a curve. */
export interface Nonces {
  readonly drbg: Drbg;
  readonly hedged: HedgedNonce;
  readonly drbgLanes: Drbg;
  readonly hedgedLanes: HedgedNonce;
  readonly nonceLanes: number;
}

/**
 * The kernel of a curve.
 * @param nonces - Adds the nonce functions to the module. `lanes` says whether several at once are wanted.
 */
export function weierstrassKernel(
  parameters: CurveParameters,
  simd: boolean,
  nonces: (module: ModuleBuilder, lanes: boolean) => Nonces,
): Module {
  const module = new ModuleBuilder();
  const curve = defineCurve(module, parameters, simd);
  const width = { batch: batchWidth(parameters, simd), single: parameters.windows.single };
  const windows = { batch: windowCount(parameters, width.batch), lane: laneWindows(curve) };
  const powers = Math.max(windows.batch * width.batch, 2 * windows.lane * width.single);
  const sums = Math.max((windows.batch * entryCount(width.batch)) / 2, windows.lane * entryCount(width.single));

  // What never holds a secret, and what only batches use.
  const plainLength = entryCount(width.batch) * entryLength(curve);
  const plainTable = module.allocate(windows.batch * plainLength);
  const planes = simd ? module.allocate(windows.batch * plainLength) : plainTable;
  const laneLength = entryCount(width.single) * laneEntryLength(curve);
  const laneTable = module.allocate(windows.lane * laneLength);
  const digests = module.allocate(BATCH_SIZE * parameters.byteLength);
  const results = module.allocate(BATCH_SIZE * 2 * parameters.byteLength);
  const publicKey = module.allocate(2 * parameters.byteLength);
  const batchStart = module.allocate(0);
  const workspace = module.allocate(
    Math.max(
      batchWorkspace(curve, windows.batch),
      tableWorkspace(curve, powers, sums) + 2 * windows.lane * entryCount(width.single) * entryLength(curve),
    ),
  );
  const batchDigits = module.allocate(windows.batch * BATCH_SIZE);
  const memory = module.allocate(batchMemory(curve));
  const batchEnd = module.allocate(0);

  // Everything from here on is wiped after each use of a secret.
  const scratchStart = module.allocate(0);
  const secretKey = module.allocate(parameters.byteLength);
  const entropy = module.allocate(32 * BATCH_SIZE);
  const declassify = declassification(module);
  const transfer = pairTransfer(curve);
  const tables = tableBuilder(curve, workspace, powers);
  const complete = completeArithmetic(curve);
  const bounds = jacobianBounds(curve, doublingEmitter(curve));
  const add = mixedAddition(curve, bounds);
  const lanes = laneMultiplication(curve, laneTable, laneLength, windows.lane, laneSelection(curve, width.single), add);
  const recode = recoding(curve);
  const base = baseMultiplication(curve, {
    lanes,
    recode: recode({ width: width.single, count: 2 * windows.lane, distance: 1 }),
    transfer,
    complete,
    declassify,
  });
  const batch = batchMultiplication(curve, {
    table: planes,
    windowLength: plainLength,
    windows: windows.batch,
    select: batchSelection(curve, width.batch),
    transfer,
    workspace,
    digits: batchDigits,
  });
  const orderScalars = scalars(curve);
  const keys = publicKeys(curve, publicKey);
  verification(curve, {
    scalars: orderScalars,
    keys,
    tables,
    complete,
    transfer,
    add,
    bounds,
    baseTable: plainTable,
    width: width.batch,
    windows: windows.batch,
    recode: recode({ width: width.batch, count: windows.batch, distance: 1 }),
    signature: results,
    digest: digests,
  });
  const wipeScratch = module.declare('wipe', [], []);
  const wipeAll = module.function('wipeAll', [], [], (f) => {
    f.do(zero(i32.const(batchStart), i32.const(batchEnd - batchStart)));
    f.run(wipeScratch);
  });
  const io = {
    secretKey,
    entropy,
    digests,
    results,
    publicKey,
    ...signing(curve, {
      base,
      batch,
      recodeBatch: recode({ width: width.batch, count: windows.batch, distance: BATCH_SIZE }),
      batchDigits,
      scalars: orderScalars,
      ...nonces(module, simd),
      declassify,
      secretKey,
      entropy,
      digests,
      results,
      memory,
      wipe: (f) => f.run(wipeScratch),
      wipeBatch: (f) => f.run(wipeAll),
    }),
  };
  wipeScratch.define((f) => {
    f.do(zero(i32.const(scratchStart), i32.const(module.top - scratchStart)));
  });

  const setBase = (f: FunctionBuilder) => {
    const { field } = curve;
    field.copy(f, tables.point.x, field.montgomeryConstant(parameters.x));
    field.copy(f, tables.point.y, field.montgomeryConstant(parameters.y));
  };
  module.exported('prepareSingle', [], [], (f) => {
    setBase(f);
    const source = workspace + tableWorkspace(curve, powers, sums);
    f.run(tables.build, i32.const(source), i32.const(width.single), i32.const(2 * windows.lane));
    interleave(f, i32.const(laneTable), i32.const(source), windows.lane * laneLength);
  });
  module.exported('prepareBatch', [], [], (f) => {
    setBase(f);
    f.run(tables.build, i32.const(plainTable), i32.const(width.batch), i32.const(windows.batch));
    if (simd) transpose(f, planes, plainTable, windows.batch, entryCount(width.batch), entryLength(curve));
  });
  for (const [name, address] of Object.entries(io))
    module.exported(name, [], ['i32'], (f) => f.result(i32.const(address)));
  // Tables of keys that are met often follow behind everything else: the memory grows for them.
  const verifiers = module.allocate(0, 65_536);
  const verifierLength = windows.batch * plainLength;
  module.exported('verifiers', [], ['i32'], (f) => f.result(i32.const(verifiers)));
  module.exported('verifierLength', [], ['i32'], (f) => f.result(i32.const(verifierLength)));
  module.exported('grow', ['i32'], ['i32'], (f, pages) => f.result(growMemory(pages)));
  return module.finish(MAXIMUM_PAGES);
}

/** 64 MiB. */
const MAXIMUM_PAGES = 1024;

/** Lays a table for two lanes: limbs of the first half of the windows beside those of the second half. */
function interleave(f: FunctionBuilder, target: I32, source: I32, length: number): void {
  const offset = f.local('i32');
  f.forUp(offset, i32.const(0), i32.const(length / 2), 4, () => {
    const place = f.let(i32.add(target, i32.shl(offset, 1)));
    const from = f.let(i32.add(source, offset));
    f.do(i32.store(place, 0, i32.load(from)), i32.store(place, 4, i32.load(from, length / 2)));
  });
}

/** Lays the octets of each window's entries into planes: the first octets of all entries, then the second ones. */
function transpose(
  f: FunctionBuilder,
  target: number,
  source: number,
  windows: number,
  entries: number,
  length: number,
): void {
  const [window, entry, octet] = [f.local('i32'), f.local('i32'), f.local('i32')];
  f.forUp(window, i32.const(0), i32.const(windows * entries * length), entries * length, () =>
    f.forUp(entry, i32.const(0), i32.const(entries), 1, () => {
      const from = f.let(i32.add(i32.add(i32.const(source), window), i32.mul(entry, i32.const(length))));
      const to = f.let(i32.add(i32.add(i32.const(target), window), entry));
      f.forUp(octet, i32.const(0), i32.const(length), 1, () => {
        f.do(i32.store8(to, 0, i32.load8U(from)));
        f.set(from, i32.add(from, i32.const(1)));
        f.set(to, i32.add(to, i32.const(entries)));
      });
    }),
  );
}
