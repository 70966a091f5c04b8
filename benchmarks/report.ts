import type { Measurement } from './measure.js';

/** Our name among the implementations. */
export const OURS = 'mayfly';

/** What `--json` prints. Its members are an interface to others: adding is fine, changing is not. */
export interface Report {
  readonly suite: string;
  /** Version of Node, without `v`. */
  readonly node: string;
  readonly cpu: string;
  /** ISO 8601, UTC. */
  readonly date: string;
  /** Whether all cases were measured at length. */
  readonly effort: Effort;
  /** For example `2 cores, 24 GiB, linux x64`. */
  readonly machine: string;
  /** Of the implementations that took part, by their names. */
  readonly versions: Readonly<Record<string, string>>;
  readonly cases: readonly ReportedCase[];
  readonly ratios: readonly Ratio[];
  /** What could not be measured here, and why; absent where that is nothing. */
  readonly leftOut?: readonly LeftOut[];
}

/** How thoroughly a suite is measured: some cases in a few slots, or every case in as many as are asked for. */
export type Effort = 'quick' | 'full';

/** An implementation that is missing in a case, or a case as a whole. */
export interface LeftOut {
  readonly name: string;
  readonly impl: string;
  readonly reason: string;
}

/** One implementation in one case. */
export type ReportedCase = TimedCase | WeighedCase;

/** A case that is about time. */
export interface TimedCase {
  readonly name: string;
  readonly impl: string;
  /** Nanoseconds of one run. */
  readonly medianNs: number;
  /** The median lies between these with 95 % confidence; absent for what ran once. */
  readonly medianLowNs?: number;
  readonly medianHighNs?: number;
  readonly p99Ns: number;
  /** Memory that an entry takes, where the case is about holding many. */
  readonly heapBytesPerEntry?: number;
}

/** A case that is about octets: of a file, or of memory. */
export interface WeighedCase {
  readonly name: string;
  readonly impl: string;
  readonly bytes: number;
}

/** How a peer compares. */
export interface Ratio {
  /** Name of the case. */
  readonly name: string;
  readonly peer: string;
  /** The peer's time or octets over Mayfly's: above 1, Mayfly takes less. */
  readonly ratio: number;
}

/** Where, when and how something was measured. */
export type Circumstances = Pick<Report, 'node' | 'cpu' | 'date' | 'machine' | 'versions' | 'effort'>;

/** What a case came to for one implementation, with what only some cases know. */
export type Outcome = (Measurement & { readonly heapBytesPerEntry?: number }) | WeighedCase | LeftOut;

/** Puts the outcomes of a suite together and compares the peers of each case with Mayfly. */
export function report(suite: string, circumstances: Circumstances, all: readonly Outcome[]): Report {
  const leftOut = all.flatMap((outcome) => ('reason' in outcome ? [outcome] : []));
  const cases = all.flatMap((outcome) => ('reason' in outcome ? [] : [reported(outcome)]));
  const ratios = cases.flatMap((one): Ratio[] => {
    const ours = cases.find(({ name, impl }) => name === one.name && impl === OURS);
    const { name, impl: peer } = one;
    return peer === OURS || ours === undefined ? [] : [{ name, peer, ratio: rounded(amount(one) / amount(ours)) }];
  });
  const { node, cpu, date, effort, machine, versions } = circumstances;
  return {
    ...{ suite, node, cpu, date, effort, machine, versions, cases, ratios },
    ...(leftOut.length > 0 && { leftOut }),
  };
}

function reported(outcome: Exclude<Outcome, LeftOut>): ReportedCase {
  const { name, impl } = outcome;
  if ('bytes' in outcome) return { name, impl, bytes: Math.round(outcome.bytes) };
  const { median, interval, p99, heapBytesPerEntry } = outcome;
  return {
    ...{ name, impl, medianNs: rounded(median) },
    ...(interval && { medianLowNs: rounded(interval[0]), medianHighNs: rounded(interval[1]) }),
    p99Ns: rounded(p99),
    ...(heapBytesPerEntry !== undefined && { heapBytesPerEntry: rounded(heapBytesPerEntry) }),
  };
}

/** Nanoseconds or octets of a case: less is better. */
export const amount = (one: ReportedCase): number => ('bytes' in one ? one.bytes : one.medianNs);

/** Four significant digits say more than was measured. */
const rounded = (value: number): number => Number(value.toPrecision(4));
