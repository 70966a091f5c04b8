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
