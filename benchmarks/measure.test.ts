import { describe, expect, test } from 'vitest';
import { type Contender, contender, measure, type RemoteContender } from './measure.js';

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

  test('a contender that makes several things at once counts by the thing', async () => {
    const alone = contender(
      'alone',
      () => 1,
      () => {},
    );
    const endless = { ...alone, impl: 'endless', things: Number.POSITIVE_INFINITY };
    const [one, many] = await measure({ name: 'case', contenders: [alone, endless] }, effort);
    expect(one!.median).toBeGreaterThan(0);
    expect(many!.median).toBe(0);
  });

  test('a job that takes long runs less often, and one that takes all the time only for its check', async () => {
    const runs = { half: 0, whole: 0 };
    const slow = (impl: keyof typeof runs, seconds: number): Contender => ({
      impl,
      run: async () => runs[impl]++,
      check: async () => seconds * 1e9,
    });
    const contenders = [slow('half', 0.3), slow('whole', 0.5)];
    // Three rounds are 450 ms of slots: one run of 300 ms, and none of half a second.
    const [half, whole] = await measure({ name: 'case', contenders }, { ...effort, rounds: 3 });
    expect(half!.median).toBeLessThan(0.3e9);
    expect(whole).toMatchObject({ median: 0.5e9, p99: 0.5e9 });
    expect(runs.half).toBeGreaterThan(0);
    expect(runs.whole).toBe(0);
  });

  test('shorter slots are more of them', async () => {
    const asked: number[] = [];
    const remote = (impl: string): RemoteContender => ({
      impl,
      slot: async (milliseconds) => [asked.push(milliseconds)],
      check: async () => undefined,
    });
    await measure({ name: 'case', contenders: [remote('a')], slotTime: 3 }, { rounds: 2, slotTime: 10, warmUpTime: 5 });
    expect(asked).toEqual([5, ...Array.from({ length: 7 }, () => 3)]); // what warms up, then 20 ms in slots of 3
  });

  test('one in another process is checked, warmed up and believed', async () => {
    const seen: string[] = [];
    const remote: RemoteContender = {
      impl: 'remote',
      slot: async (milliseconds) => {
        seen.push(`slot of ${milliseconds}`);
        return [30, 10, 20];
      },
      check: async () => {
        seen.push('check');
        return undefined;
      },
    };
    const measured = await measure({ name: 'case', contenders: [remote] }, { rounds: 2, slotTime: 1, warmUpTime: 4 });
    expect(seen).toEqual(['check', 'slot of 4', 'slot of 1', 'slot of 1']);
    expect(measured).toMatchObject([{ name: 'case', impl: 'remote', median: 20 }]);
  });
});
