import type { Seconds } from '@mayfly/der';
import { RotationError } from '../errors.js';
import { Schedule, type ScheduleEntry } from './schedule.js';

/** Every planned moment as plain JSON, so that a restart finds the same draws. */
export interface ScheduleSnapshot {
  readonly version: 1;
  /** The clock when this was taken. */
  readonly takenAt: Seconds;
  readonly entries: readonly (readonly [key: string, due: Seconds, deadline?: Seconds])[];
}

/** Makes a snapshot of entries. */
export function snapshotOf(entries: Iterable<ScheduleEntry>, takenAt: Seconds): ScheduleSnapshot {
  const rows: (readonly [string, Seconds, Seconds?])[] = [];
  for (const { key, due, deadline } of entries) rows.push(deadline === undefined ? [key, due] : [key, due, deadline]);
  return { version: 1, takenAt, entries: rows };
}

/**
 * Makes a schedule of a snapshot, as `JSON.parse` returns it.
 * @throws {@link RotationError} `ERR_ROTATION_SNAPSHOT` with the place of what is wrong.
 */
export function restoreSchedule(snapshot: unknown): Schedule {
  const { version, entries } = (
    typeof snapshot === 'object' && snapshot !== null ? snapshot : {}
  ) as Partial<ScheduleSnapshot>; // every member is checked below
  if (version !== 1) throw broken('version', 'expected 1');
  if (!Array.isArray(entries)) throw broken('entries', 'expected an array');
  const schedule = new Schedule();
  entries.forEach((row: unknown, i) => {
    if (!Array.isArray(row)) throw broken(`entries[${i}]`, 'expected an array');
    const [key, due, deadline]: unknown[] = row;
    if (typeof key !== 'string') throw broken(`entries[${i}][0]`, 'expected a key');
    if (!isSecond(due)) throw broken(`entries[${i}][1]`, 'expected a whole second');
    if (deadline !== undefined && !isSecond(deadline)) throw broken(`entries[${i}][2]`, 'expected a whole second');
    if (schedule.get(key) !== undefined) throw broken(`entries[${i}][0]`, 'the key is there twice');
    schedule.set(key, due, deadline);
  });
  return schedule;
}

const isSecond = (value: unknown): value is Seconds => Number.isSafeInteger(value);

const broken = (place: string, state: string): RotationError =>
  new RotationError('ERR_ROTATION_SNAPSHOT', `Cannot read the schedule at ${place}: ${state}`);
