import { FunctionBuilder } from '../asm/function-builder.js';
import { type Bounds, boundsWithin, unionBounds } from './bounds.js';
import { type Interval, OverflowError } from './interval.js';
import type { Register } from './pair-field.js';

/** How often bounds may grow before they are taken to grow for ever. */
const MOST_ROUNDS = 16;

/** Which part of their range bounds are widened by. */
const WIDENING = 64n;

/**
 * Widens the bounds of registers that a loop changes until one more round keeps within them.
 * @param round - Emits one round. It is emitted for its bounds alone, nothing of it is kept.
 * @throws {@link OverflowError} when there are no such bounds.
 */
export function findInvariant(registers: readonly Register[], round: (f: FunctionBuilder) => void): void {
  for (let i = 0; i < MOST_ROUNDS; i++) {
    const before = registers.map(({ bounds }) => bounds);
    round(new FunctionBuilder([]));
    const holds = registers.every(({ bounds }, j) => boundsWithin(bounds, before[j]!));
    for (const [j, register] of registers.entries())
      register.bounds = holds ? before[j]! : widened(unionBounds(register.bounds, before[j]!));
    if (holds) return;
  }
  throw new OverflowError(`Overflow: bounds still grow after ${MOST_ROUNDS} rounds`);
}

/** Bounds draw near to their limit in ever smaller steps: a step beyond it ends that. */
function widened({ limbs, value }: Bounds): Bounds {
  const beyond = ({ low, high }: Interval): Interval => {
    const step = (high - low) / WIDENING;
    return { low: low - step, high: high + step };
  };
  return { limbs: [...limbs.slice(0, -1), beyond(limbs.at(-1)!)], value: beyond(value) };
}

/**
 * Emits one round of a loop whose registers have the bounds that {@link findInvariant} found, and checks that it keeps
 * within them.
 * @throws {@link OverflowError} when it does not.
 */
export function emitRound(registers: readonly Register[], round: () => void): void {
  const invariant = registers.map(({ bounds }) => bounds);
  round();
  for (const [j, register] of registers.entries()) {
    requireWithin(register.bounds, invariant[j]!);
    register.bounds = invariant[j]!;
  }
}

/** @throws {@link OverflowError} when something that fits the first bounds does not fit the second. */
export function requireWithin(found: Bounds, allowed: Bounds): void {
  if (!boundsWithin(found, allowed))
    throw new OverflowError('Overflow: an element has other bounds than its use is proven for');
}
