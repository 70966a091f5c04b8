import { Piscina } from 'piscina';
import { WasmError } from '../errors.js';
import type { Answer, Task } from './task.js';

/** What runs tasks, one at a time in each thread. */
export interface Threads {
  /**
   * Runs a task as soon as a thread is free, those that came first before it. A thread that dies is replaced, and what it was
   * doing is done again by another.
   * @param makeTask - Called when its turn has come; what it throws is what this rejects with.
   * @throws {@link WasmError} `ERR_WASM_POOL` when the pool is closed, or when one thread after the other dies: of it, or of
   * starting.
   */
  run(makeTask: () => Task): Promise<Answer>;
  /** Fails what waits, and ends the threads when they have finished what they are doing. */
  close(): Promise<void>;
}

export interface ThreadsOptions {
  readonly threads: number;
  /** The module whose default export answers a task. */
  readonly worker: URL;
  /** Options of Node for the threads. */
  readonly execArgv?: readonly string[];
  /** Called with the pool; tests end some of its threads. */
  readonly onStart?: (pool: Piscina) => void;
}

/** Tasks that a thread has at hand beside the one it works on, so that it never waits for this one. */
const AHEAD = 1;
/** Threads that may die of one task before it is given up. */
const MAX_ATTEMPTS = 3;

/** Starts the threads. They keep no process alive that waits for nothing of them. */
export function startThreads({ threads, worker, execArgv, onStart }: ThreadsOptions): Threads {
  const pool = new Piscina({
    filename: worker.href,
    minThreads: threads,
    maxThreads: threads,
    recordTiming: false,
    ...(execArgv && { execArgv: [...execArgv] }),
  });
  let lastDeath: unknown;
  pool.on('error', (error) => {
    lastDeath = error; // a thread that dies with nothing to do is replaced like any other
  });
  /** Rejects what threads work on or have at hand. */
  const unanswered = new Set<(error: unknown) => void>();
  // No thread that dies while it starts is replaced before there is another task: those that wait for it would for ever.
  pool.on('workerDestroy', () =>
    queueMicrotask(() => {
      if (pool.threads.length === 0) for (const fail of unanswered) fail(lastDeath);
    }),
  );
  onStart?.(pool);
  const waiting: { readonly begin: () => void; readonly fail: (error: unknown) => void }[] = [];
  const working = new Set<Promise<Answer>>();
  let free = threads * (1 + AHEAD);
  let isClosing = false;

  const attempt = async (task: Task): Promise<Answer> => {
    let fail: (error: unknown) => void = () => {};
    try {
      return await new Promise<Answer>((resolve, reject) => {
        fail = reject;
        unanswered.add(fail);
        pool.run(task).then(resolve, reject); // what the worker answers with
      });
    } finally {
      unanswered.delete(fail);
    }
  };
  const answer = async (makeTask: () => Task): Promise<Answer> => {
    const task = makeTask();
    for (let attempts = 1; ; attempts++) {
      try {
        return await attempt(task);
      } catch (cause) {
        if (attempts === MAX_ATTEMPTS)
          throw new WasmError('ERR_WASM_POOL', `Cannot sign: ${attempts} threads died of it`, { cause });
      }
    }
  };

  return {
    async run(makeTask) {
      if (isClosing) throw closed();
      if (free > 0) free--;
      else await new Promise<void>((resolve, reject) => waiting.push({ begin: resolve, fail: reject }));
      const work = answer(makeTask);
      working.add(work);
      try {
        return await work;
      } finally {
        working.delete(work);
        const next = waiting.shift();
        if (next === undefined) free++;
        else next.begin();
      }
    },
    async close() {
      isClosing = true;
      for (const { fail } of waiting.splice(0)) fail(closed());
      await Promise.allSettled(working);
      await pool.destroy();
    },
  };
}

const closed = (): WasmError => new WasmError('ERR_WASM_POOL', 'Cannot sign: the pool is closed');
