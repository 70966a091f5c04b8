/**
 * The value below which a share of the samples lies, interpolated between the two nearest.
 * @param samples - In any order; at least one.
 * @param share - In [0, 1].
 * @throws RangeError without samples, or for a share outside.
 */
export function quantile(samples: readonly number[], share: number): number {
  if (samples.length === 0) throw new RangeError('Cannot take a quantile: no samples');
  if (!(share >= 0 && share <= 1)) throw new RangeError(`Cannot take a quantile: share ${share} is not in [0, 1]`);
  const sorted = Float64Array.from(samples).sort();
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const lower = sorted[below]!;
  const upper = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return lower + (upper - lower) * (at - below);
}

/** Half of the samples lie below. */
export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/** What a list of slots comes to. */
export interface Summary {
  /** Median of the medians of the slots, so that a slot counts once however many samples it holds. */
  readonly median: number;
  /** 99th percentile of all samples. */
  readonly p99: number;
}

/**
 * Sums up the slots of one implementation.
 * @param slots - Samples of each; none empty.
 * @throws RangeError without slots, or when one is empty.
 */
export const summarize = (slots: readonly (readonly number[])[]): Summary => ({
  median: median(slots.map(median)),
  p99: quantile(slots.flat(), 0.99),
});
