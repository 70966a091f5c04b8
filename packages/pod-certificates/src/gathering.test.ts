import type { CompiledProfile, IssuanceRequest, Issued, IssueResult } from '@mayfly/ca';
import { beforeEach, describe, expect, test } from 'vitest';
import { createGathering, type Gathering, type IssueMany, MAX_BATCH, MAX_DELAY } from './gathering.js';

/** Timers that fire when they are told to. */
function simulatedTimer() {
  let now = 0;
  const timers = new Map<object, { readonly at: number; readonly callback: () => void }>();
  return {
    timer(callback: () => void, milliseconds: number) {
      const id = {};
      timers.set(id, { at: now + milliseconds, callback });
      return () => void timers.delete(id);
    },
    running: () => timers.size,
    async advance(by: number) {
      now += by;
      for (const [id, { at, callback }] of [...timers])
        if (at <= now) {
          timers.delete(id);
          callback();
        }
      await turn();
    },
  };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

const batching = (name: string): CompiledProfile =>
  ({ profile: { name }, issuer: { key: { signMany: () => [] } } }) as unknown as CompiledProfile; // nothing else is read
const single = { issuer: { key: {} } } as unknown as CompiledProfile; // nothing else is read
const compiled = batching('a');
const request = (lifetime: number): IssuanceRequest => ({
  subjectPublicKeyInfo: new Uint8Array(),
  subjectAltName: [],
  lifetime,
});
const issuedFor = ({ lifetime }: IssuanceRequest): Issued => ({ notAfter: lifetime }) as Issued; // told apart by it

let clock: ReturnType<typeof simulatedTimer>;
let end: AbortController;
/** Lifetimes of each batch that was begun. */
let batches: number[][];
let finish: (() => void)[];
let gathering: Gathering;

function open(issueMany: IssueMany): Gathering {
  return createGathering({
    issueMany: (profile, requests, around) => {
      batches.push(requests.map(({ lifetime }) => lifetime));
      return issueMany(profile, requests, around);
    },
    around: { now: () => 0, randomBytes: (length) => new Uint8Array(length) },
    timer: clock.timer,
    signal: end.signal,
  });
}
const atOnce: IssueMany = async (_compiled, requests) =>
  requests.map((each): IssueResult => ({ ok: true, issued: issuedFor(each) }));
const whenTold: IssueMany = async (...args) => {
  await new Promise<void>((resolve) => finish.push(resolve));
  return await atOnce(...args);
};

beforeEach(() => {
  clock = simulatedTimer();
  end = new AbortController();
  batches = [];
  finish = [];
  gathering = open(atOnce);
});

const stay = (): AbortSignal => new AbortController().signal;

/** Asks for one certificate once something has happened. */
const ask = (lifetime: number, before: Promise<unknown> = Promise.resolve(), profile = compiled, gone = stay()) =>
  gathering.expect(async (issue) => {
    await before;
    return (await issue(profile, request(lifetime))).notAfter;
  }, gone);

/** Something that is awaited until it is told. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

test('what comes alone is signed at once, without any timer', async () => {
  expect(await ask(1)).toBe(1);
  expect(await ask(2)).toBe(2);
  expect(batches).toEqual([[1], [2]]);
  expect(clock.running()).toBe(0);
});

test('what comes together is signed together, in its order, when the last has arrived', async () => {
  const late = gate();
  const answers = [ask(1), ask(2), ask(3, late.passed), ask(4)];
  await turn();
  expect(batches).toEqual([]);
  late.open();
  expect(await Promise.all(answers)).toEqual([1, 2, 3, 4]);
  expect(batches).toEqual([[1, 2, 4, 3]]);
  expect(clock.running()).toBe(0);
});

test('what comes some steps behind in the same turn is signed together too', async () => {
  const answers: Promise<unknown>[] = [];
  for (let i = 0; i < 20; i++) {
    answers.push(ask(i));
    for (let step = 0; step < 6; step++) await undefined;
  }
  await Promise.all(answers);
  expect(batches.map(({ length }) => length)).toEqual([20]);
  expect(clock.running()).toBe(0);
});

test('whoever ends without a certificate is waited for no longer', async () => {
  const late = gate();
  const denied = gathering.expect(() => late.passed.then(() => 'denied'), stay());
  const failed = gathering.expect(() => late.passed.then(() => Promise.reject(new Error('no'))), stay());
  const answer = ask(1);
  await turn();
  expect(batches).toEqual([]);
  late.open();
  expect(await denied).toBe('denied');
  await expect(failed).rejects.toThrow('no');
  expect(await answer).toBe(1);
});

test(`nobody waits longer than ${MAX_DELAY} ms`, async () => {
  const never = gate();
  const slow = ask(9, never.passed);
  const answers = [ask(1), ask(2)];
  await turn();
  await clock.advance(MAX_DELAY - 1);
  const later = ask(3);
  await turn();
  expect(batches).toEqual([]);
  await clock.advance(1);
  expect(await Promise.all([...answers, later])).toEqual([1, 2, 3]);
  expect(batches).toEqual([[1, 2, 3]]);
  never.open();
  expect(await slow).toBe(9);
});

test(`no batch is longer than ${MAX_BATCH}`, async () => {
  const never = gate();
  const slow = ask(-1, never.passed);
  const count = 2 * MAX_BATCH + 10;
  const answers = Array.from({ length: count }, (_, i) => ask(i));
  await turn();
  expect(batches.map(({ length }) => length)).toEqual([MAX_BATCH, MAX_BATCH]);
  never.open();
  expect(await Promise.all(answers)).toEqual(Array.from({ length: count }, (_, i) => i));
  await slow;
  expect(batches.flat().sort((a, b) => a - b)).toEqual([-1, ...Array.from({ length: count }, (_, i) => i)]);
});

test('while a batch is being signed the next one gathers', async () => {
  gathering = open(whenTold);
  const first = ask(1);
  await turn();
  const next = [ask(2), ask(3)];
  await turn();
  expect(batches).toEqual([[1]]);
  finish[0]!();
  expect(await first).toBe(1);
  await turn();
  expect(batches).toEqual([[1], [2, 3]]);
  const third = ask(4);
  await turn();
  await clock.advance(MAX_DELAY);
  expect(batches).toEqual([[1], [2, 3], [4]]); // not for the sake of a slow key
  for (const each of finish) each();
  expect(await Promise.all([...next, third])).toEqual([2, 3, 4]);
});

test('each profile has batches of its own', async () => {
  const other = batching('b');
  const answers = [ask(1), ask(2, undefined, other), ask(3), ask(4, undefined, other)];
  expect(await Promise.all(answers)).toEqual([1, 2, 3, 4]);
  expect(batches).toEqual([
    [1, 3],
    [2, 4],
  ]);
});

test('a key that signs one by one is not kept waiting', async () => {
  gathering = open(whenTold);
  const answers = [ask(1, undefined, single), ask(2, undefined, single)];
  await turn();
  expect(batches).toEqual([[1], [2]]);
  for (const each of finish) each();
  expect(await Promise.all(answers)).toEqual([1, 2]);
});

describe('failures', () => {
  const outcomes = async (answers: readonly Promise<unknown>[]) =>
    (await Promise.allSettled(answers)).map((each) => (each.status === 'fulfilled' ? each.value : String(each.reason)));

  test('of one certificate are its own', async () => {
    gathering = open(async (_compiled, requests) =>
      requests.map((each) =>
        each.lifetime === 2 ? { ok: false, error: new Error('2') } : { ok: true, issued: issuedFor(each) },
      ),
    );
    expect(await outcomes([ask(1), ask(2), ask(3)])).toEqual([1, 'Error: 2', 3]);
  });

  test('of a batch are those of all in it, and of no other', async () => {
    let away = true;
    gathering = open(async (...args) => {
      if (away) throw new Error('away');
      return await atOnce(...args);
    });
    expect(await outcomes([ask(1), ask(2)])).toEqual(['Error: away', 'Error: away']);
    away = false;
    expect(await ask(3)).toBe(3);
  });

  test('results that are missing are failures', async () => {
    gathering = open(async (profile, requests, around) => (await atOnce(profile, requests, around)).slice(1));
    expect(await outcomes([ask(1), ask(2)])).toEqual([2, 'Error: Cannot issue: 1 results for 2 requests']);
  });
});

describe('whoever is gone', () => {
  test('leaves the batch, and the others do not notice', async () => {
    const late = gate();
    const gone = new AbortController();
    const slow = ask(3, late.passed);
    const leaving = ask(1, undefined, compiled, gone.signal);
    const staying = ask(2);
    await turn();
    gone.abort(new Error('deleted'));
    await expect(leaving).rejects.toThrow('deleted');
    late.open();
    expect(await Promise.all([staying, slow])).toEqual([2, 3]);
    expect(batches).toEqual([[2, 3]]);
  });

  test('leaves no timer when nobody else waits', async () => {
    const late = gate();
    const gone = new AbortController();
    const slow = ask(3, late.passed);
    const leaving = ask(1, undefined, compiled, gone.signal);
    await turn();
    expect(clock.running()).toBe(1);
    gone.abort(new Error('deleted'));
    await expect(leaving).rejects.toThrow('deleted');
    expect(clock.running()).toBe(0);
    await expect(ask(4, undefined, compiled, gone.signal)).rejects.toThrow('deleted');
    late.open();
    expect(await slow).toBe(3);
  });

  test('is not waited for, though its signature is being made already', async () => {
    gathering = open(whenTold);
    const gone = new AbortController();
    const answer = ask(1, undefined, compiled, gone.signal);
    await turn();
    gone.abort(new Error('deleted'));
    finish[0]!();
    await expect(answer).rejects.toThrow('deleted');
    expect(await Promise.all([ask(2), turn().then(() => finish[1]!())])).toEqual([2, undefined]);
  });
});

test('when it is to end, what waits is signed at once and nobody waits any more', async () => {
  const never = gate();
  const slow = ask(9, never.passed);
  const answers = [ask(1), ask(2)];
  await turn();
  end.abort(new Error('the end'));
  expect(await Promise.all(answers)).toEqual([1, 2]);
  expect(clock.running()).toBe(0);
  expect(await ask(3)).toBe(3);
  never.open();
  expect(await slow).toBe(9);
  expect(batches).toEqual([[1, 2], [3], [9]]);
});
