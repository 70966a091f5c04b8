import { octetsFrom, randomFrom } from './random.js';
import { largestT, type TestResult } from './statistics.js';

/** Something whose time must not depend on a secret. */
export interface Subject {
  readonly name: string;
  /** Octets of the secret. */
  readonly secretLength: number;
  /** The secret that one class of calls has; the other has random ones. Default: all zero but the last octet, which is 1. */
  readonly fixed?: Uint8Array;
  /** Brings the secret to where `run` finds it. Not timed. */
  readonly prepare: (secret: Uint8Array) => void;
  readonly run: () => void;
}

export interface MeasureOptions {
  /** Calls that are timed, of both classes together. */
  readonly count: number;
  readonly seed: number;
}

export interface Verdict extends TestResult {
  readonly name: string;
  /** Timed calls of either class. */
  readonly counts: readonly [fixed: number, random: number];
  /** Median time of a call, in nanoseconds. */
  readonly medianNs: number;
}

/** Calls before anything counts: the engine compiles again what it finds busy. */
const WARM_UP = 2_000;

/**
 * Times calls with a fixed secret and with random ones, in random order. Every secret is made beforehand and is copied from a
 * place of its own, so that nothing but its value tells the classes apart.
 */
export function measure(
  { name, secretLength, fixed, prepare, run }: Subject,
  { count, seed }: MeasureOptions,
): Verdict {
  const random = randomFrom(seed);
  const constant = fixed ?? Uint8Array.from({ length: secretLength }, (_, i) => (i === secretLength - 1 ? 1 : 0));
  const calls = Array.from({ length: WARM_UP + count }, () => {
    const isFixed = random() < 0.5;
    const drawn = octetsFrom(random, secretLength);
    return { isFixed, secret: isFixed ? Uint8Array.from(constant) : drawn };
  });
  const times: { readonly fixed: number[]; readonly random: number[] } = { fixed: [], random: [] };
  for (const [i, { isFixed, secret }] of calls.entries()) {
    prepare(secret);
    const start = process.hrtime.bigint();
    run();
    const elapsed = Number(process.hrtime.bigint() - start);
    if (i >= WARM_UP) (isFixed ? times.fixed : times.random).push(elapsed);
  }
  const sorted = Float64Array.from([...times.fixed, ...times.random]).sort();
  return {
    name,
    ...largestT(times.fixed, times.random),
    counts: [times.fixed.length, times.random.length],
    medianNs: sorted[sorted.length >> 1]!,
  };
}
