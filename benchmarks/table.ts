import type { LeftOut, Report, ReportedCase } from './report.js';

/** The report as a person reads it: one line an implementation, its ratio last. */
export function table({ suite, node, cpu, date, cases, ratios, leftOut = [] }: Report): string {
  const head = ['case', 'implementation', 'median', 'low', 'high', 'p99', 'Mayfly is'];
  const rows = cases.map((one) => {
    const ratio = ratios.find(({ name, peer }) => name === one.name && peer === one.impl)?.ratio;
    return [one.name, one.impl, ...figures(one), verdict(one, ratio)];
  });
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column >= 2 && column <= 5 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [`${suite}: Node ${node}, ${cpu}, ${date}`, '', line(head), ...rows.map(line), ...leftOut.map(missing)].join(
    '\n',
  );
}

/** Median, its interval and 99th percentile; empty where there is none. */
export function figures(one: ReportedCase): readonly [median: string, low: string, high: string, p99: string] {
  if ('bytes' in one) return [octets(one.bytes), '', '', ''];
  const { medianNs, medianLowNs, medianHighNs, p99Ns } = one;
  const low = medianLowNs === undefined ? '' : duration(medianLowNs);
  const high = medianHighNs === undefined ? '' : duration(medianHighNs);
  return [duration(medianNs), low, high, duration(p99Ns)];
}

/** How Mayfly compares with one implementation, and what else is known of it. */
export function verdict(one: ReportedCase, ratio: number | undefined): string {
  const heap = 'bytes' in one ? undefined : one.heapBytesPerEntry;
  const comparison = ratio === undefined ? [] : [`${times(ratio)} as ${'bytes' in one ? 'small' : 'fast'}`];
  return [...comparison, ...(heap === undefined ? [] : [`${Math.round(heap)} B of heap an entry`])].join(', ');
}

/** `12 x`, with two digits behind the point below 10. */
export const times = (ratio: number): string => `${ratio < 10 ? ratio.toFixed(2) : Math.round(ratio)} x`;

export const missing = ({ name, impl, reason }: LeftOut): string => `${name} leaves out ${impl}: ${reason}`;

/** Nanoseconds in the unit that leaves one to four digits before the point. */
export function duration(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${Math.round(nanoseconds)} ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toFixed(2)} µs`;
  if (nanoseconds < 1e9) return `${(nanoseconds / 1e6).toFixed(2)} ms`;
  return `${(nanoseconds / 1e9).toFixed(2)} s`;
}

/** Octets, from 10,000 on in kibibytes. */
export const octets = (count: number): string => (count < 10_000 ? `${count} B` : `${(count / 1024).toFixed(1)} KiB`);
