import { type Expression, type I32, i32, i64 } from '../asm/expression.js';
import { ModuleBuilder } from '../asm/module-builder.js';
import { instantiate } from '../instance.js';
import type { Subject } from './measure.js';

/** Octets that are compared, and of the secret. */
const LENGTH = 32;

/** Octets of the table that secrets are looked up in: more than the first caches hold. */
const TABLE = 1 << 22;

/** One call is too short to be timed alone. */
const REPETITIONS = 32;

/**
 * Code with known leaks, made by the same emitter and run by the same engine as the kernels, and its counterpart without:
 * what tells whether this machine, in its present state, shows a leak at all.
 */
export function plantedSubjects(): { readonly leaky: readonly Subject[]; readonly tight: readonly Subject[] } {
  const module = new ModuleBuilder();
  const [secret, reference] = [module.allocate(LENGTH), module.allocate(LENGTH)];
  const result = module.allocate(8);
  const table = module.allocate(TABLE);
  const repeat = (name: string, once: (f: Parameters<Parameters<typeof module.exported>[3]>[0]) => Expression<'i64'>) =>
    module.exported(name, [], [], (f) => {
      const sum = f.let(i64.const(0));
      f.forUp(f.local('i32'), i32.const(0), i32.const(REPETITIONS), 1, () => f.set(sum, i64.add(sum, once(f))));
      f.do(i64.store(i32.const(result), 0, sum));
    });
  const octet = (address: number, index: I32) => i32.load8U(i32.add(i32.const(address), index));

  // Ends at the first octet that differs.
  repeat('compareEarly', (f) => {
    const index = f.let(i32.const(-1));
    f.repeatWhile(() => {
      f.set(index, i32.add(index, i32.const(1)));
      return i32.and(i32.ltS(index, i32.const(LENGTH - 1)), i32.eq(octet(secret, index), octet(reference, index)));
    });
    return i64.extendU(index);
  });
  repeat('compareAll', (f) => {
    const [index, difference] = [f.local('i32'), f.let(i32.const(0))];
    f.forUp(index, i32.const(0), i32.const(LENGTH), 1, () =>
      f.set(difference, i32.or(difference, i32.xor(octet(secret, index), octet(reference, index)))),
    );
    return i64.extendU(difference);
  });
  // Reads where the secret says: the same places again for the same secret, others for another.
  repeat('lookUp', (f) => {
    const [index, sum] = [f.local('i32'), f.let(i64.const(0))];
    f.forUp(index, i32.const(0), i32.const(LENGTH), 2, () => {
      const place = i32.shl(i32.load16U(i32.add(i32.const(secret), index)), 6);
      f.set(sum, i64.add(sum, i64.load(i32.add(i32.const(table), place))));
    });
    return sum;
  });
  const { functions, memory } = instantiate(module.finish());
  const subject = (name: string): Subject => ({
    name,
    secretLength: LENGTH,
    prepare: (octets) => memory.set(octets, secret),
    run: () => functions[name]!(),
  });
  return { leaky: [subject('compareEarly'), subject('lookUp')], tight: [subject('compareAll')] };
}
