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

/** Chance that an interval of {@link medianInterval} misses, half of it on either side. */
const MISS = 0.05;

/**
 * Where the true median lies with 95 % confidence, whatever the distribution: between two of the samples, counted from either end
 * by the binomial distribution. Fewer than six samples are too few for that; what is returned then is their range.
 * @param samples - In any order; at least one.
 * @throws RangeError without samples.
 */
export function medianInterval(samples: readonly number[]): readonly [low: number, high: number] {
  if (samples.length === 0) throw new RangeError('Cannot take an interval: no samples');
  const sorted = Float64Array.from(samples).sort();
  const count = sorted.length;
  let rank = 0; // from 1, of the sample at the lower end
  let logTerm = count * Math.log(0.5); // of the chance that exactly `rank` samples lie below the median
  for (let below = Math.exp(logTerm); below <= MISS / 2; below += Math.exp(logTerm)) {
    logTerm += Math.log((count - rank) / (rank + 1));
    rank++;
  }
  const skipped = Math.max(0, rank - 1);
  return [sorted[skipped]!, sorted[count - 1 - skipped]!];
}

/** What a list of slots comes to. */
export interface Summary {
  /** Median of the medians of the slots, so that a slot counts once however many samples it holds. */
  readonly median: number;
  /** {@link medianInterval} of the medians of the slots; absent where there was only one slot. */
  readonly interval?: readonly [low: number, high: number];
  /** 99th percentile of all samples. */
  readonly p99: number;
}

/**
 * Sums up the slots of one implementation.
 * @param slots - Samples of each; none empty.
 * @throws RangeError without slots, or when one is empty.
 */
export function summarize(slots: readonly (readonly number[])[]): Summary {
  const medians = slots.map(median);
  return {
    median: median(medians),
    ...(medians.length > 1 && { interval: medianInterval(medians) }),
    p99: quantile(slots.flat(), 0.99),
  };
}
