import type { Seconds } from '@mayfly/der';

const UNITS: Readonly<Record<string, Seconds>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const DURATION = /^(?:\d+[dhms])+$/;

/** Seconds of a duration as Kubernetes and Go write it, `90s`, `2m`, `1h30m`, `7d`; `undefined` for anything else. */
export function parseDuration(text: string): Seconds | undefined {
  if (!DURATION.test(text) || text.length > 20) return undefined;
  let seconds = 0;
  for (const [, digits, unit] of text.matchAll(/(\d+)([dhms])/g)) seconds += Number(digits) * UNITS[unit!]!;
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}

/** A duration in its two largest units, `1h30m`; the other way round from {@link parseDuration}. */
export function formatDuration(seconds: Seconds): string {
  if (seconds < 0) return `-${formatDuration(-seconds)}`;
  const parts: string[] = [];
  let rest = Math.floor(seconds);
  for (const [unit, size] of Object.entries(UNITS).reverse()) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join('') || '0s';
}
