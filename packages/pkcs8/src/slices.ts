/** How long one slice of work holds the event loop, in milliseconds. */
const SLICE = 4;

/** Cuts long work into slices, so that timers, sockets and signals have their turn in between. */
export interface Slices {
  /** Whether the slice is over; asking costs about a tenth of a microsecond. */
  readonly isOver: () => boolean;
  /** Lets everything else run. @throws The reason of the signal when it is aborted. */
  readonly pause: () => Promise<void>;
}

/** Begins a slice. */
export function beginSlices(signal: AbortSignal | undefined): Slices {
  let end = performance.now() + SLICE;
  return {
    isOver: () => performance.now() >= end,
    async pause() {
      await turn();
      signal?.throwIfAborted();
      end = performance.now() + SLICE;
    },
  };
}

/** One turn of the event loop. Timers would do everywhere, but browsers have them wait four milliseconds; workerd has no channels. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof MessageChannel === 'undefined') {
      setTimeout(resolve, 0);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    const received = (): void => {
      port1.close();
      resolve();
    };
    port1.addEventListener('message', received, { once: true });
    port1.start();
    port2.postMessage(undefined);
  });
