import { describe, expect, test } from 'vitest';
import { contender } from './measure.js';
import { measureParts, part } from './parts.js';
import type { Measure } from './suites.js';

describe('parts', () => {
  const made = contender(
    'mayfly',
    () => 1,
    () => {},
  );
  const timed: Measure = async ({ name, contenders }) =>
    contenders.map(({ impl }) => ({ name, impl, median: 1, p99: 1 }));

  test('those that can take part are timed, the others are told with their reason', async () => {
    const parts = [
      part('mayfly', 'kernels', () => made),
      part('go', 'Go is not installed', () => made),
      part('errs', { kernels: 1 }, () => {
        throw new Error('no batches');
      }),
    ];
    const reason = (impl: string, text: string) => ({ name: 'case', impl, reason: text });
    expect(await measureParts(timed, 'case', parts)).toEqual([
      reason('mayfly', 'kernels'),
      reason('go', 'Go is not installed'),
      reason('errs', 'no batches'),
    ]);
    expect(await measureParts(timed, 'case', [part('mayfly', { kernels: 1 }, () => made)])).toEqual([
      { name: 'case', impl: 'mayfly', median: 1, p99: 1 },
    ]);
  });

  test('the length of a slot is the case’s', async () => {
    const seen: unknown[] = [];
    const note: Measure = async (aCase) => {
      seen.push(aCase.slotTime);
      return [];
    };
    await measureParts(note, 'case', [made], 2.5);
    await measureParts(note, 'case', [made]);
    expect(seen).toEqual([2.5, undefined]);
  });
});
