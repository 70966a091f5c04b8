import { parseCertificate } from '@mayfly/x509';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CredentialBundle, Store } from './bundle.js';
import { type KeepFreshEvent, type KeepFreshOptions, keepFresh } from './keep-fresh.js';
import { memoryStore, simulatedClock, unsignedCertificate } from './testing/index.js';

const seed = 20260729;
const START = 1_700_000_000;
const HOUR = 3600;
const key = new Uint8Array([0x30, 0x03, 0x02, 0x01, 0x00]);

const bundleOf = (notBefore: number, lifetime: number, serial: number): CredentialBundle => ({
  privateKeyInfo: key,
  chain: [unsignedCertificate({ notBefore, notAfter: notBefore + lifetime - 1 }, BigInt(serial))],
});

interface Simulation extends Partial<Omit<KeepFreshOptions, 'signal' | 'clock' | 'onEvent'>> {
  readonly lifetime?: number;
}

/** A loop on a simulated clock, a signer that can be down, and all that happened. */
function simulate({ lifetime = HOUR, store = memoryStore(), ...options }: Simulation = {}) {
  const clock = simulatedClock({ now: START });
  const controller = new AbortController();
  const events: KeepFreshEvent[] = [];
  const state = { isDown: false, asked: 0, issued: 0 };
  const ended = keepFresh({
    store,
    clock,
    obtain: async () => {
      state.asked++;
      if (state.isDown) throw new Error('the signer is down');
      return bundleOf(clock.now(), lifetime, ++state.issued);
    },
    random: () => 0.5,
    ...options,
    signal: controller.signal,
    onEvent: (event) => events.push(event),
  });
  return {
    clock,
    store,
    state,
    events,
    ended,
    types: () => events.map(({ type }) => type),
    stop: () => {
      controller.abort();
      return ended;
    },
    /** `notAfter` of what is stored. */
    validUntil: async () => {
      const bundle = await store.load();
      return bundle === undefined ? undefined : parseCertificate(bundle.chain[0]!).validity.notAfter;
    },
  };
}

test('obtains, stores, and refreshes between 70 and 80 percent of each lifetime', async () => {
  const { clock, events, types, validUntil, stop } = simulate();
  await clock.advance(10 * HOUR);
  expect(new Set(types())).toEqual(new Set(['fresh']));
  expect(events.length).toBeGreaterThanOrEqual(13);
  expect(events.length).toBeLessThanOrEqual(15);
  for (const [i, event] of events.slice(1).entries()) {
    const lived = event.at - events[i]!.at;
    expect(lived).toBeGreaterThanOrEqual(0.7 * HOUR);
    expect(lived).toBeLessThanOrEqual(0.8 * HOUR);
  }
  expect(await validUntil()).toBeGreaterThan(clock.now());
  await stop();
  expect(clock.nextWake()).toBeUndefined();
});

test('heeds the moment that the signer names', async () => {
  const { clock, events, stop } = simulate({
    obtain: async () => ({ ...bundleOf(clock.now(), HOUR, 1), refreshAt: clock.now() + 1000 }),
  });
  await clock.advance(3500);
  expect(events.map(({ at }) => at - START)).toEqual([0, 1000, 2000, 3000]);
  await stop();
});

test('a restart with a valid bundle issues nothing, and refreshes at the planned moment', async () => {
  const first = simulate();
  await first.clock.advance(100);
  const planned = first.events[0]!;
  await first.stop();
  const second = simulate({ store: first.store });
  await second.clock.advance(200);
  expect(second.state.asked).toBe(0);
  expect(second.events).toEqual([{ ...planned, type: 'loaded', at: START }]);
  await second.clock.advance(HOUR);
  expect(second.events[1]!.at).toBe((planned as { refreshAt: number }).refreshAt);
  await second.stop();
});

test('R5: a restart after expiry obtains at once', async () => {
  const { clock, types, stop, validUntil } = simulate({ store: memoryStore(bundleOf(START - 2 * HOUR, HOUR, 9)) });
  await clock.advance(1);
  expect(types()).toEqual(['loaded', 'overdue', 'expired', 'fresh']);
  expect(await validUntil()).toBe(START + HOUR - 1);
  await stop();
});

test('a restart after the planned moment refreshes within a minute', async () => {
  const { clock, events, stop } = simulate({ store: memoryStore(bundleOf(START - 3000, HOUR, 9)) });
  await clock.advance(60);
  expect(events.map(({ type, at }) => [type, at - START])).toEqual([
    ['loaded', 0],
    ['fresh', 29],
  ]);
  await stop();
});

describe('failures', () => {
  test('R4: the valid bundle stays, attempts go on with back-off, alarms are raised once, and it recovers', async () => {
    const { clock, state, events, types, validUntil, stop } = simulate();
    await clock.advance(10);
    const old = await validUntil();
    state.isDown = true;
    await clock.advance(2 * HOUR);
    expect(await validUntil()).toBe(old);
    expect(types().filter((type) => type !== 'retry')).toEqual(['fresh', 'overdue', 'expired']);
    const retries = events.filter((event) => event.type === 'retry');
    for (const { at, until } of retries) {
      expect(until - at).toBeLessThanOrEqual(300);
      if (old! - at > 20) expect(until - at).toBeLessThanOrEqual((old! - at) / 20);
    }
    expect(retries.at(-1)!.at).toBeGreaterThan(old! + 1800);
    expect(events.find(({ type }) => type === 'expired')!.at).toBe(old! + 1);
    state.isDown = false;
    await clock.advance(300);
    expect(types().at(-1)).toBe('fresh');
    expect(await validUntil()).toBeGreaterThan(clock.now());
    await stop();
  });

  test('alarms are raised while the signer hangs, and the hanging attempt is given up', async () => {
    let aborted = 0;
    const { clock, events, stop } = simulate({
      store: memoryStore({ ...bundleOf(START, HOUR, 1), refreshAt: START + 2000 }),
      attemptTimeout: 2000,
      obtain: (signal) =>
        new Promise(() => {
          signal.addEventListener('abort', () => aborted++);
        }),
    });
    await clock.advance(4100);
    expect(events.map(({ type, at }) => [type, at - START])).toEqual([
      ['loaded', 0],
      ['overdue', 2600],
      ['expired', 3600],
      ['retry', 4000],
    ]);
    expect(events[3]).toMatchObject({ error: { code: 'ERR_ROTATION_TIMEOUT' } });
    expect(aborted).toBe(1);
    await stop();
  });

  test.each([
    ['forward', 3 * HOUR],
    ['back', -3 * HOUR],
  ])('an attempt is given as long when the clock is set %s meanwhile', async (_name, step) => {
    let aborted = 0;
    const { clock, events, stop } = simulate({
      attemptTimeout: 900,
      obtain: (signal) =>
        new Promise(() => {
          signal.addEventListener('abort', () => aborted++);
        }),
    });
    await clock.advance(300);
    await clock.step(step);
    await clock.advance(598);
    expect(aborted).toBe(0);
    await clock.advance(4);
    expect(aborted).toBe(1);
    expect(events).toMatchObject([{ type: 'retry', error: { code: 'ERR_ROTATION_TIMEOUT' } }]);
    await stop();
  });

  test('R19: a bundle that could not be stored is stored later, not obtained again', async () => {
    const disk = memoryStore();
    let isFull = true;
    const store: Store = {
      load: disk.load,
      replace: (bundle) => (isFull ? Promise.reject(new Error('ENOSPC')) : disk.replace(bundle)),
    };
    const { clock, state, types, stop } = simulate({ store });
    await clock.advance(200);
    expect(await disk.load()).toBeUndefined();
    isFull = false;
    await clock.advance(300);
    expect(state.asked).toBe(1);
    expect(new Set(types().slice(0, -1))).toEqual(new Set(['retry']));
    expect(types().at(-1)).toBe('fresh');
    expect(await disk.load()).toBeDefined();
    await stop();
  });

  test.each<[string, (now: number) => CredentialBundle, string]>([
    ['an empty chain', () => ({ privateKeyInfo: key, chain: [] }), 'ERR_ROTATION_BUNDLE'],
    ['no certificate', () => ({ privateKeyInfo: key, chain: [key] }), 'ERR_ROTATION_BUNDLE'],
    ['an expired one', (now) => bundleOf(now - 2 * HOUR, HOUR, 1), 'ERR_ROTATION_EXPIRED'],
  ])('F6: %s is refused before it is stored', async (_name, answer, code) => {
    const { clock, events, validUntil, stop } = simulate({ obtain: async () => answer(clock.now()) });
    await clock.advance(10);
    expect(events[0]).toMatchObject({ type: 'retry', error: { code } });
    expect(await validUntil()).toBeUndefined();
    await stop();
  });

  test('a moment that has passed on arrival does not become a loop', async () => {
    const { clock, events, stop } = simulate({
      obtain: async () => ({ ...bundleOf(clock.now(), HOUR, 1), refreshAt: clock.now() - 5 }),
    });
    await clock.advance(HOUR);
    expect(events.map(({ at }) => at - START)).toEqual([0, 1800, 3600]);
    await stop();
  });

  test('what the store cannot read ends the loop', async () => {
    const { ended } = simulate({ store: { ...memoryStore(), load: () => Promise.reject(new Error('EIO')) } });
    await expect(ended).rejects.toThrow('EIO');
    await expect(simulate({ store: memoryStore({ privateKeyInfo: key, chain: [key] }) }).ended).rejects.toMatchObject({
      code: 'ERR_ROTATION_BUNDLE',
    });
  });
});

describe('R1, F4: suspend and clock steps', () => {
  test('after suspend past expiry it refreshes at once', async () => {
    const { clock, types, events, stop } = simulate();
    await clock.advance(60);
    await clock.step(48 * HOUR);
    await clock.advance(1);
    expect(types()).toEqual(['fresh', 'overdue', 'expired', 'fresh']);
    expect(events.at(-1)!.at).toBe(START + 60 + 48 * HOUR);
    await stop();
  });

  test('after suspend past the planned moment it refreshes within a minute', async () => {
    const { clock, events, stop } = simulate();
    await clock.advance(60);
    await clock.step(2900);
    await clock.advance(60);
    expect(events.length).toBe(2);
    await stop();
  });

  test('after a step back a retry does not wait for the old time', async () => {
    const { clock, state, stop } = simulate();
    state.isDown = true;
    await clock.advance(10);
    state.isDown = false;
    await clock.step(-24 * HOUR);
    await clock.advance(1);
    expect(state.issued).toBe(1);
    await stop();
  });

  test('F3: no history of steps makes two renewals per life, nor leaves an expired bundle for a minute', async () => {
    const step = fc.record({
      run: fc.integer({ min: 0, max: 6000 }),
      by: fc.constantFrom(0, 1, -1, 300, -300, HOUR, -HOUR, 86_400, -86_400),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (history) => {
        const { clock, state, validUntil, stop } = simulate();
        let forward = 0;
        for (const { run, by } of history) {
          await clock.advance(run);
          await clock.step(by);
          await clock.advance(61);
          forward += run + 61 + Math.max(0, by);
          expect(await validUntil()).toBeGreaterThanOrEqual(clock.now());
        }
        expect(state.issued).toBeLessThanOrEqual(1 + forward / (0.5 * HOUR));
        await stop();
      }),
      { seed, numRuns: 50 },
    );
  });
});

test('an aborted signal ends it, whatever it is doing', async () => {
  for (const obtain of [
    () => new Promise<never>(() => {}),
    () => Promise.reject(new Error('down')),
    async () => bundleOf(START, HOUR, 1),
  ]) {
    const { clock, stop } = simulate({ obtain });
    await clock.advance(2);
    await expect(stop()).resolves.toBeUndefined();
    expect(clock.nextWake()).toBeUndefined();
  }
});

test('a signal that is aborted while the store is read ends it before anything is asked for', async () => {
  const controller = new AbortController();
  let asked = 0;
  const store: Store = {
    async load() {
      controller.abort();
      return undefined;
    },
    async replace() {},
  };
  const obtain = (): Promise<never> => {
    asked++;
    return new Promise(() => {});
  };
  await keepFresh({ store, obtain, clock: simulatedClock(), signal: controller.signal });
  expect(asked).toBe(0);
});

test('S2: no event carries the key', async () => {
  const { clock, state, events, stop } = simulate();
  await clock.advance(HOUR);
  state.isDown = true;
  await clock.advance(2 * HOUR);
  expect(Object.keys(Object.assign({}, ...events)).sort()).toEqual([
    'at',
    'error',
    'notAfter',
    'refreshAt',
    'serialNumber',
    'type',
    'until',
  ]);
  await stop();
});

test.each([[{ backoff: { base: 0 } }], [{ refresh: { fraction: 1 } }], [{ attemptTimeout: Number.NaN }]])(
  'refuses %o at the start, not at the first failure',
  async (options) => {
    const { ended, state } = simulate(options);
    await expect(ended).rejects.toThrow(RangeError);
    expect(state.asked).toBe(0);
  },
);
