import type { CertificateStatus, StatusStep } from './snapshot.js';
import type { TimeSpan } from './time-scale.js';

/** How one certificate stands. */
export type Standing = 'good' | 'due' | 'requested' | 'trouble' | 'expired' | 'none';

/** What comes next for one certificate. */
export interface Next {
  readonly at: number;
  readonly what: 'refresh' | 'retry' | 'answer' | 'end';
}

/** The certificate in use. */
export const inUse = ({ held }: CertificateStatus): CertificateStatus['held'][number] | undefined => held.at(-1);

export function standingOf(row: CertificateStatus, now: number): Standing {
  const certificate = inUse(row);
  if (certificate !== undefined && certificate.notAfter < now) return 'expired';
  if (row.problem !== undefined && (certificate !== undefined || row.retryAt !== undefined)) return 'trouble';
  if (row.requestedAt !== undefined) return 'requested';
  if (certificate === undefined) return 'none';
  return certificate.refreshAt <= now ? 'due' : 'good';
}

export function nextOf(row: CertificateStatus, now: number): Next | undefined {
  const certificate = inUse(row);
  if (row.requestedAt !== undefined) return { at: now, what: 'answer' };
  if (row.retryAt !== undefined) return { at: row.retryAt, what: 'retry' };
  if (certificate === undefined) return undefined;
  return certificate.refreshAt > now
    ? { at: certificate.refreshAt, what: 'refresh' }
    : { at: certificate.notAfter, what: 'end' };
}

/** In which order certificates are listed. */
export type Order = 'next' | 'trouble' | 'name';

const GRAVITY: Readonly<Record<Standing, number>> = { expired: 0, trouble: 1, none: 2, due: 3, requested: 4, good: 5 };

/** Those in whose names or problem a text occurs, in an order. */
export function listed(
  certificates: Iterable<CertificateStatus>,
  { order, search, now }: { readonly order: Order; readonly search: string; readonly now: number },
): readonly CertificateStatus[] {
  const wanted = search.trim().toLowerCase();
  const found = [...certificates].filter(
    ({ pod, volume = '', signerName, problem = '' }) =>
      wanted === '' || `${pod}/${volume} ${signerName} ${problem}`.toLowerCase().includes(wanted),
  );
  if (order === 'name') return found.sort((a, b) => (a.pod < b.pod ? -1 : a.pod > b.pod ? 1 : 0));
  const keyed = found.map((row) => ({
    row,
    gravity: order === 'trouble' ? GRAVITY[standingOf(row, now)] : 0,
    at: nextOf(row, now)?.at ?? Number.POSITIVE_INFINITY,
  }));
  return keyed.sort((a, b) => a.gravity - b.gravity || a.at - b.at).map(({ row }) => row);
}

/** Counts of certificates: those that are valid, whatever else, and each by how it stands. */
export function tally(
  certificates: Iterable<CertificateStatus>,
  now: number,
): Readonly<Record<Standing | 'valid', number>> {
  const counts = { valid: 0, good: 0, due: 0, requested: 0, trouble: 0, expired: 0, none: 0 };
  for (const row of certificates) {
    counts[standingOf(row, now)]++;
    if ((inUse(row)?.notAfter ?? Number.NEGATIVE_INFINITY) >= now) counts.valid++;
  }
  return counts;
}

/**
 * What happens next: the steps of authorities, which have half the room however many pods there are, and refreshes by pod, or
 * together where one second has several.
 */
export function upcoming(
  certificates: Iterable<CertificateStatus>,
  steps: readonly StatusStep[],
  now: number,
  count: number,
): readonly StatusStep[] {
  const refreshes = new Map<number, { readonly pod: string; count: number }>();
  for (const row of certificates) {
    const next = nextOf(row, now);
    if (next === undefined || next.what === 'answer' || next.what === 'end') continue;
    const known = refreshes.get(next.at);
    if (known === undefined)
      refreshes.set(next.at, { pod: `${row.pod}${next.what === 'retry' ? ' (again)' : ''}`, count: 1 });
    else known.count++;
  }
  const together = [...refreshes].map(([at, { pod, count }]) => ({
    at,
    message: count === 1 ? `Refresh of ${pod}` : `${count} refreshes, of ${pod} and others`,
  }));
  const first = (all: readonly StatusStep[], most: number): readonly StatusStep[] =>
    all.toSorted((a, b) => a.at - b.at).slice(0, most);
  const ofAuthorities = first(steps, Math.ceil(count / 2));
  return first([...ofAuthorities, ...first(together, count - ofAuthorities.length)], count);
}

/** Columns of the plot: where each begins, how many certificates were issued in it, are to be refreshed, and end. */
export interface Activity {
  readonly starts: readonly number[];
  readonly issued: readonly number[];
  readonly refreshes: readonly number[];
}

export function activityIn(
  certificates: Iterable<CertificateStatus>,
  { from, to }: TimeSpan,
  columns: number,
  now: number,
): Activity {
  const width = (to - from) / columns;
  const [issued, refreshes] = [new Array<number>(columns).fill(0), new Array<number>(columns).fill(0)];
  const count = (into: number[], at: number): void => {
    const column = Math.floor((at - from) / width);
    if (column >= 0 && column < columns) into[column]!++;
  };
  for (const row of certificates) {
    for (const { notBefore } of row.held) count(issued, notBefore);
    const refreshAt = inUse(row)?.refreshAt;
    if (refreshAt !== undefined && refreshAt > now) count(refreshes, refreshAt);
  }
  return { starts: issued.map((_, column) => from + (column + 0.5) * width), issued, refreshes };
}
