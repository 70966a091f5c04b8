/** Work that may have to wait: it yields promises and takes back what became of them. */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>;

/** The value, waited for where it is a promise. */
export function* settled<T>(value: T | Promise<T>): Steps<T> {
  // Promises of another realm and of libraries are promises too. Runners send back what became of it.
  return isThenable(value) ? ((yield Promise.resolve(value)) as T) : value;
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';

/** Runs to the end, waiting where something has to be waited for. */
export async function run<T>(steps: Steps<T>): Promise<T> {
  let step = steps.next();
  while (!step.done) {
    const outcome = await Promise.allSettled([step.value]);
    step = outcome[0].status === 'fulfilled' ? steps.next(outcome[0].value) : steps.throw(outcome[0].reason);
  }
  return step.value;
}

/**
 * Runs to the end without waiting.
 * @throws TypeError when something would have to be waited for.
 */
export function runSync<T>(steps: Steps<T>): T {
  const step = steps.next();
  if (step.done) return step.value;
  step.value.catch(() => {}); // nobody is going to look at it
  throw new TypeError('Cannot validate path synchronously: a verifier or a source answered with a promise');
}
