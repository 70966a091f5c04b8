import { setTimeout as delay } from 'node:timers/promises';

/** Asks until there is an answer, for a minute at most. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  limitMs: number = 60_000,
): Promise<T> {
  for (const from = Date.now(); Date.now() - from < limitMs; ) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await delay(20);
  }
  throw new Error(`Waited ${limitMs / 1000} s in vain: ${what}`);
}
