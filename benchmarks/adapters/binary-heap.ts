import type { Seconds } from '@mayfly/der';

/** An entry of {@link BinaryHeap}. */
export interface HeapEntry {
  readonly key: string;
  readonly due: Seconds;
}

/** What one writes without a library: an object an entry in a binary heap, and a Map to find it by its key. */
export class BinaryHeap {
  readonly #byKey = new Map<string, HeapEntry>();
  readonly #heap: HeapEntry[] = [];

  set(key: string, due: Seconds): void {
    const entry = { key, due };
    this.#byKey.set(key, entry); // an older entry of the key stays in the heap and is passed over when it comes up
    let at = this.#heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#heap[parent]!.due <= due) break;
      this.#heap[at] = this.#heap[parent]!;
      at = parent;
    }
    this.#heap[at] = entry;
  }

  takeDue(now: Seconds): readonly HeapEntry[] {
    const taken: HeapEntry[] = [];
    while (this.#heap.length > 0 && this.#heap[0]!.due <= now) {
      const entry = this.#pop();
      if (this.#byKey.get(entry.key) === entry && this.#byKey.delete(entry.key)) taken.push(entry);
    }
    return taken;
  }

  #pop(): HeapEntry {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.due < heap[child]!.due) child++;
      if (heap[child]!.due >= last.due) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}
