import { parseCertificate } from '@mayfly/x509';
import { expect, test } from 'vitest';
import { memoryStore, simulatedClock, unsignedCertificate } from './index.js';

const never = new AbortController().signal;

test('time passes for sleepers in their order, and work between them is finished', async () => {
  const clock = simulatedClock({ now: 100 });
  const seen: string[] = [];
  const sleeper = async (name: string, ...moments: number[]) => {
    for (const at of moments) {
      await clock.sleepUntil(at, never);
      seen.push(`${name}@${clock.now()}`);
    }
  };
  void sleeper('a', 110, 115, 300);
  void sleeper('b', 112);
  await clock.advance(100);
  expect(seen).toEqual(['a@110', 'b@112', 'a@115']);
  expect([clock.now(), clock.monotonic(), clock.nextWake()]).toEqual([200, 100_000, 300]);
});

test('a step moves the wall clock alone and wakes everybody', async () => {
  const clock = simulatedClock({ now: 100 });
  const due = clock.sleepUntil(150, never);
  const later = clock.sleepUntil(500, never);
  await clock.step(60);
  expect([await due, await later]).toEqual(['reached', 'stepped']);
  expect([clock.now(), clock.monotonic()]).toEqual([160, 0]);
});

test('small corrections wake nobody who is not due', async () => {
  const clock = simulatedClock({ now: 100 });
  void clock.sleepUntil(150, never);
  await clock.step(-3);
  expect(clock.nextWake()).toBe(150);
});

test('an aborted sleep rejects', async () => {
  const clock = simulatedClock();
  const controller = new AbortController();
  const sleep = clock.sleepUntil(clock.now() + 5, controller.signal);
  controller.abort(new Error('enough'));
  await expect(sleep).rejects.toThrow('enough');
  expect(clock.nextWake()).toBeUndefined();
});

test('the unsigned certificate is one', () => {
  const { validity, serialNumber } = parseCertificate(unsignedCertificate({ notBefore: 5, notAfter: 9 }, 77n));
  expect({ validity, serialNumber }).toEqual({ validity: { notBefore: 5, notAfter: 9 }, serialNumber: 77n });
});

test('the memory store returns what it was given', async () => {
  const store = memoryStore();
  expect(await store.load()).toBeUndefined();
  const bundle = { privateKeyInfo: new Uint8Array(1), chain: [new Uint8Array(2)] };
  await store.replace(bundle);
  expect(await store.load()).toBe(bundle);
});
