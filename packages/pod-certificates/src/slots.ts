/** Lets at most so many run at once; the others wait in the order in which they came. */
export interface Slots {
  /** Runs the work as soon as there is a slot. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** @throws RangeError unless `count` is a whole number above zero. */
export function createSlots(count: number): Slots {
  if (!Number.isSafeInteger(count) || count < 1)
    throw new RangeError(`Cannot run ${count} at once: need a whole number above zero`);
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    async run(work) {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next === undefined) free++;
        else next();
      }
    },
  };
}
