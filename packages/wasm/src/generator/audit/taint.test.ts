import { describe, expect, test } from 'vitest';
import { copy, type Expression, i32, i64, type Local, select, zero } from '../asm/expression.js';
import type { FunctionBuilder, FunctionReference } from '../asm/function-builder.js';
import { ModuleBuilder } from '../asm/module-builder.js';
import { v128 } from '../asm/vector.js';
import { instantiate } from '../instance.js';
import { audit } from './taint.js';

type Build = (f: FunctionBuilder, a: Local<'i32'>, module: ModuleBuilder) => void;

/** Audits a module with one export `(a)`. */
function auditOf(build: Build, publicExports: readonly string[] = []) {
  const module = new ModuleBuilder();
  module.allocate(4096);
  module.exported('run', ['i32'], [], (f, a) => build(f, a, module));
  const finished = module.finish();
  instantiate(finished); // what is audited is valid
  return audit(finished.bytes, { functionNames: finished.functionNames, publicExports });
}

const secret = (a: Local<'i32'>) => i32.load(a);
const secret64 = (a: Local<'i32'>) => i64.load(a);
const nothing = () => {};
/** An instruction on two values that the emitter has no name for. */
const raw = <T extends 'i32' | 'i64'>(opcode: number, a: Expression<T>, b: Expression<T>): Expression<T> => ({
  type: a.type,
  code: [a.code, b.code, opcode],
});
const rawShift = (value: Expression<'v128'>, count: Expression<'i32'>): Expression<'v128'> => ({
  type: 'v128',
  code: [value.code, count.code, 0xfd, 0x6b],
});
const branchIf = (condition: Expression<'i32'>) => ({ effect: [0x02, 0x40, condition.code, 0x0d, 0, 0x0b] });
const branchTable = (index: Expression<'i32'>) => ({ effect: [0x02, 0x40, index.code, 0x0e, 1, 0, 0, 0x0b] });
const grow = (pages: Expression<'i32'>) => ({ effect: [pages.code, 0x40, 0, 0x1a] });

const internal = (module: ModuleBuilder, build: (f: FunctionBuilder, x: Local<'i32'>) => void) =>
  module.function('inner', ['i32'], ['i32'], build);

test.each<[string, Build, leak: string, instruction: string]>([
  ['if', (f, a) => f.if(secret(a), nothing), 'branch', 'if'],
  ['br_if', (f, a) => f.do(branchIf(secret(a))), 'branch', 'br_if'],
  ['br_table', (f, a) => f.do(branchTable(secret(a))), 'branch', 'br_table'],
  [
    'a loop that counts to a secret',
    (f, a) => f.forUp(f.local('i32'), i32.const(0), secret(a), 1, nothing),
    'branch',
    'br_if',
  ],
  ['a comparison that ends early', (f, a) => f.repeatWhile(() => i32.eq(secret(a), i32.load(a, 4))), 'branch', 'br_if'],
  ['a load', (f, a) => f.set(f.local('i32'), i32.load8U(secret(a))), 'address', 'i32.load8_u'],
  [
    'a table look-up',
    (f, a) => f.set(f.local('v128'), v128.load(i32.add(a, i32.shl(secret(a), 4)))),
    'address',
    'v128.load',
  ],
  ['a load of a lane', (f, a) => f.do(v128.store64Lane(secret(a), 0, v128.load(a), 1)), 'address', 'v128.store64_lane'],
  ['a store', (f, a) => f.do(i32.store(secret(a), 0, a)), 'address', 'i32.store'],
  ['a store of a vector', (f, a) => f.do(v128.store(secret(a), 0, v128.load(a))), 'address', 'v128.store'],
  ['the length of memory.fill', (f, a) => f.do(zero(a, secret(a))), 'bulk', 'memory.fill'],
  ['the source of memory.copy', (f, a) => f.do(copy(a, secret(a), i32.const(1))), 'bulk', 'memory.copy'],
  ['memory.grow', (f, a) => f.do(grow(secret(a))), 'bulk', 'memory.grow'],
  ['a shift', (f, a) => f.set(f.local('i32'), raw(0x74, a, secret(a))), 'shift', 'i32.shl'],
  ['a rotation', (f, a) => f.set(f.local('i64'), raw(0x8a, secret64(a), secret64(a))), 'shift', 'i64.rotr'],
  ['a shift of lanes', (f, a) => f.set(f.local('v128'), rawShift(v128.load(a), secret(a))), 'shift', 'i8x16.shl'],
  ['select', (f, a) => f.set(f.local('i32'), select(a, i32.const(0), secret(a))), 'select', 'select'],
  ['a division of secrets', (f, a) => f.set(f.local('i32'), raw(0x6e, secret(a), a)), 'division', 'i32.div_u'],
  ['a division of public numbers', (f, a) => f.set(f.local('i32'), raw(0x6f, a, a)), 'division', 'i32.rem_s'],
  [
    'a remainder of 64 bits',
    (f, a) => f.set(f.local('i64'), raw(0x82, i64.extendU(a), i64.extendU(a))),
    'division',
    'i64.rem_u',
  ],
  ['any_true', (f, a) => f.if(v128.anyTrue(v128.load(a)), nothing), 'branch', 'if'],
  ['a lane', (f, a) => f.if(i32.wrap(v128.i64x2Extract(v128.load(a), 1)), nothing), 'branch', 'if'],
  [
    'through a variable, and back around a loop',
    (f, a) => {
      const [first, second, third] = [f.local('i32'), f.local('i32'), f.local('i32')];
      const i = f.local('i32');
      f.forUp(i, i32.const(0), a, 1, () => {
        f.if(third, nothing);
        f.set(third, second);
        f.set(second, first);
        f.set(first, secret(a));
      });
    },
    'branch',
    'if',
  ],
  [
    'from one arm of an if',
    (f, a) => {
      const x = f.local('i32');
      f.if(
        a,
        () => f.set(x, secret(a)),
        () => f.set(x, a),
      );
      f.if(x, nothing);
    },
    'branch',
    'if',
  ],
  [
    'from the other arm of an if',
    (f, a) => {
      const x = f.local('i32');
      f.if(
        a,
        () => f.set(x, a),
        () => f.set(x, secret(a)),
      );
      f.if(x, nothing);
    },
    'branch',
    'if',
  ],
  [
    'into a function',
    (f, a, module) => {
      const inner = internal(module, (g, x) => {
        g.if(x, nothing);
        g.result(x);
      });
      f.set(f.local('i32'), f.call(inner, a) as Expression<'i32'>);
      f.set(f.local('i32'), f.call(inner, secret(a)) as Expression<'i32'>);
    },
    'branch',
    'if',
  ],
  [
    'out of a function',
    (f, a, module) => {
      const inner = internal(module, (g, x) => g.result(i32.load(x)));
      f.if(f.call(inner, a) as Expression<'i32'>, nothing);
    },
    'branch',
    'if',
  ],
])('finds a leak: %s', (_name, build, leak, instruction) => {
  expect(auditOf(build).findings).toEqual([expect.objectContaining({ leak, instruction })]);
});

test.each<[string, Build]>([
  ['arithmetic on secrets', (f, a) => f.do(i64.store(a, 8, i64.mul(secret64(a), i64.load(a, 16))))],
  ['shifts by known counts', (f, a) => f.do(i32.store(a, 0, i32.rotl(secret(a), 7)))],
  ['a mask from a comparison', (f, a) => f.do(i32.store(a, 0, i32.sub(i32.const(0), i32.eqz(secret(a)))))],
  ['bitselect', (f, a) => f.do(v128.store(a, 0, v128.bitselect(v128.load(a), v128.load(a, 16), v128.load(a, 32))))],
  ['swizzle', (f, a) => f.do(v128.store(a, 0, v128.i8x16Swizzle(v128.load(a), v128.load(a, 16))))],
  [
    'loops over public counts',
    (f, a) => f.forUp(f.local('i32'), i32.const(0), a, 1, () => f.do(i32.store(a, 0, secret(a)))),
  ],
  ['select by a public condition', (f, a) => f.do(i32.store(a, 0, select(secret(a), a, a)))],
  ['zeroing', (f, a) => f.do(zero(a, i32.const(64)))],
  [
    'a variable that held a secret before',
    (f, a) => {
      const x = f.let(secret(a));
      f.set(x, a);
      f.if(x, nothing);
    },
  ],
  [
    'a function with public arguments here and secret ones there',
    (f, a, module) => {
      const inner = internal(module, (g, x) => g.result(i32.add(x, i32.const(1))));
      f.if(f.call(inner, a) as Expression<'i32'>, nothing);
      f.do(i32.store(a, 0, f.call(inner, secret(a)) as Expression<'i32'>));
    },
  ],
])('lets pass: %s', (_name, build) => {
  expect(auditOf(build).findings).toEqual([]);
});

describe('declassify', () => {
  const leaky: Build = (f, a, module) => {
    const declassify: FunctionReference = module.function('declassify', ['i32'], ['i32'], (g, x) => g.result(x));
    f.if(f.call(declassify, secret(a)) as Expression<'i32'>, nothing);
    f.if(f.call(declassify, i32.eqz(secret(a))) as Expression<'i32'>, nothing);
  };

  test('makes its argument public and is counted', () => {
    const { findings, declassified } = auditOf(leaky);
    expect(findings).toEqual([]);
    expect([...declassified]).toEqual([['run', 2]]);
  });

  test('is nobody else', () => {
    const other: Build = (f, a, module) => {
      const same = module.function('declassifyNot', ['i32'], ['i32'], (g, x) => g.result(x));
      f.if(f.call(same, secret(a)) as Expression<'i32'>, nothing);
    };
    expect(auditOf(other).findings).toHaveLength(1);
  });
});

test('memory is public to exports on public data, and to nobody else', () => {
  const module = new ModuleBuilder();
  const inner = module.function('inner', ['i32'], [], (f, a) => f.if(i32.load(a), nothing));
  module.exported('verify', ['i32'], [], (f, a) => f.run(inner, a));
  const { bytes, functionNames } = module.finish();
  expect(audit(bytes, { functionNames, publicExports: ['verify'] }).findings).toEqual([]);

  module.exported('sign', ['i32'], [], (f, a) => f.run(inner, a));
  const both = module.finish();
  expect(audit(both.bytes, { functionNames: both.functionNames, publicExports: ['verify'] }).findings).toEqual([
    {
      function: 'inner',
      offset: expect.any(Number),
      instruction: 'if',
      leak: 'branch',
      secret: expect.stringContaining('i32.load'),
    },
  ]);
  expect(() => audit(bytes, { functionNames, publicExports: ['check'] })).toThrow('no export check');
});

test('finds a secret that an export returns', () => {
  const module = new ModuleBuilder();
  const inner = internal(module, (f, x) => f.result(i32.eqz(i32.load(x))));
  module.exported('isZero', ['i32'], ['i32'], (f, a) => f.result(f.call(inner, a)));
  module.exported('address', ['i32'], ['i32'], (f, a) => f.result(a));
  const { bytes, functionNames } = module.finish();
  expect(audit(bytes, { functionNames }).findings).toEqual([
    expect.objectContaining({ function: 'isZero', leak: 'result', secret: 'the result of inner' }),
  ]);
});

test('finds every leak of a function', () => {
  const both: Build = (f, a) => {
    f.if(secret(a), nothing);
    f.if(secret(a), nothing);
  };
  expect(auditOf(both).findings).toHaveLength(2);
});

test('names functions that nothing calls', () => {
  const module = new ModuleBuilder();
  module.function('forgotten', [], [], nothing);
  module.exported('run', [], [], nothing);
  const { bytes, functionNames } = module.finish();
  expect(audit(bytes, { functionNames }).unreached).toEqual(['forgotten']);
});

test('refuses recursion', () => {
  const module = new ModuleBuilder();
  module.exported('run', [], [], (f) => f.do({ effect: [0x10, 0] }));
  const { bytes, functionNames } = module.finish();
  expect(() => audit(bytes, { functionNames })).toThrow('a recursive call of run');
});

test.each<[string, number[], string]>([
  ['a floating-point instruction', [0x43, 0, 0, 0, 0, 0x1a], 'opcode 0x43'],
  ['an atomic instruction', [0xfe, 3, 0], 'opcode 0xfe'],
  ['an indirect call', [0x11, 0, 0], 'opcode 0x11'],
  ['a global', [0x23, 0, 0x1a], 'opcode 0x23'],
  ['an unknown vector instruction', [0xfd, 0xff, 0x01], 'opcode 0xfd 0xff'],
])('refuses what it does not know: %s', (_name, code, message) => {
  expect(() => auditOf((f) => f.do({ effect: code }))).toThrow();
  const module = new ModuleBuilder();
  module.exported('run', [], [], (f) => f.do({ effect: code }));
  const { bytes, functionNames } = module.finish();
  expect(() => audit(bytes, { functionNames })).toThrow(message);
});

test('refuses every truncation of a module', () => {
  const module = new ModuleBuilder();
  module.data(Uint8Array.of(1, 2, 3));
  module.exported('run', ['i32'], [], (f, a) => f.do(i32.store(a, 0, a)));
  const { bytes, functionNames } = module.finish();
  const boundaries = new Set<number>();
  for (let length = 0; length < bytes.length; length++)
    try {
      audit(bytes.subarray(0, length), { functionNames });
      boundaries.add(length);
    } catch (error) {
      expect(error).toMatchObject({ name: 'AuditError' });
    }
  // Only where a section ends and none of the following is needed for what was declared.
  expect([...boundaries].every((length) => length < 20 || length > bytes.length - 20)).toBe(true);
});
