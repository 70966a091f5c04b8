import { describe, expect, test } from 'vitest';
import { contender, measure } from './measure.js';

const effort = { rounds: 2, slotTime: 1, warmUpTime: 1 };

describe('measure', () => {
  test('times contenders that answer at once and those that answer later', async () => {
    const contenders = [
      contender(
        'now',
        () => 1,
        (result) => expect(result).toBe(1),
      ),
      contender(
        'later',
        async () => 2,
        (result) => expect(result).toBe(2),
      ),
    ];
    const measured = await measure({ name: 'case', contenders }, effort);
    expect(measured.map(({ name, impl }) => [name, impl])).toEqual([
      ['case', 'now'],
      ['case', 'later'],
    ]);
    for (const { median, p99 } of measured) {
      expect(median).toBeGreaterThan(0);
      expect(p99).toBeGreaterThanOrEqual(median);
    }
  });

  test('times nothing when one result is wrong', async () => {
    let runs = 0;
    const contenders = [
      contender(
        'counts',
        () => runs++,
        () => {},
      ),
      contender(
        'errs',
        () => 2,
        (result) => expect(result).toBe(3),
      ),
    ];
    await expect(measure({ name: 'case', contenders }, effort)).rejects.toThrow(
      'Cannot measure case of errs: its result is wrong',
    );
    expect(runs).toBe(1);
  });

  test('takes turns that rotate', async () => {
    const seen: string[] = [];
    const note = (impl: string) => () => {
      if (seen[seen.length - 1] !== impl) seen.push(impl);
      return impl;
    };
    const names = ['a', 'b', 'c'];
    await measure({ name: 'case', contenders: names.map((impl) => contender(impl, note(impl), () => {})) }, effort);
    // Checks, warm-up, then the rounds; the c of the warm-up, and the turn from one round to the next, show once.
    expect(seen.join('')).toBe('abc' + 'abc' + 'abc' + 'bca');
  });
});
