import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Figures of one suite. */
export interface Figures {
  readonly suite: string;
  readonly cases: readonly {
    readonly name: string;
    readonly impl: string;
    readonly medianNs: number;
    readonly p99Ns: number;
  }[];
  readonly [figure: string]: unknown;
}

/** Says what was measured, and writes it to `benchmarks/results/cluster` where `--save` was given. */
export function report({ suite, ...figures }: Figures): void {
  const [cpu] = cpus();
  const circumstances = { node: process.versions.node, cpu: cpu?.model ?? '', date: new Date().toISOString() };
  const text = `${JSON.stringify({ suite, ...circumstances, ...figures }, null, 2)}\n`;
  console.log(text);
  if (process.env['MAYFLY_SAVE'] === undefined) return;
  writeFileSync(fileURLToPath(new URL(`../../benchmarks/results/cluster/${suite}.json`, import.meta.url)), text);
}

/** The value below which so much of what was measured lies. */
export function quantile(sorted: readonly number[], share: number): number {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  if (value === undefined) throw new RangeError('Cannot tell a quantile: nothing was measured');
  return value;
}
