import { equalBytes, type Seconds } from '@mayfly/der';
import { createCertificationRequest, parseCertificationRequest } from '@mayfly/pkcs10';
import { type BackoffOptions, type Clock, type CredentialBundle, sleepFor } from '@mayfly/rotation';
import type { Certificate } from '@mayfly/x509';
import type { SigningKey, VerifySignature } from '@mayfly/x509/signed';
import { ApiError, type PodCertificateApi } from './api.js';
import { createPatience } from './patience.js';
import {
  identityFields,
  type NewPodCertificateRequest,
  type PodCertificateRequest,
  type PodCertificateRequestSpec,
} from './types.js';
import { verifyIssued } from './verify-issued.js';

export type { RejectionReason } from './verify-issued.js';

/** Who the certificate is for, and what of it may be chosen. */
export interface RequestIdentity
  extends Omit<
    PodCertificateRequestSpec,
    'maxExpirationSeconds' | 'unverifiedUserAnnotations' | 'stubPKCS10Request' | 'pkixPublicKey' | 'proofOfPossession'
  > {
  readonly namespace: string;
  /** Default the API server's, a day. */
  readonly maxExpirationSeconds?: Seconds;
  readonly unverifiedUserAnnotations?: Readonly<Record<string, string>>;
}

/** A key that can be kept: it signs, and it can be written down. */
export interface RequesterKey {
  readonly key: SigningKey;
  /** DER of the PKCS#8 key (RFC 5958). Secret. */
  readonly privateKeyInfo: Uint8Array;
}

/** A request that is on its way, with everything that it takes to go on after a crash. */
export interface InFlightRequest {
  readonly namespace: string;
  readonly name: string;
  /** Unknown until the server has answered the create. */
  readonly uid?: string;
  /** By the requester's clock. */
  readonly createdAt: Seconds;
  readonly stubPKCS10Request: Uint8Array;
  /** DER of the PKCS#8 key. Secret. */
  readonly privateKeyInfo: Uint8Array;
}

/** Where a request in flight outlives the process. */
export interface InFlightStore {
  load(): Promise<InFlightRequest | undefined>;
  /** Durable when it resolves; replaces what was there. */
  save(request: InFlightRequest): Promise<void>;
  clear(): Promise<void>;
}

export interface RequesterOptions {
  readonly api: PodCertificateApi;
  readonly identity: RequestIdentity;
  /** Called for every request: no key is asked for twice. */
  readonly generateKey: () => Promise<RequesterKey>;
  /** The trust anchors that a certificate has to lead to; asked when one arrives. */
  readonly anchors: () => readonly Certificate[] | Promise<readonly Certificate[]>;
  readonly verify: VerifySignature;
  readonly clock: Clock;
  /** For the names of requests that are saved before they are created. Returns a new array. */
  readonly randomBytes: (length: number) => Uint8Array;
  /** Draws from [0, 1) that spread retries. Default `Math.random`. */
  readonly random?: () => number;
  /** Between attempts to reach the API. Default from 1 s to 60 s. */
  readonly backoff?: BackoffOptions;
  /** Saves each request before it is created, and adopts one that was left behind. Default none. */
  readonly inFlight?: InFlightStore;
  /**
   * Proves possession to servers of 1.35, which know no stub: the requests then carry the key and this signature over the pod
   * UID. Default none: they carry the stub.
   */
  readonly provePossession?: ProvePossession;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: RequesterEvent) => void;
}

/**
 * Signs a message as `proofOfPossession` of v1beta1 has it: RSASSA-PSS with SHA-256, ECDSA with SHA-256 on any curve, or Ed25519.
 * @param privateKeyInfo - DER of the PKCS#8 key; not kept. Secret.
 */
export type ProvePossession = (privateKeyInfo: Uint8Array, message: Uint8Array) => Uint8Array | Promise<Uint8Array>;

export type RequesterEvent =
  | { readonly type: 'created' | 'adopted'; readonly request: PodCertificateRequest }
  /** The request is gone without an answer; a new one, with a new key, is made at `at`. */
  | { readonly type: 'lost'; readonly name: string; readonly at: Seconds }
  | { readonly type: 'retry'; readonly error: unknown; readonly at: Seconds };

/** How a request ended. */
export type RequestOutcome =
  | {
      readonly outcome: 'issued';
      /** Verified; `refreshAt` is the signer's `beginRefreshAt`. */
      readonly bundle: CredentialBundle;
      readonly notBefore: Seconds;
      readonly notAfter: Seconds;
      readonly beginRefreshAt: Seconds;
      /** Call it when the bundle is safe: forgets the request in flight. Until then a restart gets this certificate again. */
      readonly settle: () => Promise<void>;
    }
  /** The signer's word: permanent for this pod, by the API's rules. */
  | { readonly outcome: 'denied' | 'failed'; readonly reason: string; readonly message: string }
  /** The signer issued something that is not to be used. */
  | { readonly outcome: 'rejected'; readonly reason: string; readonly message: string };

/** A request that vanished is taken for lost so long after its creation, plus up to {@link LOST_SPREAD}. */
const LOST_AFTER: Seconds = 600;
const LOST_SPREAD: Seconds = 300;

/**
 * Plays the kubelet's part once: fresh key, empty stub, request, wait, verify. Trouble with the API is waited out; a
 * request that was deleted unanswered is made anew, with a new key, ten to fifteen minutes after its creation.
 * @throws {@link ApiError} when the API refuses the request itself (`Invalid`, `Forbidden`, `BadRequest`, `Unauthorized`);
 * the signal's reason when it is aborted, and the request in flight is kept for the next process then.
 */
export async function requestCertificate(options: RequesterOptions): Promise<RequestOutcome> {
  const { inFlight, clock, signal, random = Math.random, onEvent = () => {} } = options;
  let current = await adopt(options);
  for (;;) {
    current ??= await begin(options);
    const lostAt = current.createdAt + LOST_AFTER + Math.floor(LOST_SPREAD * random());
    const ended = await waitForEnd(current, options);
    if (ended !== undefined) {
      const outcome = await conclude(ended, current, options);
      if (outcome.outcome !== 'issued') await inFlight?.clear();
      return outcome;
    }
    onEvent({ type: 'lost', name: current.name, at: Math.max(lostAt, clock.now()) });
    if (!(await sleepFor(clock, lostAt - clock.now(), signal))) signal.throwIfAborted();
    await inFlight?.clear();
    current = undefined;
  }
}

/** Makes a key and a request for it. */
async function begin(options: RequesterOptions): Promise<InFlightRequest> {
  const { identity, generateKey, inFlight, clock, randomBytes } = options;
  const { key, privateKeyInfo } = await generateKey();
  const request: InFlightRequest = {
    namespace: identity.namespace,
    // Only a name that is known beforehand can be found again after a crash.
    name: inFlight === undefined ? '' : GENERATE_NAME + hex(randomBytes(8)),
    createdAt: clock.now(),
    stubPKCS10Request: await createCertificationRequest({}, key),
    privateKeyInfo,
  };
  await inFlight?.save(request);
  return await create(request, options);
}

const GENERATE_NAME = 'req-';

/** Creates what is in flight, or finds that it was created before. */
async function create(inFlight: InFlightRequest, options: RequesterOptions): Promise<InFlightRequest> {
  const { api, identity, onEvent = () => {} } = options;
  const { namespace, ...fields } = identity;
  const request: NewPodCertificateRequest = {
    metadata: { namespace, generateName: GENERATE_NAME, ...(inFlight.name !== '' && { name: inFlight.name }) },
    spec: { ...fields, ...(await keyMembers(inFlight, options)) },
  };
  const created = await persist(options, async () => {
    try {
      return { type: 'created', request: await api.createRequest(request) } as const;
    } catch (error) {
      if (!(error instanceof ApiError && error.reason === 'AlreadyExists')) throw error;
      const found = await api.getRequest(namespace, inFlight.name);
      if (!isOurs(found, inFlight, identity)) throw error;
      return { type: 'adopted', request: found } as const;
    }
  });
  onEvent(created);
  const { name, uid } = created.request.metadata;
  const acknowledged = { ...inFlight, name, uid };
  await options.inFlight?.save(acknowledged);
  return acknowledged;
}

/** The members of a spec that carry the key. */
async function keyMembers(
  { stubPKCS10Request, privateKeyInfo }: InFlightRequest,
  { identity, provePossession }: RequesterOptions,
): Promise<Partial<PodCertificateRequestSpec>> {
  if (provePossession === undefined) return { stubPKCS10Request };
  return {
    pkixPublicKey: parseCertificationRequest(stubPKCS10Request).subjectPublicKeyInfo,
    proofOfPossession: await provePossession(privateKeyInfo, new TextEncoder().encode(identity.podUID)),
  };
}

/** Takes up what a former process left: finds it, or creates it after all; forgets it when it serves no longer. */
async function adopt(options: RequesterOptions): Promise<InFlightRequest | undefined> {
  const { api, identity, inFlight, clock, onEvent = () => {} } = options;
  const left = await inFlight?.load();
  if (left === undefined) return undefined;
  const found = await persist(options, async () => {
    try {
      return await api.getRequest(left.namespace, left.name);
    } catch (error) {
      if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
      throw error;
    }
  });
  const due = found?.status.beginRefreshAt ?? Number.POSITIVE_INFINITY;
  if (found !== undefined && isOurs(found, left, identity) && clock.now() < due) {
    onEvent({ type: 'adopted', request: found });
    return { ...left, uid: found.metadata.uid };
  }
  if (found === undefined && left.namespace === identity.namespace && clock.now() < left.createdAt + LOST_AFTER)
    // With a uid it existed and is gone: the wait for its end comes to that. Without one it never arrived.
    return left.uid === undefined ? await create(left, options) : left;
  await inFlight?.clear();
  return undefined;
}

/** Whether a request on the server is the one that was saved, for the pod of now. */
function isOurs({ spec }: PodCertificateRequest, saved: InFlightRequest, identity: RequestIdentity): boolean {
  const isSameKey =
    spec.stubPKCS10Request.length > 0
      ? equalBytes(spec.stubPKCS10Request, saved.stubPKCS10Request)
      : equalBytes(spec.pkixPublicKey, parseCertificationRequest(saved.stubPKCS10Request).subjectPublicKeyInfo);
  return isSameKey && identityFields.every((field) => spec[field] === identity[field]);
}

/** @returns `undefined` when the request is gone without an answer. */
async function waitForEnd(
  { namespace, name, uid }: InFlightRequest,
  options: RequesterOptions,
): Promise<PodCertificateRequest | undefined> {
  const { api, identity, signal } = options;
  return await persist(options, async () => {
    let present = false;
    // A node may watch only what is its own, and has to say so.
    const selector = { namespace, name, nodeName: identity.nodeName };
    for await (const event of api.watchRequests(selector, { signal })) {
      if (event.type === 'bookmark') {
        if (!present) return undefined;
        continue;
      }
      if (event.object.metadata.uid !== uid) continue;
      if (event.type === 'deleted') return undefined;
      present = true;
      if (event.object.terminal !== undefined) return event.object;
    }
    signal.throwIfAborted();
    throw new Error(`Cannot go on waiting for ${name}: the server ended the watch`);
  });
}

async function conclude(
  request: PodCertificateRequest,
  { privateKeyInfo, stubPKCS10Request }: InFlightRequest,
  { anchors, clock, verify, inFlight }: RequesterOptions,
): Promise<RequestOutcome> {
  if (request.terminal !== 'Issued') {
    const { reason = '', message = '' } = request.status.conditions.find(({ type }) => type === request.terminal) ?? {};
    return { outcome: request.terminal === 'Denied' ? 'denied' : 'failed', reason, message };
  }
  const verified = await verifyIssued(request.status, {
    stubPKCS10Request,
    anchors: await anchors(),
    now: clock.now(),
    verify,
  });
  if (!verified.ok) return { outcome: 'rejected', reason: verified.reason, message: verified.message };
  const { chain, notBefore, notAfter, beginRefreshAt } = verified;
  return {
    outcome: 'issued',
    bundle: { privateKeyInfo, chain: chain.map(({ der }) => der), refreshAt: beginRefreshAt },
    notBefore,
    notAfter,
    beginRefreshAt,
    settle: async () => await inFlight?.clear(),
  };
}

/** Refusals of the request itself, which no waiting changes. */
const FINAL: readonly string[] = ['AlreadyExists', 'BadRequest', 'Forbidden', 'Invalid', 'Unauthorized'];

/** Does something until the API lets it succeed or refuses it for good. */
async function persist<T>(options: RequesterOptions, work: () => Promise<T>): Promise<T> {
  const { clock, signal, random = Math.random, backoff = { cap: 60 }, onEvent = () => {} } = options;
  const patience = createPatience(backoff, random);
  for (;;) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (signal.aborted || (error instanceof ApiError && FINAL.includes(error.reason))) throw error;
      const delay = patience.after(error);
      onEvent({ type: 'retry', error, at: clock.now() + delay });
      await sleepFor(clock, delay, signal);
    }
  }
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0')).join('');
