/** Whole seconds since 1970-01-01T00:00:00Z. The only time type below the edges. */
export type Seconds = number;

/** 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z: what a GeneralizedTime can say. */
const FIRST_SECOND = -62_167_219_200;
const LAST_SECOND = 253_402_300_799;
/** UTCTime says 1950 to 2049 (RFC 5280 §4.1.2.5.1). */
const FIRST_UTC_TIME = -631_152_000;
const LAST_UTC_TIME = 2_524_607_999;

/** Days from 1970-01-01 to a proleptic Gregorian date; months from 1. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Two decimal digits at `at`, or -1. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]! - 0x30;
  const ones = bytes[at + 1]! - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

/**
 * Reads `YYMMDDHHMMSSZ` (13 octets) or `YYYYMMDDHHMMSSZ` (15 octets), the only forms of RFC 5280 §4.1.2.5.
 * @returns `undefined` for any other form and for days and hours that do not exist, leap seconds among them.
 */
export function decodeTime(bytes: Uint8Array, start: number, end: number): Seconds | undefined {
  const wide = end - start === 15;
  if ((!wide && end - start !== 13) || bytes[end - 1] !== 0x5a) return undefined;
  const century = wide ? twoDigits(bytes, start) : 0;
  const at = wide ? start + 2 : start;
  const yearOfCentury = twoDigits(bytes, at);
  const month = twoDigits(bytes, at + 2);
  const day = twoDigits(bytes, at + 4);
  const hour = twoDigits(bytes, at + 6);
  const minute = twoDigits(bytes, at + 8);
  const second = twoDigits(bytes, at + 10);
  if (century < 0 || yearOfCentury < 0 || month < 1 || month > 12 || day < 1) return undefined;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return undefined;
  const year = wide ? century * 100 + yearOfCentury : yearOfCentury + (yearOfCentury >= 50 ? 1900 : 2000);
  if (day > daysInMonth(year, month)) return undefined;
  return daysFromCivil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
}

/** Whether a moment is written as UTCTime in certificates: 1950 to 2049. */
export const fitsUtcTime = (value: Seconds): boolean => value >= FIRST_UTC_TIME && value <= LAST_UTC_TIME;

/**
 * Writes `YYMMDDHHMMSSZ`, or with four digits of the year when `wide`.
 * @throws RangeError when the value is no whole second of the years 0000 to 9999.
 */
export function encodeTime(value: Seconds, wide: boolean): readonly number[] {
  if (!Number.isSafeInteger(value) || value < FIRST_SECOND || value > LAST_SECOND)
    throw new RangeError(`Cannot encode Time: not a whole second of the years 0000 to 9999: ${value}`);
  const days = Math.floor(value / 86_400);
  const rest = value - days * 86_400;
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const octets: number[] = [];
  if (wide) pushTwoDigits(octets, Math.floor(year / 100));
  pushTwoDigits(octets, year % 100);
  pushTwoDigits(octets, month);
  pushTwoDigits(octets, day);
  pushTwoDigits(octets, Math.floor(rest / 3600));
  pushTwoDigits(octets, Math.floor(rest / 60) % 60);
  pushTwoDigits(octets, rest % 60);
  octets.push(0x5a);
  return octets;
}

function pushTwoDigits(octets: number[], value: number): void {
  octets.push(0x30 + Math.floor(value / 10), 0x30 + (value % 10));
}

/** What stands where a time should, for messages: at most 24 octets, with a question mark for what cannot be printed. */
export function shownTime(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (const octet of bytes.subarray(start, Math.min(end, start + 24)))
    text += octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '?';
  return text;
}

/** Units of a duration, the largest first. */
const UNITS: readonly (readonly [unit: string, size: Seconds])[] = [
  ['d', 86_400],
  ['h', 3600],
  ['m', 60],
  ['s', 1],
];

/** A duration for people, in its two largest units as Kubernetes writes them: `1h30m`, `23h59m`, `7d`, `0s`. */
export function formatDuration(seconds: Seconds): string {
  if (seconds < 0) return `-${formatDuration(-seconds)}`;
  const parts: string[] = [];
  let rest = Math.floor(seconds);
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
  }
  return parts.slice(0, 2).join('') || '0s';
}
