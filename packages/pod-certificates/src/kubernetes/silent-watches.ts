/** The watches of a client, of which nobody knows whether they are quiet or their connections are half-open. */
export interface SilentWatches {
  /** A watch begins. */
  add(): WatchedWatch;
  /**
   * A request that was sent then, by `performance.now()`, had no answer. A watch that has said nothing since may be as dead: it is
   * ended, to be resumed on a connection of its own, but not more than once in half a minute.
   */
  doubt(sentAt: number): void;
}

export interface WatchedWatch {
  /** Aborted, with a `TimeoutError`, when it is doubted. */
  readonly signal: AbortSignal;
  hear(): void;
  end(): void;
}

/** Milliseconds between two doubts: a server that is slow is not to be asked for watches all the time. */
const PERIOD = 30_000;

export function createSilentWatches(now: () => number = () => performance.now()): SilentWatches {
  const watches = new Set<{ heardAt: number; readonly doubt: () => void }>();
  let doubtedAt = Number.NEGATIVE_INFINITY;
  return {
    add() {
      const controller = new AbortController();
      const doubt = (): void => controller.abort(new DOMException('nothing comes from the server', 'TimeoutError'));
      const watch = { heardAt: now(), doubt };
      watches.add(watch);
      return {
        signal: controller.signal,
        hear() {
          watch.heardAt = now();
        },
        end: () => void watches.delete(watch),
      };
    },
    doubt(sentAt) {
      if (now() < doubtedAt + PERIOD) return;
      for (const watch of watches) {
        if (watch.heardAt > sentAt) continue;
        doubtedAt = now();
        watch.doubt();
      }
    },
  };
}
