import type { CompiledProfile, IssuanceRequest, Issued, IssueResult, Surroundings } from '@mayfly/ca';

/** Makes certificates, one result for each request, in their order. */
export type IssueMany = (
  compiled: CompiledProfile,
  requests: readonly IssuanceRequest[],
  around: Surroundings,
) => Promise<readonly IssueResult[]>;

/** Makes one certificate. */
export type IssueOne = (compiled: CompiledProfile, request: IssuanceRequest) => Promise<Issued>;

/** Does something when its turn has come. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>;

/** Calls back once after so many milliseconds; returns how to give that up. */
export type Timer = (callback: () => void, milliseconds: number) => () => void;

/** Certificates that are asked for one by one and signed together. */
export interface Gathering {
  /**
   * Runs what may come to ask for a certificate. Until it has asked, or ended without, those that have asked wait for it, but
   * no longer than {@link MAX_DELAY}.
   * @param gone - Takes its certificate out of the batch, unless that is being signed already.
   */
  expect<T>(work: (issue: IssueOne) => Promise<T>, gone: AbortSignal): Promise<T>;
}

export interface GatheringOptions {
  readonly issueMany: IssueMany;
  readonly around: Surroundings;
  readonly timer: Timer;
  /** When it is aborted nobody waits for others any more. */
  readonly signal: AbortSignal;
}

/** Certificates that are signed together at most. */
export const MAX_BATCH = 256;
/** Milliseconds that a certificate waits for others at most. */
export const MAX_DELAY = 2;
/**
 * Steps of the microtask queue after which a burst is over: what a watch delivers in one turn of the event loop comes some steps
 * apart. They take a microsecond.
 */
const BURST_STEPS = 16;

interface Waiting {
  readonly compiled: CompiledProfile;
  readonly request: IssuanceRequest;
  readonly resolve: (issued: Issued) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Gathers for keys that sign batches: while others are on their way or a batch is being signed, up to {@link MAX_BATCH}
 * certificates wait for each other, up to {@link MAX_DELAY}. One that comes alone is signed within the turn of the event loop
 * that it came in, without any timer, and so is every one whose key signs one by one.
 */
export function createGathering({ issueMany, around, timer, signal }: GatheringOptions): Gathering {
  let onTheirWay = 0;
  let batchesInWork = 0;
  let waiting: Waiting[] = [];
  let cancelTimer: (() => void) | undefined;
  /** Counts whoever sets out and whoever asks. */
  let arrivals = 0;
  let isAwaitingBurst = false;
  const isBusy = (): boolean => onTheirWay > 0 || batchesInWork > 0;

  const issueBatch = async (batch: readonly [Waiting, ...Waiting[]]): Promise<void> => {
    batchesInWork++;
    try {
      const requests = batch.map(({ request }) => request);
      const results = await issueMany(batch[0].compiled, requests, around);
      batch.forEach(({ resolve, reject }, i) => {
        const result = results[i];
        if (result === undefined)
          reject(new Error(`Cannot issue: ${results.length} results for ${batch.length} requests`));
        else if (result.ok) resolve(result.issued);
        else reject(result.error);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      batchesInWork--;
      flushIfDue();
    }
  };

  const flush = (): void => {
    cancelTimer?.();
    cancelTimer = undefined;
    const byProfile = new Map<CompiledProfile, [Waiting, ...Waiting[]]>();
    for (const one of waiting) {
      const batch = byProfile.get(one.compiled);
      if (batch === undefined) byProfile.set(one.compiled, [one]);
      else batch.push(one);
    }
    waiting = [];
    for (const batch of byProfile.values()) void issueBatch(batch); // never rejects
  };

  const flushIfDue = (): void => {
    if (waiting.length === 0) return;
    if (waiting.length >= MAX_BATCH || signal.aborted) flush();
    else if (isBusy()) cancelTimer ??= timer(flush, MAX_DELAY);
    else if (!isAwaitingBurst) void flushAfterBurst(); // never rejects
  };

  const flushAfterBurst = async (): Promise<void> => {
    isAwaitingBurst = true;
    for (let steps = 0, seen = arrivals; steps < BURST_STEPS; steps++) {
      await undefined;
      if (arrivals === seen) continue;
      seen = arrivals;
      steps = 0;
    }
    isAwaitingBurst = false;
    if (waiting.length === 0) return;
    if (isBusy()) cancelTimer ??= timer(flush, MAX_DELAY);
    else flush();
  };

  const gather = (compiled: CompiledProfile, request: IssuanceRequest, gone: AbortSignal): Promise<Issued> =>
    new Promise((resolve, reject) => {
      arrivals++;
      if (gone.aborted) return reject(gone.reason);
      const leave = (): void => {
        waiting = waiting.filter((other) => other !== one);
        reject(gone.reason);
        if (waiting.length > 0) return;
        cancelTimer?.();
        cancelTimer = undefined;
      };
      const staying =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          gone.removeEventListener('abort', leave);
          settle(value);
        };
      const one: Waiting = { compiled, request, resolve: staying(resolve), reject: staying(reject) };
      gone.addEventListener('abort', leave, { once: true });
      if (compiled.issuer.key.signMany === undefined)
        void issueBatch([one]); // never rejects
      else waiting.push(one);
      flushIfDue();
    });

  signal.addEventListener('abort', flushIfDue, { once: true });
  return {
    async expect(work, gone) {
      let isOnItsWay = true;
      onTheirWay++;
      arrivals++;
      const arrive = (): void => {
        if (!isOnItsWay) return;
        isOnItsWay = false;
        onTheirWay--;
      };
      try {
        return await work((compiled, request) => {
          arrive();
          return gather(compiled, request, gone);
        });
      } finally {
        arrive();
        flushIfDue();
      }
    },
  };
}
