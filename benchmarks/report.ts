import type { Measurement } from './measure.js';

/** Our name among the implementations. */
const OURS = 'mayfly';

/** What `--json` prints. Its members are an interface to others: adding is fine, changing is not. */
export interface Report {
  readonly suite: string;
  /** Version of Node, without `v`. */
  readonly node: string;
  readonly cpu: string;
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly cases: readonly ReportedCase[];
  readonly ratios: readonly Ratio[];
  /** What could not be measured here, and why; absent where that is nothing. */
  readonly leftOut?: readonly LeftOut[];
}

/** An implementation that is missing in a case, or a case as a whole. */
export interface LeftOut {
  readonly name: string;
  readonly impl: string;
  readonly reason: string;
}

/** One implementation in one case. */
export interface ReportedCase {
  readonly name: string;
  readonly impl: string;
  /** Nanoseconds of one run. */
  readonly medianNs: number;
  readonly p99Ns: number;
  /** Memory that an entry takes, where the case is about holding many. */
  readonly heapBytesPerEntry?: number;
}

/** How a peer compares. */
export interface Ratio {
  /** Name of the case. */
  readonly name: string;
  readonly peer: string;
  /** The peer's median over Mayfly's: above 1, Mayfly is faster. */
  readonly ratio: number;
}

/** Where and when something was measured. */
export type Circumstances = Pick<Report, 'node' | 'cpu' | 'date'>;

/** A measurement with what only some cases know. */
export type Outcome = (Measurement & { readonly heapBytesPerEntry?: number }) | LeftOut;

/** Puts the outcomes of a suite together and compares the peers of each case with Mayfly. */
export function report(suite: string, circumstances: Circumstances, all: readonly Outcome[]): Report {
  const leftOut = all.flatMap((outcome) => ('reason' in outcome ? [outcome] : []));
  const outcomes = all.flatMap((outcome) => ('reason' in outcome ? [] : [outcome]));
  const cases = outcomes.map(
    ({ name, impl, median, p99, heapBytesPerEntry }): ReportedCase => ({
      name,
      impl,
      medianNs: rounded(median),
      p99Ns: rounded(p99),
      ...(heapBytesPerEntry !== undefined && { heapBytesPerEntry: rounded(heapBytesPerEntry) }),
    }),
  );
  const ratios = outcomes.flatMap(({ name, impl, median }): Ratio[] => {
    const ours = outcomes.find((outcome) => outcome.name === name && outcome.impl === OURS);
    return impl === OURS || ours === undefined ? [] : [{ name, peer: impl, ratio: rounded(median / ours.median) }];
  });
  const { node, cpu, date } = circumstances;
  return { suite, node, cpu, date, cases, ratios, ...(leftOut.length > 0 && { leftOut }) };
}

/** Four significant digits say more than was measured. */
const rounded = (value: number): number => Number(value.toPrecision(4));

/** The report as a person reads it: one line an implementation, its ratio last. */
export function table({ suite, node, cpu, date, cases, ratios, leftOut = [] }: Report): string {
  const head = ['case', 'implementation', 'median', 'p99', 'Mayfly is'];
  const rows = cases.map(({ name, impl, medianNs, p99Ns, heapBytesPerEntry }) => {
    const ratio = ratios.find((candidate) => candidate.name === name && candidate.peer === impl)?.ratio;
    const remark = heapBytesPerEntry === undefined ? '' : `${Math.round(heapBytesPerEntry)} B of heap an entry`;
    return [name, impl, duration(medianNs), duration(p99Ns), ratio === undefined ? remark : comparison(ratio, remark)];
  });
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === 2 || column === 3 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [`${suite}: Node ${node}, ${cpu}, ${date}`, '', line(head), ...rows.map(line), ...leftOut.map(missing)].join(
    '\n',
  );
}

const missing = ({ name, impl, reason }: LeftOut): string => `${name} leaves out ${impl}: ${reason}`;

const comparison = (ratio: number, remark: string): string =>
  `${ratio < 10 ? ratio.toFixed(2) : Math.round(ratio)} x as fast${remark && `, ${remark}`}`;

/** Nanoseconds in the unit that leaves one to four digits before the point. */
export function duration(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${Math.round(nanoseconds)} ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toFixed(2)} µs`;
  return `${(nanoseconds / 1e6).toFixed(2)} ms`;
}
