import { expect, test } from 'vitest';
import { createObjectTable, type Versioned } from './object-table.js';

const object = (version: number): Versioned => ({ metadata: { resourceVersion: String(version) } }) as Versioned;

test('a watch that nobody reads is ended, and says to begin anew', async () => {
  const table = createObjectTable<Versioned>();
  const controller = new AbortController();
  const watch = table.watch({ matches: () => true }, { signal: controller.signal }, 0);
  for (let version = 1; version <= 10_001; version++) table.set('one', object(version));
  let seen = 0;
  await expect(async () => {
    for await (const _event of watch) seen++;
  }).rejects.toMatchObject({ reason: 'Expired', status: 410 });
  expect(seen).toBe(10_000);
});

test('a change is shown to those who may want it, however many watch other objects', async () => {
  const table = createObjectTable<Versioned>();
  const watchers = 100;
  let asked = 0;
  const matches = () => ++asked > 0;
  const watches = Array.from({ length: watchers }, (_, i) =>
    table.watch({ key: `pod-${i}`, matches }, { signal: new AbortController().signal }, 0),
  );
  for (let i = 0; i < watchers; i++) table.set(`pod-${i}`, object(i + 1));
  expect(asked).toBe(watchers);
  expect(table.list({ key: 'pod-7', matches }, watchers).items).toEqual([object(8)]);
  expect(asked).toBe(watchers + 1);
  for (const [i, watch] of watches.entries()) {
    const events = [];
    for await (const event of watch) if (events.push(event) === 2) break;
    expect(events).toEqual([
      { type: 'bookmark', resourceVersion: '0' },
      { type: 'added', object: object(i + 1) },
    ]);
  }
  for (let i = 0; i < watchers; i++) table.set(`pod-${i}`, object(watchers + i + 1));
  expect(asked).toBe(watchers + 1);
});

test('a watch of one object that resumes is told of no other', async () => {
  const table = createObjectTable<Versioned>();
  for (let i = 1; i <= 3; i++) table.set(`pod-${i}`, object(i));
  const { signal } = new AbortController();
  for await (const event of table.watch({ key: 'pod-3', matches: () => true }, { signal, resourceVersion: '1' }, 3)) {
    expect(event).toEqual({ type: 'added', object: object(3) });
    break;
  }
});
