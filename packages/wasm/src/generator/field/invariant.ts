import { FunctionBuilder } from '../asm/function-builder.js';
import { boundsWithin, unionBounds } from './bounds.js';
import { OverflowError } from './interval.js';
import type { Register } from './pair-field.js';

/** How often bounds may grow before they are taken to grow for ever. */
const MOST_ROUNDS = 16;

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
      register.bounds = holds ? before[j]! : unionBounds(register.bounds, before[j]!);
    if (holds) return;
  }
  throw new OverflowError(`Overflow: bounds still grow after ${MOST_ROUNDS} rounds`);
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
    if (!boundsWithin(register.bounds, invariant[j]!))
      throw new OverflowError('Overflow: a round of a loop leaves the bounds that the next one starts from');
    register.bounds = invariant[j]!;
  }
}
