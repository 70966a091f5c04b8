import type { Contender, RemoteContender } from './measure.js';
import type { Outcome } from './report.js';
import type { Measure } from './suites.js';

/** A contender, or why it cannot take part here. */
export type Part = Contender | RemoteContender | { readonly impl: string; readonly reason: string };

/** Makes a contender; where that fails, or there is nothing to make it of, the reason is its part. */
export function part<T>(impl: string, from: T | string, make: (from: T) => Contender | RemoteContender): Part {
  if (typeof from === 'string') return { impl, reason: from };
  try {
    return make(from);
  } catch (error) {
    return { impl, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Times those that can take part, and says who cannot. */
export async function measureParts(
  measure: Measure,
  name: string,
  parts: readonly Part[],
  slotTime?: number,
): Promise<readonly Outcome[]> {
  const contenders = parts.flatMap((each) => ('reason' in each ? [] : [each]));
  const leftOut = parts.flatMap((each) => ('reason' in each ? [{ name, ...each }] : []));
  return [...(await measure({ name, contenders, ...(slotTime !== undefined && { slotTime }) })), ...leftOut];
}
