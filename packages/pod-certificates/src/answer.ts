import {
  CaError,
  type CompiledProfile,
  type Denial,
  decide,
  type IssuanceRequest,
  type Issued,
  issueMany,
  type Rule,
  type Surroundings,
} from '@mayfly/ca';
import { DerError, type Seconds } from '@mayfly/der';
import { Pkcs10Error } from '@mayfly/pkcs10';
import { type RefreshOptions, stableRandom } from '@mayfly/rotation';
import { parseCertificate, X509Error } from '@mayfly/x509';
import { validatePath } from '@mayfly/x509/path';
import type { VerifySignature } from '@mayfly/x509/signed';
import { evidenceOf } from './evidence.js';
import { describeFieldError } from './field-error.js';
import type { InTurn, IssueMany, IssueOne } from './gathering.js';
import { classifyKey, type KeyType, keyTypes } from './key-type.js';
import { kubernetesLimits, type Limits } from './limits.js';
import { beginRefreshAt } from './refresh.js';
import { sizeDenial } from './request-size.js';
import { type RequestedKey, requestedKey } from './requested-key.js';
import { deniedStatus, failedStatus, issuedStatus, type StatusJson } from './status.js';
import { validateStatusUpdate } from './status-rules.js';
import type { PodCertificateRequest } from './types.js';

/** What a certificate is to say; the key comes from the request and from nowhere else. */
export type WantedCertificate = Omit<IssuanceRequest, 'subjectPublicKeyInfo'>;

/** How a signer decides; shared by all the certificates it makes. */
export interface SigningPolicy {
  /**
   * Which names this pod gets: the only site-specific code. It sees the request, whose annotations nobody vouches for, and
   * may wait for lookups. What it throws is trouble that passes: the request stays pending and is tried again.
   */
  readonly toRequest: (
    request: PodCertificateRequest,
  ) => WantedCertificate | Denial | Promise<WantedCertificate | Denial>;
  /**
   * Asked per certificate, so the active authority may change under a running signer, and pods may get different profiles.
   * Profiles count by `difference`.
   */
  readonly compiled: (request: PodCertificateRequest) => CompiledProfile;
  /** Asked in order; the first denial wins. Default none. */
  readonly rules?: readonly Rule[];
  /** Key types that are signed; others are denied as `UnsupportedKeyType`. Default all six. */
  readonly keyTypes?: readonly KeyType[];
  /** Annotation keys that `toRequest` understands; others are denied. Default none. */
  readonly annotations?: readonly string[];
  /** When pods begin to refresh. Default 80 % less jitter, within the bounds that `beginRefreshAt` keeps. */
  readonly refresh?: RefreshOptions;
  /** Default what Kubernetes enforces. */
  readonly limits?: Limits;
  /** Verifies each certificate before it is handed out. */
  readonly verify: VerifySignature;
  /** Makes certificates; what is asked for at the same time comes together. Default `issueMany` of `@mayfly/ca`. */
  readonly issueMany?: IssueMany;
}

/** The one status that a request gets, and what it means. */
export type Answer =
  | {
      readonly type: 'issued';
      readonly status: StatusJson;
      readonly serialNumber: bigint;
      readonly notAfter: Seconds;
      readonly beginRefreshAt: Seconds;
    }
  | { readonly type: 'denied' | 'failed'; readonly status: StatusJson; readonly denial: Denial };

/**
 * Decides on a pending request and issues its certificate, checked against everything that the API server will check.
 * @param issue - Makes the certificate. Default: a batch of one by the policy's `issueMany`.
 * @param inTurn - Makes what it is given wait until it may be signed; only then the policy is asked for the profile. Default: no wait.
 * @returns The status to write.
 * @throws whatever is no decision: an authority that is about to expire, a key that does not answer, a fault of ours
 * caught before it left. The request is to stay pending then; denials and failures are for good.
 */
export async function answerRequest(
  request: PodCertificateRequest,
  policy: SigningPolicy,
  around: Surroundings,
  issue: IssueOne = issueAlone(policy, around),
  inTurn: InTurn = (work) => work(),
): Promise<Answer> {
  const now = around.now();
  const key = readKey(request);
  if ('reason' in key) return { type: 'failed', status: failedStatus(key.reason, key.message, now), denial: key };
  const denial =
    sizeDenial(request) ??
    keyDenial(key, policy.keyTypes ?? keyTypes) ??
    annotationDenial(request, policy.annotations ?? []);
  if (denial !== undefined) return denied(denial, now);
  const wanted = await policy.toRequest(request);
  if ('reason' in wanted) return denied(wanted, now);
  const tooMany = namesDenial(wanted);
  if (tooMany !== undefined) return denied(tooMany, now);
  const decision = decide(
    policy.rules ?? [],
    evidenceOf(request, { ...wanted, subjectPublicKeyInfo: key.subjectPublicKeyInfo }),
  );
  return decision.ok
    ? await issueAnswer(request, decision.request, policy, around, issue, inTurn)
    : denied(decision.denial, now);
}

const issueAlone =
  ({ issueMany: make = issueMany }: SigningPolicy, around: Surroundings): IssueOne =>
  async (compiled, request) => {
    const [result] = await make(compiled, [request], around);
    if (result === undefined) throw new Error('Cannot issue: no result for the request');
    if (!result.ok) throw result.error;
    return result.issued;
  };

/** Whether the API server would still accept an answer that could not be written at first. */
export function isStillAcceptable(
  { status }: Answer,
  request: PodCertificateRequest,
  now: Seconds,
  limits: Limits = kubernetesLimits,
): boolean {
  const key = readKey(request);
  return 'reason' in key || statusFaults(request, key, status, now, limits).length === 0;
}

/** The answer that refuses a request for good. */
export const denied = (denial: Denial, now: Seconds): Answer => ({
  type: 'denied',
  status: deniedStatus(denial, now),
  denial,
});

/**
 * The key, or why there will never be one: the API server lets no broken stub in; a foreign one may.
 * @throws Error when there is no key at all. That is how a v1 client sees the request of a kubelet of 1.35, which another
 * signer can answer; failing it would keep the pod from ever starting.
 */
function readKey(request: PodCertificateRequest): RequestedKey | Denial {
  try {
    const key = requestedKey(request);
    if (key !== undefined) return key;
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error || error instanceof Pkcs10Error)
      return { reason: 'MalformedRequest', message: error.message };
    throw error;
  }
  throw new Error(
    'Cannot answer the request: it shows no key; kubelets of 1.35 send theirs where only v1beta1 shows it',
  );
}

function keyDenial({ subjectPublicKeyInfo, stub }: RequestedKey, supported: readonly KeyType[]): Denial | undefined {
  const key = classifyKey(subjectPublicKeyInfo);
  if (!key.ok || !supported.includes(key.keyType))
    return {
      reason: 'UnsupportedKeyType',
      message: `Key type ${key.ok ? key.keyType : key.found} is not signed here, use ${supported.join(', ')}`,
    };
  // The API server lets a filled stub pass. What it says is bound to nothing, not even to the pod.
  if (stub !== undefined && (stub.subject.length > 2 || stub.attributes.length > 0))
    return {
      reason: 'StubNotEmpty',
      message: 'stubPKCS10Request has a subject or attributes, which are never copied; it has to be empty',
    };
  return undefined;
}

function annotationDenial({ spec }: PodCertificateRequest, known: readonly string[]): Denial | undefined {
  const unknown = Object.keys(spec.unverifiedUserAnnotations).filter((key) => !known.includes(key));
  if (unknown.length === 0) return undefined;
  return {
    reason: 'InvalidUnverifiedUserAnnotations',
    message: `Unknown annotation ${unknown.join(', ')}, known: ${known.length === 0 ? 'none' : known.join(', ')}`,
  };
}

/** What `subjectAltName` is written with at most. */
const MAX_NAMES = 1000;

const namesDenial = ({ subjectAltName: { length } }: WantedCertificate): Denial | undefined =>
  length > MAX_NAMES
    ? { reason: 'UnacceptableNames', message: `${length} names, at most ${MAX_NAMES} go into a certificate` }
    : undefined;

async function issueAnswer(
  request: PodCertificateRequest,
  wanted: IssuanceRequest,
  policy: SigningPolicy,
  around: Surroundings,
  issue: IssueOne,
  inTurn: InTurn,
): Promise<Answer> {
  const { limits = kubernetesLimits } = policy;
  const lifetime = Math.min(wanted.lifetime, request.spec.maxExpirationSeconds);
  if (lifetime < limits.minExpirationSeconds)
    throw new RangeError(
      `Cannot issue for ${lifetime} s: the API server accepts ${limits.minExpirationSeconds} s and more`,
    );
  let compiled: CompiledProfile;
  let issued: Issued;
  try {
    ({ compiled, issued } = await inTurn(async () => {
      const compiled = policy.compiled(request);
      const issued = await issue(compiled, { ...wanted, lifetime, minLifetime: limits.minExpirationSeconds });
      return { compiled, issued };
    }));
  } catch (error) {
    const denial = lintDenial(error);
    if (denial === undefined) throw error;
    return denied(denial, around.now());
  }
  const leaf = parseCertificate(issued.certificate);
  const now = around.now();
  const refresh = beginRefreshAt(
    leaf.validity,
    policy.refresh ?? {},
    stableRandom(request.metadata.uid, leaf.serialNumber),
    limits,
  );
  const status = issuedStatus(issued, refresh, now);
  const faults = statusFaults(request, { subjectPublicKeyInfo: wanted.subjectPublicKeyInfo }, status, now, limits);
  const anchors = [compiled.issuer.certificate];
  const path = await validatePath(leaf, { anchors, at: now, mode: 'workload', verify: policy.verify });
  const fault = faults[0] ?? (path.ok ? undefined : path.message);
  if (fault !== undefined)
    throw new Error(`Refusing to hand out certificate ${leaf.serialNumber.toString(16)}: ${fault}`);
  return {
    type: 'issued',
    status,
    serialNumber: leaf.serialNumber,
    notAfter: leaf.validity.notAfter,
    beginRefreshAt: refresh,
  };
}

/** Rules of the CA's lint that a request breaks however often it is tried; all others are about us, the profile or the issuer. */
const REQUEST_RULES: Readonly<Record<string, string>> = {
  ...{ 'public-key': 'UnacceptableKey', 'public-point': 'UnacceptableKey', 'weak-key': 'UnacceptableKey' },
  ...{ 'no-name': 'UnacceptableNames', 'dns-name': 'UnacceptableNames', 'rfc822-name': 'UnacceptableNames' },
  ...{ uri: 'UnacceptableNames', 'subject-value': 'UnacceptableNames' },
  ...{ svid: 'UnacceptableNames', size: 'UnacceptableNames' },
};

/** Why nobody will ever be given such a certificate; `undefined` for trouble that may pass. */
function lintDenial(error: unknown): Denial | undefined {
  if (!(error instanceof CaError && error.code === 'ERR_CA_LINT')) return undefined;
  const reason = REQUEST_RULES[error.rule ?? ''];
  return reason === undefined ? undefined : { reason, message: error.message };
}

/** What the API server would refuse in a status, by its own rules. */
const statusFaults = (
  request: PodCertificateRequest,
  { subjectPublicKeyInfo }: RequestedKey,
  status: StatusJson,
  now: Seconds,
  limits: Limits,
): readonly string[] =>
  validateStatusUpdate({
    oldStatus: {},
    newStatus: { ...status },
    subjectPublicKeyInfo,
    maxExpirationSeconds: request.spec.maxExpirationSeconds,
    now,
    limits,
  }).map(describeFieldError);
