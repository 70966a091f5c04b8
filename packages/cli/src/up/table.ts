import { formatDuration, type Seconds } from '@mayfly/der';
import type { Status } from './run-up.js';
import type { SourceStatus } from './source-runner.js';

const COLUMNS = ['POD', 'SIGNER', 'SERIAL', 'AGE', 'REFRESH IN', 'EXPIRES IN', 'LAST EVENT'] as const;
/** Characters of a serial number that are shown. */
const SERIAL_LENGTH = 10;
/** Rows shown at most; a terminal shows no more. */
const MAX_ROWS = 40;

/** The table as lines no wider than `width`, and a line below it that sums up. */
export function renderTable({ now, sources, health, summary }: Status, width: number): readonly string[] {
  const volumes = new Map<string, number>();
  for (const { pod } of sources) volumes.set(pod, (volumes.get(pod) ?? 0) + 1);
  const rows = sources.slice(0, MAX_ROWS).map((source) => row(source, now, volumes.get(source.pod)! > 1));
  const widths = COLUMNS.map((title, i) => Math.max(title.length, ...rows.map((cells) => cells[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, i) => (i === cells.length - 1 ? cell : cell.padEnd(widths[i]!))).join('  ');
  const { tally, rotations, overdue } = summary;
  return [
    line(COLUMNS),
    ...rows.map(line),
    ...(sources.length > MAX_ROWS ? [`... and ${sources.length - MAX_ROWS} more`] : []),
    '',
    `${health.ready ? 'ready' : 'not ready'}   rotations ${rotations}   overdue ${overdue}${tally === undefined ? '' : `   requests ${tally.requests}   failed ${tally.failed}`}`,
  ].map((text) => text.slice(0, width));
}

function row(
  { pod, volume, signerName, certificate, last }: SourceStatus,
  now: Seconds,
  severalVolumes: boolean,
): readonly string[] {
  const name = severalVolumes ? `${pod} (${volume})` : pod;
  if (certificate === undefined) return [name, signerName, '-', '-', '-', '-', last];
  const { serialNumber, since, refreshAt, notAfter } = certificate;
  return [
    name,
    signerName,
    serialNumber.toString(16).slice(0, SERIAL_LENGTH),
    formatDuration(now - since),
    refreshAt > now ? formatDuration(refreshAt - now) : 'now',
    notAfter >= now ? formatDuration(notAfter - now + 1) : 'expired',
    last,
  ];
}
