/** Values handed from whoever pushes to one consumer, in order; whoever pushes sees to a bound. */
export interface Queue<T> extends AsyncIterable<T> {
  /** Values that wait. */
  readonly length: number;
  push(value: T): void;
  /** The consumer gets what is queued, then the end, or the error. Pushing afterwards does nothing. */
  close(error?: unknown): void;
}

/**
 * Makes a queue. Leaving the iteration early closes it.
 * @param onClose - Called once, however the queue ends.
 */
export function createQueue<T>(onClose: () => void = () => {}): Queue<T> {
  const values: T[] = [];
  let ending: { readonly error?: unknown } | undefined;
  let wake: (() => void) | undefined;
  const close = (error?: unknown): void => {
    if (ending !== undefined) return;
    ending = error === undefined ? {} : { error };
    onClose();
    wake?.();
  };
  return {
    get length() {
      return values.length;
    },
    push(value) {
      if (ending !== undefined) return;
      values.push(value);
      wake?.();
    },
    close,
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          // In batches: shifting one by one from a long array costs its length each time.
          for (const value of values.splice(0)) yield value;
          if (values.length > 0) continue;
          if (ending !== undefined) {
            if ('error' in ending) throw ending.error;
            return;
          }
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
          wake = undefined;
        }
      } finally {
        close();
      }
    },
  };
}
