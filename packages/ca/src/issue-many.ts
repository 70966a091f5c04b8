import type { SigningKey, SyncSigningKey } from '@mayfly/x509/signed';
import type { CompiledProfile, IssuanceRequest, Issued, Prepared, Surroundings } from './compile.js';
import { CaError } from './errors.js';
import { completeVerified, completeVerifiedSync, prepareLinted } from './issue.js';
import type { SyncIssuer } from './issuer.js';
import { type Allocate, sharedMemory } from './memory.js';
import { SerialNumbers } from './serial-numbers.js';

/** What became of one request of a batch. */
export type IssueResult =
  | { readonly ok: true; readonly issued: Issued }
  /** What {@link issue} would have thrown. */
  | { readonly ok: false; readonly error: unknown };

export interface IssueManyOptions {
  /** Certificates that are prepared, signed and completed together. Default 256. */
  readonly chunkLength?: number;
  /** Ends the batch: requests that are not prepared yet fail with its reason; what is being signed is finished. */
  readonly signal?: AbortSignal;
}

/**
 * Issues a batch: each certificate is what {@link issue} would have made of its request, in the same order and from the same
 * random octets, but all are signed together where the key has a `signMany`, one after the other where it has none.
 * @returns A result for each request, in their order. One that cannot be issued fails alone; a key that fails takes along
 * what it was signing.
 * @throws RangeError for a `chunkLength` that is no whole number above zero.
 */
export async function issueMany(
  compiled: CompiledProfile,
  requests: readonly IssuanceRequest[],
  around: Surroundings,
  { chunkLength = DEFAULT_CHUNK_LENGTH, signal, ...unknown }: IssueManyOptions = {},
): Promise<readonly IssueResult[]> {
  unknown satisfies Record<string, never>;
  requireLength(chunkLength);
  const results: IssueResult[] = [];
  const batch = beginBatch(compiled, requests, around, signal);
  for (let at = 0; at < requests.length; at += chunkLength) {
    const begun = batch.prepare(at, Math.min(at + chunkLength, requests.length));
    const signatures = await signAll(compiled.issuer.key, tbsOf(begun));
    let next = 0;
    for (const outcome of begun) {
      if (!outcome.ok) results.push(outcome);
      else {
        const signature = signatures[next++]!;
        results.push(
          signature.ok ? await completed(compiled, outcome.value, signature.value, batch.memory) : signature,
        );
      }
    }
  }
  return results;
}

/**
 * {@link issueMany} for a key that signs and a verifier that answers without waiting.
 * @throws RangeError for a `chunkLength` that is no whole number above zero.
 */
export function issueManySync(
  compiled: CompiledProfile<SyncIssuer>,
  requests: readonly IssuanceRequest[],
  around: Surroundings,
  { chunkLength = DEFAULT_CHUNK_LENGTH, signal, ...unknown }: IssueManyOptions = {},
): readonly IssueResult[] {
  unknown satisfies Record<string, never>;
  requireLength(chunkLength);
  const results: IssueResult[] = [];
  const batch = beginBatch(compiled, requests, around, signal);
  for (let at = 0; at < requests.length; at += chunkLength) {
    const begun = batch.prepare(at, Math.min(at + chunkLength, requests.length));
    const signatures = signAllSync(compiled.issuer.key, tbsOf(begun));
    let next = 0;
    for (const outcome of begun) {
      if (!outcome.ok) results.push(outcome);
      else {
        const signature = signatures[next++]!;
        results.push(signature.ok ? completedSync(compiled, outcome.value, signature.value, batch.memory) : signature);
      }
    }
  }
  return results;
}

/** As many as WebAssembly signs in one go at full speed (benchmarks/sign), some 400 kB of what is prepared. */
const DEFAULT_CHUNK_LENGTH = 256;

/** What a step gave, or threw. */
type Outcome<T> = { readonly ok: true; readonly value: T } | Failure;

interface Failure {
  readonly ok: false;
  readonly error: unknown;
}

function attempt<T>(step: () => T): Outcome<T> {
  try {
    return { ok: true, value: step() };
  } catch (error) {
    return { ok: false, error };
  }
}

async function settled<T>(step: () => T | Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await step() };
  } catch (error) {
    return { ok: false, error };
  }
}

function requireLength(chunkLength: number): void {
  if (!Number.isSafeInteger(chunkLength) || chunkLength < 1)
    throw new RangeError(`Cannot issue in chunks of ${chunkLength}: need a whole number above zero`);
}

/** What the certificates of a batch share. */
function beginBatch(
  compiled: CompiledProfile,
  requests: readonly IssuanceRequest[],
  around: Surroundings,
  signal: AbortSignal | undefined,
) {
  const memory = sharedMemory();
  const serials = new SerialNumbers(around, requests.length);
  return {
    memory,
    prepare(from: number, end: number): readonly Outcome<Prepared>[] {
      const begun: Outcome<Prepared>[] = [];
      for (let i = from; i < end; i++) {
        try {
          signal?.throwIfAborted();
          begun.push({ ok: true, value: prepareLinted(compiled, requests[i]!, around, serials, memory) });
        } catch (error) {
          begun.push({ ok: false, error });
        }
      }
      return begun;
    },
  };
}

function tbsOf(begun: readonly Outcome<Prepared>[]): readonly Uint8Array[] {
  const batch: Uint8Array[] = [];
  for (const outcome of begun) if (outcome.ok) batch.push(outcome.value.tbsCertificate);
  return batch;
}

async function signAll(key: SigningKey, batch: readonly Uint8Array[]): Promise<readonly Outcome<Uint8Array>[]> {
  if (batch.length === 0) return [];
  if (key.signMany !== undefined) return eachOf(batch.length, await settled(() => key.signMany!(batch))); // seen here
  const signatures: Outcome<Uint8Array>[] = [];
  for (const tbs of batch) signatures.push(await settled(() => key.sign(tbs)));
  return signatures;
}

function signAllSync(key: SyncSigningKey, batch: readonly Uint8Array[]): readonly Outcome<Uint8Array>[] {
  if (batch.length === 0) return [];
  return key.signMany === undefined
    ? batch.map((tbs) => attempt(() => key.sign(tbs)))
    : eachOf(
        batch.length,
        attempt(() => key.signMany!(batch)), // seen here
      );
}

/** A batch is signed as a whole or not at all. */
function eachOf(count: number, batch: Outcome<readonly Uint8Array[]>): readonly Outcome<Uint8Array>[] {
  if (batch.ok && batch.value.length === count) return batch.value.map((value) => ({ ok: true, value }));
  const error = batch.ok
    ? new CaError('ERR_CA_SIGNATURE', `Refusing to hand out ${count} certificates: ${batch.value.length} signatures`)
    : batch.error;
  return Array.from({ length: count }, () => ({ ok: false, error }));
}

async function completed(
  compiled: CompiledProfile,
  prepared: Prepared,
  signatureValue: Uint8Array,
  memory: Allocate,
): Promise<IssueResult> {
  try {
    return { ok: true, issued: await completeVerified(compiled, prepared, signatureValue, memory) };
  } catch (error) {
    return { ok: false, error };
  }
}

function completedSync(
  compiled: CompiledProfile<SyncIssuer>,
  prepared: Prepared,
  signatureValue: Uint8Array,
  memory: Allocate,
): IssueResult {
  try {
    return { ok: true, issued: completeVerifiedSync(compiled, prepared, signatureValue, memory) };
  } catch (error) {
    return { ok: false, error };
  }
}
