import { measure, weighKernels } from './bundle.js';
import { kernelLimits, limits } from './limits.js';
import { firstLoad, pageLimits } from './pages.js';

// `npm run size` prints a table, with --json one JSON array; fails when a bundle is too large or holds what it must not.
const measurements = await Promise.all(limits.map(measure));
const whole = [
  ...kernelLimits.map((limit) => ({ entry: limit.name, gzip: weighKernels(limit), limit: limit.gzip })),
  ...pageLimits.map(({ page, gzip: limit }) => ({ entry: page, gzip: firstLoad(page), limit })),
];
if (process.argv.includes('--json')) console.log(JSON.stringify([...measurements, ...whole]));
else {
  const widest = Math.max(...measurements.map(({ entry }) => entry.length));
  console.log(`${'bundle'.padEnd(widest)}  minified      gzip     limit  bleeds`);
  for (const { entry, minified, gzip, limit, bleeds } of measurements)
    console.log(
      `${entry.padEnd(widest)} ${column(minified)} ${column(gzip)} ${column(limit)}  ${bleeds.join(', ') || '-'}`,
    );
  for (const { entry, gzip, limit } of whole)
    console.log(`${entry.padEnd(widest)} ${' '.repeat(9)} ${column(gzip)} ${column(limit)}`);
}
const isHeavy = whole.some(({ gzip, limit }) => gzip > limit);
process.exitCode =
  !isHeavy && measurements.every(({ gzip, limit, bleeds }) => gzip <= limit && bleeds.length === 0) ? 0 : 1;

function column(bytes: number): string {
  return String(bytes).padStart(9);
}
