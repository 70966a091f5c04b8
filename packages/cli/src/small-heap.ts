import { setFlagsFromString } from 'node:v8';

/** Percent by which the old generation of the heap grows before it is collected again. V8 takes up to 300 where it deems memory plentiful. */
const GROWTH = 30;

/**
 * Has V8 collect more often, for a command that runs for weeks beside others: what requests leave behind is let pile up otherwise, to
 * four times what is in use. For what it costs and saves see `benchmarks/results/cluster/signer.json`.
 */
export const keepHeapSmall = (): void => setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
