import { createHook } from 'node:async_hooks';

/** What is under way outside the event loop: files and the making of keys. */
const WORK: ReadonlySet<string> = new Set(['FSREQPROMISE', 'FSREQCALLBACK', 'FILEHANDLECLOSEREQ', 'KEYPAIRGENREQUEST']);
/** Turns of the event loop without work after which nobody is in the middle of something. */
const QUIET_TURNS = 6;

const underWay = new Set<number>();
/** Keys that are made at once are work without an end that is told. A `destroy` hook would see it, and slow every promise down. */
const collected = new FinalizationRegistry<number>((id) => void underWay.delete(id));
createHook({
  init(id, type, _trigger, resource) {
    if (!WORK.has(type)) return;
    underWay.add(id);
    collected.register(resource, id);
  },
  after: (id) => void underWay.delete(id),
}).enable();

/** Waits until everything that has been woken waits again: for the clock, for a program or for a person. */
export async function quiet(): Promise<void> {
  for (let turns = 0; turns < QUIET_TURNS; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (underWay.size > 0) turns = 0;
  }
}
