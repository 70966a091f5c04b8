import { describe, expect, test } from 'vitest';
import { sleepFor, systemClock, type TimeSource, type Wake } from './clock.js';

/** A machine whose two clocks and timers are moved by hand. */
function machine() {
  let wall = 1_700_000_000_000;
  let monotonic = 0;
  const timers = new Map<() => void, number>();
  const delays: number[] = [];
  const source: TimeSource = {
    wall: () => wall,
    monotonic: () => monotonic,
    timer(callback, delay) {
      delays.push(delay);
      timers.set(callback, monotonic + delay);
      return () => timers.delete(callback);
    },
  };
  const fire = () => {
    for (const [callback, at] of [...timers])
      if (at <= monotonic) {
        timers.delete(callback);
        callback();
      }
  };
  return {
    source,
    delays,
    armed: () => timers.size,
    /** Time passes on both clocks, in slices as small as the timers ask for. */
    async pass(milliseconds: number) {
      const end = monotonic + milliseconds;
      while (monotonic < end) {
        const next = Math.min(end, ...timers.values());
        wall += next - monotonic;
        monotonic = next;
        fire();
        await Promise.resolve();
      }
    },
    /** The wall clock alone. */
    step(milliseconds: number) {
      wall += milliseconds;
    },
  };
}

const never = new AbortController().signal;
const START = 1_700_000_000;

function sleeping(sleep: Promise<Wake>): { wake: Wake | undefined } {
  const state: { wake: Wake | undefined } = { wake: undefined };
  void sleep.then((wake) => {
    state.wake = wake;
  });
  return state;
}

describe('systemClock', () => {
  test('sleeps for months on timers of at most a second', async () => {
    const { source, pass, delays, armed } = machine();
    const clock = systemClock(source);
    const sleeper = sleeping(clock.sleepUntil(START + 91 * 86_400, never));
    await pass(5000);
    expect(sleeper.wake).toBeUndefined();
    expect(delays).toEqual([1000, 1000, 1000, 1000, 1000, 1000]);
    expect(armed()).toBe(1);
  });

  test('wakes on the second it was asked for, and then leaves no timer', async () => {
    const { source, pass, armed } = machine();
    const sleeper = sleeping(systemClock(source).sleepUntil(START + 3, never));
    await pass(2999);
    expect(sleeper.wake).toBeUndefined();
    await pass(1);
    expect(sleeper.wake).toBe('reached');
    expect(armed()).toBe(0);
  });

  test('a moment in the past is reached at once', async () => {
    const { source, pass } = machine();
    const sleeper = sleeping(systemClock(source).sleepUntil(START - 5, never));
    await pass(1);
    expect(sleeper.wake).toBe('reached');
  });

  test('L5: five thousand sleepers share one timer', async () => {
    const { source, pass, delays, armed } = machine();
    const clock = systemClock(source);
    for (let i = 0; i < 5000; i++) sleeping(clock.sleepUntil(START + 3600 + i, new AbortController().signal));
    await pass(10_000);
    expect(armed()).toBe(1);
    expect(delays.length).toBe(11);
  });

  test('an earlier sleeper shortens the slice under way', async () => {
    const { source, pass } = machine();
    const clock = systemClock(source);
    sleeping(clock.sleepUntil(START + 100, never));
    await pass(300);
    const sooner = sleeping(clock.sleepUntil(START + 1, never));
    await pass(700);
    expect(sooner.wake).toBe('reached');
  });

  test.each([
    ['R1: suspend for an hour', 3_600_000, 'reached', 'stepped'],
    ['set back by an hour', -3_600_000, 'stepped', 'stepped'],
    ['slewed by four seconds', 4000, undefined, undefined],
  ])('%s: everybody knows within a second', async (_name, by, due, later) => {
    const { source, pass, step } = machine();
    const clock = systemClock(source);
    const soon = sleeping(clock.sleepUntil(START + 1800, never));
    const late = sleeping(clock.sleepUntil(START + 86_400, never));
    await pass(2500);
    step(by);
    await pass(1000);
    expect([soon.wake, late.wake]).toEqual([due, later]);
  });

  test('a step is seen even when sleepers come and go between', async () => {
    const { source, pass, step } = machine();
    const clock = systemClock(source);
    const sleeper = sleeping(clock.sleepUntil(START + 1800, never));
    await pass(100);
    step(-60_400);
    sleeping(clock.sleepUntil(START - 60, never)); // due before the timer that is running
    await pass(1000);
    expect(sleeper.wake).toBe('stepped');
  });

  test('an aborted sleep rejects with the reason and leaves no timer', async () => {
    const { source, armed } = machine();
    const clock = systemClock(source);
    const controller = new AbortController();
    const sleep = clock.sleepUntil(START + 60, controller.signal);
    controller.abort(new Error('enough'));
    await expect(sleep).rejects.toThrow('enough');
    expect(armed()).toBe(0);
    await expect(clock.sleepUntil(START + 60, controller.signal)).rejects.toThrow('enough');
  });

  test('reads the time of this machine', async () => {
    const clock = systemClock();
    expect(Math.abs(clock.now() - Date.now() / 1000)).toBeLessThan(2);
    expect(await clock.sleepUntil(clock.now(), never)).toBe('reached');
  });
});

describe('sleepFor', () => {
  test.each([
    ['a clock that is left alone', 0, 9000, 10_000],
    ['a clock that is set back by an hour', -3_600_000, 9000, 11_000],
    ['a clock that is set back by four seconds', -4000, 13_000, 14_000],
    ['a clock that is set forward, or a machine that was suspended', 3_600_000, 3000, 4000],
  ])('ten seconds by %s', async (_name, by, before, after) => {
    const { source, pass, step, armed } = machine();
    let outcome: boolean | undefined;
    void sleepFor(systemClock(source), 10, never).then((slept) => {
      outcome = slept;
    });
    await pass(3000);
    step(by);
    await pass(before - 3000);
    expect(outcome).toBeUndefined();
    await pass(after - before);
    expect([outcome, armed()]).toEqual([true, 0]);
  });

  test('ends with its signal, and at once when there is nothing to sleep', async () => {
    const { source, armed } = machine();
    const clock = systemClock(source);
    const controller = new AbortController();
    const sleep = sleepFor(clock, 10, controller.signal);
    controller.abort(new Error('enough'));
    expect(await sleep).toBe(false);
    expect(await sleepFor(clock, 10, controller.signal)).toBe(false);
    expect([await sleepFor(clock, 0, never), await sleepFor(clock, -5, never), armed()]).toEqual([true, true, 0]);
  });
});
