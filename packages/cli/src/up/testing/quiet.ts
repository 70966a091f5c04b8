import { createHook } from 'node:async_hooks';

/** What is under way outside the event loop: files and the making of keys. */
const WORK: ReadonlySet<string> = new Set(['FSREQPROMISE', 'FSREQCALLBACK', 'FILEHANDLECLOSEREQ', 'KEYPAIRGENREQUEST']);
/** Turns of the event loop without work after which nobody is in the middle of something. */
const QUIET_TURNS = 6;

const underWay = new Set<number>();
createHook({
  init(id, type) {
    if (WORK.has(type)) underWay.add(id);
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
