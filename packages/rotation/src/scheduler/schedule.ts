import type { Seconds } from '@mayfly/der';
import { KeyTable, NONE } from './key-table.js';

/** One planned moment. `deadline` is when the work must be over (`notAfter`), if that is known. */
export interface ScheduleEntry {
  readonly key: string;
  readonly due: Seconds;
  readonly deadline?: Seconds;
}

const FIRST_CAPACITY = 1024;

/** @throws RangeError when a key cannot be planned then; what is planned can always be restored from a snapshot. */
export function requirePlan(key: string, due: Seconds, deadline: Seconds = Number.POSITIVE_INFINITY): void {
  if (!Number.isSafeInteger(due)) throw new RangeError(`Cannot plan ${key} at ${due}: need a whole second`);
  if (!Number.isSafeInteger(deadline) && deadline !== Number.POSITIVE_INFINITY)
    throw new RangeError(`Cannot plan ${key} with the deadline ${deadline}: need a whole second`);
}

/**
 * Keys and the second each is due, for millions of them; pure, the time is an argument.
 *
 * Entries of one second form a list and a binary heap orders the seconds, so the work of the heap grows with the
 * different seconds ahead, not with the entries. Everything per entry lies in typed arrays but its key.
 */
export class Schedule {
  readonly #keys = new KeyTable();
  /** First slot of each second that is in the heap; `NONE` once all its entries are gone. */
  readonly #heads = new Map<Seconds, number>();
  /** Binary heap of the seconds in `#heads`. */
  #seconds: Seconds[] = [];
  /** Seconds in the heap whose list is empty: they leave when they come up, or all at once when they are most. */
  #emptySeconds = 0;
  #due = new Float64Array(FIRST_CAPACITY);
  #deadline = new Float64Array(FIRST_CAPACITY);
  #next = new Int32Array(FIRST_CAPACITY);
  #previous = new Int32Array(FIRST_CAPACITY);

  /** Entries planned. */
  get size(): number {
    return this.#keys.size;
  }

  /**
   * Plans a key, or plans it anew.
   * @param due - Whole second.
   * @param deadline - Whole second, or infinity for none.
   * @throws RangeError when one of them is neither.
   */
  set(key: string, due: Seconds, deadline: Seconds = Number.POSITIVE_INFINITY): void {
    requirePlan(key, due, deadline);
    const { slot, isNew } = this.#keys.findOrAdd(key);
    if (slot >= this.#due.length) this.#grow();
    if (!isNew) this.#unlink(slot);
    this.#due[slot] = due;
    this.#deadline[slot] = deadline;
    this.#link(slot, due);
  }

  /** Forgets a key. @returns Whether it was planned. */
  delete(key: string): boolean {
    const slot = this.#keys.find(key);
    if (slot === NONE) return false;
    this.#unlink(slot);
    this.#keys.remove(slot);
    return true;
  }

  /** What is planned for a key. */
  get(key: string): ScheduleEntry | undefined {
    const slot = this.#keys.find(key);
    return slot === NONE ? undefined : this.#entry(slot);
  }

  /** The earliest second at which an entry is due. */
  nextDue(): Seconds | undefined {
    for (let second = this.#seconds[0]; second !== undefined; second = this.#seconds[0]) {
      if (this.#heads.get(second) !== NONE) return second;
      this.#heads.delete(second);
      this.#emptySeconds--;
      this.#popSecond();
    }
    return undefined;
  }

  /**
   * Takes out what is due, earliest second first; within a second the last planned comes first.
   * @param limit - At most so many. Default: all.
   */
  takeDue(now: Seconds, limit: number = Number.POSITIVE_INFINITY): ScheduleEntry[] {
    const taken: ScheduleEntry[] = [];
    for (let second = this.nextDue(); second !== undefined && second <= now; second = this.nextDue()) {
      let slot = this.#heads.get(second)!;
      while (slot !== NONE && taken.length < limit) {
        taken.push(this.#entry(slot));
        this.#keys.remove(slot);
        slot = this.#next[slot]!;
      }
      this.#heads.set(second, slot);
      if (slot !== NONE) {
        this.#previous[slot] = NONE;
        return taken;
      }
      this.#emptySeconds++;
    }
    return taken;
  }

  /** Every entry, in no order. */
  *entries(): IterableIterator<ScheduleEntry> {
    for (let slot = 0; slot < this.#keys.slots; slot++) if (this.#keys.key(slot) !== undefined) yield this.#entry(slot);
  }

  #entry(slot: number): ScheduleEntry {
    const key = this.#keys.key(slot)!;
    const due = this.#due[slot]!;
    const deadline = this.#deadline[slot]!;
    return deadline === Number.POSITIVE_INFINITY ? { key, due } : { key, due, deadline };
  }

  #grow(): void {
    const capacity = this.#due.length * 2;
    const grown = <T extends Float64Array | Int32Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.#due = grown(this.#due, new Float64Array(capacity));
    this.#deadline = grown(this.#deadline, new Float64Array(capacity));
    this.#next = grown(this.#next, new Int32Array(capacity));
    this.#previous = grown(this.#previous, new Int32Array(capacity));
  }

  #link(slot: number, second: Seconds): void {
    const head = this.#heads.get(second);
    if (head === undefined) this.#pushSecond(second);
    else if (head === NONE) this.#emptySeconds--;
    else this.#previous[head] = slot;
    this.#next[slot] = head ?? NONE;
    this.#previous[slot] = NONE;
    this.#heads.set(second, slot);
  }

  #unlink(slot: number): void {
    const next = this.#next[slot]!;
    const previous = this.#previous[slot]!;
    if (next !== NONE) this.#previous[next] = previous;
    if (previous !== NONE) this.#next[previous] = next;
    else this.#heads.set(this.#due[slot]!, next);
    if (next === NONE && previous === NONE) {
      this.#emptySeconds++;
      if (this.#emptySeconds > 64 && this.#emptySeconds * 2 > this.#seconds.length) this.#dropEmptySeconds();
    }
  }

  #pushSecond(second: Seconds): void {
    const heap = this.#seconds;
    let i = heap.push(second) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heap[parent]! <= second) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = second;
  }

  #popSecond(): void {
    const heap = this.#seconds;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (let child = 1; child < heap.length; child = 2 * i + 1) {
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
      if (heap[child]! >= last) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }

  #dropEmptySeconds(): void {
    for (const [second, head] of this.#heads) if (head === NONE) this.#heads.delete(second);
    // Ascending order is a heap.
    this.#seconds = [...this.#heads.keys()].sort((a, b) => a - b);
    this.#emptySeconds = 0;
  }
}
