/** What Welch's test says of two sets of samples. */
export interface TestResult {
  /** Difference of the means over its standard error; positive where the first mean is greater. */
  readonly t: number;
  /** Which share of the fastest samples was looked at. */
  readonly share: number;
}

/** Shares of the samples that are looked at: what disturbs a machine shows in the slowest. */
const SHARES = [1, 0.999, 0.99, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.35, 0.2, 0.1] as const;

/** Fewer samples of a class than this tell nothing. */
const FEWEST = 100;

/** Welch's t of two sets of at least two samples. */
export function welch(a: readonly number[], b: readonly number[]): number {
  const [first, second] = [moments(a), moments(b)];
  const error = Math.sqrt(first.variance / a.length + second.variance / b.length);
  const difference = first.mean - second.mean;
  return error === 0 ? (difference === 0 ? 0 : Math.sign(difference) * Number.POSITIVE_INFINITY) : difference / error;
}

function moments(samples: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const squares = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0);
  return { mean, variance: squares / (samples.length - 1) };
}

/**
 * The largest t that two classes of times show, over all samples and over the fastest of both together, cut at the same time
 * for both (Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?", 2017).
 */
export function largestT(a: readonly number[], b: readonly number[]): TestResult {
  const sorted = Float64Array.from([...a, ...b]).sort();
  let largest: TestResult = { t: 0, share: 1 };
  for (const share of SHARES) {
    const limit = sorted[Math.ceil(share * sorted.length) - 1]!;
    const [first, second] = [a, b].map((samples) => samples.filter((sample) => sample <= limit)) as [
      number[],
      number[],
    ];
    if (Math.min(first.length, second.length) < FEWEST) continue;
    const t = welch(first, second);
    if (Math.abs(t) > Math.abs(largest.t)) largest = { t, share };
  }
  return largest;
}
