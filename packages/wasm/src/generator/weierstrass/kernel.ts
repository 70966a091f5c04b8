import { growMemory, type I32, i32, zero } from '../asm/expression.js';
import type { FunctionBuilder } from '../asm/function-builder.js';
import { type Module, ModuleBuilder } from '../asm/module-builder.js';
import { declassification } from '../declassify.js';
import type { HedgedNonce } from '../hedged-nonce.js';
import type { Drbg } from '../rfc6979.js';
import { BATCH_SIZE, batchMultiplication, batchWorkspace } from './batch.js';
import { completeArithmetic } from './complete.js';
import { batchWidth, type Curve, type CurveParameters, defineCurve, entryCount, windowCount } from './curve.js';
import { doublingEmitter } from './doubling.js';
import { jacobianBounds, laneMultiplication, mixedAddition, pairTransfer, xyzzAddition } from './lanes.js';
import { baseMultiplication } from './multiplication.js';
import { publicKeys } from './public-key.js';
import { laneWindows, recoding } from './recode.js';
import { scalars } from './scalars.js';
import { batchSelection, laneSelection } from './select.js';
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
  const ofBatch = tableOf(curve, batchWidth(parameters, simd));
  const ofLanes = tableOf(curve, parameters.windows.single, 2 * laneWindows(curve));
  const ofOpen = tableOf(curve, parameters.windows.open);
  const all = [ofBatch, ofLanes, ofOpen];
  const powers = Math.max(...all.map(({ width, windows }) => width * windows));
  const sums = Math.max(...all.map(({ width, windows }) => (windows * entryCount(width)) / 2));

  // What never holds a secret, and what only batches use.
  const openTable = module.allocate(ofOpen.byteLength);
  const batchTable = module.allocate(ofBatch.byteLength);
  const laneTable = module.allocate(ofLanes.byteLength);
  const digests = module.allocate(BATCH_SIZE * parameters.byteLength);
  const results = module.allocate(BATCH_SIZE * 2 * parameters.byteLength);
  const publicKey = module.allocate(2 * parameters.byteLength);
  const batchStart = module.allocate(0);
  const batchDigits = module.allocate(ofBatch.windows * BATCH_SIZE);
  const memory = module.allocate(batchMemory(curve));
  const workspace = module.allocate(batchWorkspace(curve, ofBatch.windows));
  const batchEnd = module.allocate(0);
  // Tables are made in the same memory and behind it, and then laid out elsewhere.
  const unlaid = workspace + tableWorkspace(curve, powers, sums);
  module.allocate(Math.max(0, unlaid + Math.max(ofLanes.byteLength, ofBatch.byteLength) - batchEnd));

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
  const fixed = xyzzAddition(curve);
  const lanes = laneMultiplication(
    curve,
    laneTable,
    2 * ofLanes.windowLength,
    ofLanes.windows / 2,
    laneSelection(curve, ofLanes.width),
    fixed,
  );
  const recode = recoding(curve);
  const base = baseMultiplication(curve, {
    lanes,
    recode: recode({ width: ofLanes.width, count: ofLanes.windows, distance: 1 }),
    transfer,
    complete,
    declassify,
  });
  const batch = batchMultiplication(curve, {
    table: batchTable,
    windowLength: ofBatch.windowLength,
    windows: ofBatch.windows,
    select: batchSelection(curve, ofBatch.width),
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
    fixed,
    bounds,
    baseTable: openTable,
    width: ofOpen.width,
    windows: ofOpen.windows,
    recode: recode({ width: ofOpen.width, count: ofOpen.windows, distance: 1 }),
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
      recodeBatch: recode({ width: ofBatch.width, count: ofBatch.windows, distance: BATCH_SIZE }),
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

  /** Adds a function that makes a table of multiples of the base point, and may lay it out anew. */
  const prepare = (name: string, { width, windows }: Table, target: number, layOut?: (f: FunctionBuilder) => void) =>
    module.exported(name, [], [], (f) => {
      const { field } = curve;
      field.copy(f, tables.point.x, field.montgomeryConstant(parameters.x));
      field.copy(f, tables.point.y, field.montgomeryConstant(parameters.y));
      f.run(tables.build, i32.const(target), i32.const(width), i32.const(windows));
      layOut?.(f);
    });
  prepare('prepareSingle', ofLanes, unlaid, (f) =>
    interleave(f, i32.const(laneTable), i32.const(unlaid), ofLanes.byteLength),
  );
  if (simd)
    prepare('prepareBatch', ofBatch, unlaid, (f) =>
      transpose(f, batchTable, unlaid, ofBatch.windows, entryCount(ofBatch.width), entryLength(curve)),
    );
  else prepare('prepareBatch', ofBatch, batchTable);
  prepare('prepareVerification', ofOpen, openTable);
  for (const [name, address] of Object.entries(io))
    module.exported(name, [], ['i32'], (f) => f.result(i32.const(address)));
  // Tables of keys that are met often follow behind everything else: the memory grows for them.
  const verifiers = module.allocate(0, 65_536);
  module.exported('verifiers', [], ['i32'], (f) => f.result(i32.const(verifiers)));
  module.exported('verifierLength', [], ['i32'], (f) => f.result(i32.const(ofOpen.byteLength)));
  module.exported('grow', ['i32'], ['i32'], (f, pages) => f.result(growMemory(pages)));
  return module.finish(MAXIMUM_PAGES);
}

/** 64 MiB. */
const MAXIMUM_PAGES = 1024;

/** The windows of a table of multiples, and its length in octets. */
interface Table {
  readonly width: number;
  readonly windows: number;
  readonly windowLength: number;
  readonly byteLength: number;
}

function tableOf(curve: Curve, width: number, windows: number = windowCount(curve.parameters, width)): Table {
  const windowLength = entryCount(width) * entryLength(curve);
  return { width, windows, windowLength, byteLength: windows * windowLength };
}

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
