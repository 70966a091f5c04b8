import { type Denial, issueMany } from '@mayfly/ca';
import type { Seconds } from '@mayfly/der';
import { type BackoffOptions, type Clock, sleepFor } from '@mayfly/rotation';
import { type Answer, answerRequest, denied, isStillAcceptable, type SigningPolicy } from './answer.js';
import { ApiError, type PodCertificateApi } from './api.js';
import { createGathering, type InTurn, MAX_BATCH, type Timer } from './gathering.js';
import { createPatience } from './patience.js';
import { sizeDenial, withoutContents } from './request-size.js';
import type { RequestShare } from './share.js';
import { createSlots } from './slots.js';
import type { PodCertificateRequest } from './types.js';

export { type Answer, answerRequest, type SigningPolicy, type WantedCertificate } from './answer.js';
export { evidenceOf } from './evidence.js';
export type { InTurn, IssueMany, IssueOne, Timer } from './gathering.js';
export { beginRefreshAt } from './refresh.js';
export type { RequestShare } from './share.js';

export interface SignerOptions extends SigningPolicy {
  readonly api: PodCertificateApi;
  readonly signerName: string;
  readonly clock: Clock;
  /** Which requests are this signer's, of several that share a name. Default all. */
  readonly share?: RequestShare;
  /** Cryptographically secure. Returns a new array. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** Requests that are worked on at once. Default 256, as many as are signed together at most. */
  readonly concurrency?: number;
  /**
   * Certificates that are signed at once, of a key that signs one by one and takes its time; the others wait for their turn, and whose
   * they are and what they are signed with is asked when it comes. Default as many as are worked on.
   */
  readonly signatures?: number;
  /** Between attempts at one request, and at the watch. Default from 1 s to 60 s. */
  readonly backoff?: BackoffOptions;
  /** Draws from [0, 1) that spread the attempts. Default `Math.random`. */
  readonly random?: () => number;
  /** Ends the two milliseconds that certificates wait for each other when there is much to do. Default `setTimeout`. */
  readonly timer?: Timer;
  /** Ends the signer: what is being signed is finished and written, what waits is left to the next signer. */
  readonly signal: AbortSignal;
  /** What it throws is ignored: a log that fails stops no signer. */
  readonly onEvent?: (event: SignerEvent) => void;
}

export type SignerEvent =
  | {
      readonly type: 'issued';
      readonly request: PodCertificateRequest;
      readonly serialNumber: bigint;
      readonly notAfter: Seconds;
      readonly beginRefreshAt: Seconds;
    }
  | { readonly type: 'denied' | 'failed'; readonly request: PodCertificateRequest; readonly denial: Denial }
  /** A certificate was signed and, as far as this signer knows, nobody has it: the request was answered otherwise, or is gone. */
  | {
      readonly type: 'discarded';
      readonly request: PodCertificateRequest;
      readonly serialNumber: bigint;
      readonly notAfter: Seconds;
    }
  /** The request stays pending until `at`. */
  | { readonly type: 'retry'; readonly request: PodCertificateRequest; readonly error: unknown; readonly at: Seconds }
  /** What was to be tried again is this signer's no more: it is gone, answered by another, or another's to answer. */
  | { readonly type: 'left'; readonly request: PodCertificateRequest }
  /** The watch broke; the next one begins at `at`. */
  | { readonly type: 'disconnected'; readonly error: unknown; readonly at: Seconds };

/**
 * Answers every request for one signer name until the signal is aborted. Each gets at most one terminal status: an answer
 * that could not be written is kept and written again, not made again, and whatever is no decision leaves the request
 * pending. Several signers of one name may run: with a `share` each signs what is its own, without one the API server takes the
 * first answer and the others discard theirs.
 *
 * What is asked for at the same time is signed together where the key has a `signMany`: up to 256 certificates, of which none
 * waits longer than 2 ms for others. One that comes alone is signed at once.
 */
export async function runSigner(options: SignerOptions): Promise<void> {
  const {
    api,
    signerName,
    clock,
    concurrency = MAX_BATCH,
    signatures = concurrency,
    backoff = { cap: 60 },
    random = Math.random,
    share,
    signal,
    onEvent: observer = () => {},
  } = options;
  /** Requests of which `retry` was told last. */
  const retried = new Set<string>();
  const onEvent = (event: SignerEvent): void => {
    if (event.type === 'retry') retried.add(event.request.metadata.uid);
    else if (event.type !== 'disconnected') retried.delete(event.request.metadata.uid);
    try {
      observer(event);
    } catch {
      // As promised to whoever gave the observer.
    }
  };
  const around = { now: () => clock.now(), randomBytes: options.randomBytes };
  const slots = createSlots(concurrency);
  const turns = createSlots(signatures);
  const gathering = createGathering({
    issueMany: options.issueMany ?? issueMany,
    around,
    timer: options.timer ?? systemTimer,
    signal,
  });
  const serving = new Map<
    string,
    { readonly task: Task; readonly gone: AbortController; readonly done: Promise<void> }
  >();
  /** Pending requests that are others' to answer, for the case that they become ours. */
  const others = new Map<string, PodCertificateRequest>();
  const isOurs = ({ metadata: { uid } }: PodCertificateRequest): boolean => share === undefined || share.owns(uid);
  const policy: SigningPolicy = {
    ...options,
    compiled(request) {
      // After all lookups and before the signature.
      if (!isOurs(request)) throw new OthersRequest();
      return options.compiled(request);
    },
  };

  const inTurn: InTurn = (work) =>
    turns.run(async () => {
      if (signal.aborted) throw new OthersRequest(); // what waits is left to the next signer
      return await work();
    });

  const discard = ({ request, answer }: Task): void => {
    if (answer?.type !== 'issued') return;
    const { serialNumber, notAfter } = answer;
    onEvent({ type: 'discarded', request, serialNumber, notAfter });
  };

  /** One attempt; afterwards the request needs no other. */
  const attempt = async (task: Task, gone: AbortSignal): Promise<void> => {
    if (signal.aborted) return;
    if (gone.aborted) return discard(task);
    // An answer whose write had no acknowledgement may have arrived: that is looked up, whoever has the request now.
    if (!isOurs(task.request) && !(task.stale && task.answer?.type === 'issued')) throw new OthersRequest();
    if (task.stale) {
      const current = await readAgain(api, task.request);
      if (current === undefined) return discard(task);
      if (current.terminal !== undefined) {
        // Ours when the write arrived and only its acknowledgement was lost.
        if (task.answer?.type === 'issued' && current.status.certificateChain === task.answer.status.certificateChain)
          onEvent(eventOf(task.answer, current));
        else discard(task);
        return;
      }
      Object.assign(task, kept(current));
      task.looks++;
      if (!isOurs(task.request)) throw new OthersRequest();
    }
    if (task.denial !== undefined) task.answer = denied(task.denial, clock.now());
    else if (task.answer === undefined || !isStillAcceptable(task.answer, task.request, clock.now(), options.limits)) {
      discard(task);
      task.answer = undefined;
      const { request } = task;
      task.answer = await gathering.expect(
        (issue) => answerRequest(request, policy, around, issue, signatures < concurrency ? inTurn : undefined),
        gone,
      );
    }
    task.stale = true;
    const update = await api.updateStatus(task.request, task.answer.status).catch((error: unknown) => {
      // What a server refuses it has not written. Of one that failed, or gave no answer, nobody knows, and a write on top of one that
      // arrived would be one too many.
      if (error instanceof ApiError && error.status < 500) task.stale = false;
      throw error;
    });
    if (update.ok) onEvent(eventOf(task.answer, update.request));
    else if (update.reason === 'Conflict') throw new ApiError('Conflict', update.message);
    else discard(task);
  };

  /** @returns The request, if it became another signer's. */
  const serve = async (task: Task, gone: AbortSignal): Promise<PodCertificateRequest | undefined> => {
    let patience = createPatience(backoff, random);
    for (let conflicts = 0; ; ) {
      const { answer: before, looks } = task;
      try {
        await slots.run(() => attempt(task, gone));
        return undefined;
      } catch (error) {
        if (gone.aborted || error instanceof OthersRequest) {
          discard(task);
          return gone.aborted ? undefined : task.request;
        }
        // Somebody else's write: read again at once, as long as that is not all that comes.
        if (error instanceof ApiError && error.reason === 'Conflict' && ++conflicts < MAX_CONFLICTS) continue;
        conflicts = 0;
        // It got further than before.
        const hasLooked = task.looks > looks && task.looks <= MAX_LOOKS;
        if (hasLooked || (task.answer !== undefined && before === undefined))
          patience = createPatience(backoff, random);
        const delay = patience.after(error);
        onEvent({ type: 'retry', request: task.request, error, at: clock.now() + delay });
        // Made where it is needed alone: it stays until the old generation of the heap is collected.
        if (await sleepFor(clock, delay, AbortSignal.any([signal, gone]))) continue;
        discard(task);
        return undefined;
      }
    }
  };

  /** @param stale - Whether somebody may have answered it since it was read. */
  const consider = (request: PodCertificateRequest, stale: boolean): void => {
    const { uid, resourceVersion } = request.metadata;
    others.delete(uid);
    const served = serving.get(uid)?.task;
    if (served !== undefined && served.request.metadata.resourceVersion !== resourceVersion) served.stale = true;
    if (request.spec.signerName !== signerName || request.terminal !== undefined || served !== undefined) return;
    if (!isOurs(request)) return void others.set(uid, kept(request).request);
    const gone = new AbortController();
    const task: Task = { ...kept(request), answer: undefined, stale, looks: 0 };
    const done = serve(task, gone.signal).then((other) => {
      serving.delete(uid);
      if (retried.has(uid) && !signal.aborted) onEvent({ type: 'left', request: task.request });
      if (other !== undefined && !gone.signal.aborted) others.set(uid, other);
    });
    serving.set(uid, { task, gone, done });
  };

  const endSharing = share?.onChange(() => {
    for (const request of [...others.values()]) if (isOurs(request)) consider(request, true);
  });
  let patience = createPatience(backoff, random);
  while (!signal.aborted) {
    let failure: unknown = new Error('Cannot go on watching: the server ended the watch');
    /** Others' requests of before: what this watch has not shown when it has shown all that there is, is gone. */
    const unseen = new Set(others.keys());
    try {
      for await (const event of api.watchRequests({ signerName }, { signal })) {
        patience = createPatience(backoff, random);
        if (event.type === 'bookmark') {
          for (const uid of unseen) others.delete(uid);
          unseen.clear();
          continue;
        }
        const { uid } = event.object.metadata;
        unseen.delete(uid);
        if (event.type === 'deleted') {
          others.delete(uid);
          serving.get(uid)?.gone.abort();
        } else consider(event.object, false);
      }
    } catch (error) {
      failure = error;
    }
    if (signal.aborted) break;
    const delay = patience.after(failure);
    onEvent({ type: 'disconnected', error: failure, at: clock.now() + delay });
    await sleepFor(clock, delay, signal);
  }
  endSharing?.();
  await Promise.all([...serving.values()].map(({ done }) => done));
}

/** Conflicts in a row after which a request waits, as in RetryOnConflict of Kubernetes' own client. */
const MAX_CONFLICTS = 5;

/** Looks at a request again that begin the waits anew: more of them are no bad luck, and the waits grow. */
const MAX_LOOKS = 5;

/** Ends an attempt at what became another signer's to answer. */
class OthersRequest extends Error {}

const systemTimer: Timer = (callback, milliseconds) => {
  const id = setTimeout(callback, milliseconds);
  return () => clearTimeout(id);
};

interface Task {
  request: PodCertificateRequest;
  /** Of a request that is too large to be kept as it is. */
  denial: Denial | undefined;
  /** Made once; kept until it is written or the API server would not take it any more. */
  answer: Answer | undefined;
  /** Whether the request is to be read again before the next attempt. */
  stale: boolean;
  /** How often it was read again and still waited for its answer. */
  looks: number;
}

/** The request as it is now; `undefined` when it is gone, or another one has its name. */
async function readAgain(
  api: PodCertificateApi,
  { metadata: { namespace, name, uid } }: PodCertificateRequest,
): Promise<PodCertificateRequest | undefined> {
  try {
    const current = await api.getRequest(namespace, name);
    return current.metadata.uid === uid ? current : undefined;
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
    throw error;
  }
}

function kept(request: PodCertificateRequest): Pick<Task, 'request' | 'denial'> {
  const denial = sizeDenial(request);
  return { denial, request: denial === undefined ? request : withoutContents(request) };
}

function eventOf(answer: Answer, request: PodCertificateRequest): SignerEvent {
  if (answer.type !== 'issued') return { type: answer.type, request, denial: answer.denial };
  const { serialNumber, notAfter, beginRefreshAt } = answer;
  return { type: 'issued', request, serialNumber, notAfter, beginRefreshAt };
}
