/** A part of time, in seconds since 1970. */
export interface TimeSpan {
  readonly from: number;
  readonly to: number;
}

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];

/** Lengths that a person may choose. */
export const spanLengths: readonly { readonly seconds: number; readonly title: string }[] = [
  { seconds: MINUTE, title: '1 minute' },
  { seconds: 5 * MINUTE, title: '5 minutes' },
  { seconds: 30 * MINUTE, title: '30 minutes' },
  { seconds: 2 * HOUR, title: '2 hours' },
  { seconds: 6 * HOUR, title: '6 hours' },
  { seconds: DAY, title: '1 day' },
  { seconds: 3 * DAY, title: '3 days' },
  { seconds: 14 * DAY, title: '2 weeks' },
  { seconds: 180 * DAY, title: '6 months' },
];

/** The shortest length in which two lifetimes in a row have room. */
export const lengthFor = (lifetime: number): number =>
  (spanLengths.find(({ seconds }) => seconds >= 2 * lifetime) ?? spanLengths.at(-1)!).seconds;

/** The part of time that is shown: a third of it has passed. */
export const spanAround = (now: number, length: number): TimeSpan => ({
  from: now - length / 3,
  to: now + (length * 2) / 3,
});

/** Where a moment lies, in percent of a span; moments outside lie at its ends. */
export const positionIn = ({ from, to }: TimeSpan, at: number): number =>
  (Math.min(Math.max(at, from), to) - from) * (100 / (to - from));

const STEPS = [
  ...[10, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE],
  ...[HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 30 * DAY],
];

/** Round local times within a span, at most `count`. */
export function ticksIn(
  { from, to }: TimeSpan,
  count: number,
): readonly { readonly at: number; readonly text: string }[] {
  const step = STEPS.find((seconds) => (to - from) / seconds <= count) ?? STEPS.at(-1)!;
  const offset = new Date(from * 1000).getTimezoneOffset() * 60;
  const ticks: { at: number; text: string }[] = [];
  for (let at = Math.ceil((from - offset) / step) * step + offset; at <= to; at += step)
    ticks.push({ at, text: step >= DAY ? dateText(at) : clockText(at, step < MINUTE) });
  return ticks;
}

const two = (number: number): string => String(number).padStart(2, '0');

/** The time of a local day, with seconds where they matter. */
function clockText(at: number, withSeconds = true): string {
  const date = new Date(at * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}${withSeconds ? `:${two(date.getSeconds())}` : ''}`;
}

function dateText(at: number): string {
  const date = new Date(at * 1000);
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** A local moment: its time, with the date where it is not today's. */
export const momentText = (at: number, now: number): string =>
  dateText(at) === dateText(now) ? clockText(at) : `${dateText(at)} ${clockText(at, false)}`;

/** A length of time in its two largest units. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [
    [Math.floor(whole / DAY), 'd'],
    [Math.floor((whole % DAY) / HOUR), 'h'],
    [Math.floor((whole % HOUR) / MINUTE), 'min'],
    [whole % MINUTE, 's'],
  ] as const;
  const first = parts.findIndex(([count]) => count > 0);
  if (first === -1) return '0 s';
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0);
  return shown.map(([count, unit]) => `${count} ${unit}`).join(' ');
}

/** How far a moment is from now. */
export const distanceText = (at: number, now: number): string =>
  Math.abs(at - now) < 1 ? 'now' : at > now ? `in ${durationText(at - now)}` : `${durationText(now - at)} ago`;
