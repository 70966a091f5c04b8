import type { SigningKey, SyncSigningKey } from '@mayfly/x509/signed';
import type { CompiledProfile, IssuanceRequest, Issued, Prepared, Surroundings } from './compile.js';
import { CaError } from './errors.js';
import { completeVerified, completeVerifiedSync, prepareLinted } from './issue.js';
import type { SyncIssuer } from './issuer.js';
import { type Allocate, sharedMemory } from './memory.js';

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
  const memory = sharedMemory();
  for (let at = 0; at < requests.length; at += chunkLength) {
    const begun = prepareAll(compiled, requests.slice(at, at + chunkLength), around, memory, signal);
    const signatures = await signAll(compiled.issuer.key, tbsOf(begun));
    for (const outcome of withSignatures(begun, signatures))
      results.push(
        resultOf(outcome.ok ? await settled(() => completeVerified(compiled, ...outcome.value, memory)) : outcome),
      );
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
  const memory = sharedMemory();
  for (let at = 0; at < requests.length; at += chunkLength) {
    const begun = prepareAll(compiled, requests.slice(at, at + chunkLength), around, memory, signal);
    const signatures = signAllSync(compiled.issuer.key, tbsOf(begun));
    for (const outcome of withSignatures(begun, signatures))
      results.push(
        resultOf(outcome.ok ? attempt(() => completeVerifiedSync(compiled, ...outcome.value, memory)) : outcome),
      );
  }
  return results;
}

/** As many as WebAssembly signs in one go at full speed (benchmarks/sign), some 400 kB of what is prepared. */
const DEFAULT_CHUNK_LENGTH = 256;

/** What a step gave, or threw. */
type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

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

const prepareAll = (
  compiled: CompiledProfile,
  requests: readonly IssuanceRequest[],
  around: Surroundings,
  memory: Allocate,
  signal: AbortSignal | undefined,
): readonly Outcome<Prepared>[] =>
  requests.map((request) =>
    attempt(() => {
      signal?.throwIfAborted();
      return prepareLinted(compiled, request, around, memory);
    }),
  );

const tbsOf = (begun: readonly Outcome<Prepared>[]): readonly Uint8Array[] =>
  begun.flatMap((outcome) => (outcome.ok ? [outcome.value.tbsCertificate] : []));

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

/** @param signatures - One for each that was prepared, in their order. */
function withSignatures(
  begun: readonly Outcome<Prepared>[],
  signatures: readonly Outcome<Uint8Array>[],
): readonly Outcome<readonly [Prepared, Uint8Array]>[] {
  let next = 0;
  return begun.map((outcome) => {
    if (!outcome.ok) return outcome;
    const signature = signatures[next++]!;
    return signature.ok ? { ok: true, value: [outcome.value, signature.value] } : signature;
  });
}

const resultOf = (outcome: Outcome<Issued>): IssueResult =>
  outcome.ok ? { ok: true, issued: outcome.value } : outcome;
