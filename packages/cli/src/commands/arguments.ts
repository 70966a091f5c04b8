import type { Seconds } from '@mayfly/der';
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../duration.js';

/** Reads a duration for commander. */
export function durationArgument(text: string): Seconds {
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new InvalidArgumentError('Write a duration such as 90s, 2m, 1h30m or 7d.');
  return seconds;
}
