import type { Seconds } from '@mayfly/der';
import { describeFieldError, type FieldError } from './field-error.js';
import type { LabelSelector } from './selector.js';
import type { StatusJson } from './status.js';
import type {
  ClusterTrustBundle,
  NewClusterTrustBundle,
  NewPodCertificateRequest,
  PodCertificateRequest,
} from './types.js';

export type { FieldError, FieldErrorReason } from './field-error.js';
export { type LabelExpression, type LabelSelector, matchesLabels } from './selector.js';

/** Kubernetes' StatusReason, as far as these calls meet it. */
export type ApiErrorReason =
  | 'AlreadyExists'
  | 'BadRequest'
  | 'Conflict'
  | 'Expired'
  | 'Forbidden'
  | 'InternalError'
  | 'Invalid'
  | 'NotFound'
  | 'ServiceUnavailable'
  | 'Timeout'
  | 'TooManyRequests'
  | 'Unauthorized';

const STATUS: Readonly<Record<ApiErrorReason, number>> = {
  AlreadyExists: 409,
  BadRequest: 400,
  Conflict: 409,
  Expired: 410,
  Forbidden: 403,
  InternalError: 500,
  Invalid: 422,
  NotFound: 404,
  ServiceUnavailable: 503,
  Timeout: 504,
  TooManyRequests: 429,
  Unauthorized: 401,
};

/** What an API server answers instead of an object: Kubernetes' `Status` of a failure. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status, for example 422. */
  readonly status: number;
  readonly reason: ApiErrorReason;
  /** The fields that were refused; only `Invalid` has some. */
  readonly causes: readonly FieldError[];
  /** Seconds that the server wants the client to wait, where it says so. */
  readonly retryAfter: Seconds | undefined;

  constructor(
    reason: ApiErrorReason,
    message: string,
    options: ErrorOptions & { readonly causes?: readonly FieldError[]; readonly retryAfter?: Seconds } = {},
  ) {
    super(message, options);
    this.status = STATUS[reason];
    this.reason = reason;
    this.causes = options.causes ?? [];
    this.retryAfter = options.retryAfter;
  }
}

/** A 422 over refused fields, worded as Kubernetes words it. */
export const invalidObject = (kind: string, name: string, causes: readonly FieldError[]): ApiError => {
  const texts = causes.map(describeFieldError);
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  return new ApiError('Invalid', `${kind}.certificates.k8s.io ${JSON.stringify(name)} is invalid: ${list}`, { causes });
};

/** Which requests a list or watch is about; every part has to match. */
export interface RequestSelector {
  readonly namespace?: string;
  /** `metadata.name`. */
  readonly name?: string;
  /** `spec.signerName`. */
  readonly signerName?: string;
  /** `spec.podName`. */
  readonly podName?: string;
  /** `spec.nodeName`. */
  readonly nodeName?: string;
}

/** Which trust bundles: one by name, or those of a signer whose labels match. An absent labelSelector matches nothing. */
export type TrustBundleSelector =
  | { readonly name: string }
  | { readonly signerName: string; readonly labelSelector: LabelSelector | undefined };

/** Objects as of one moment. */
export interface List<T> {
  readonly items: readonly T[];
  /** Where a watch goes on without a gap. */
  readonly resourceVersion: string;
}

/** One change, or a note that everything up to a resource version was delivered. */
export type WatchEvent<T> =
  | { readonly type: 'added' | 'modified' | 'deleted'; readonly object: T }
  | { readonly type: 'bookmark'; readonly resourceVersion: string };

export interface WatchOptions {
  /**
   * Begin behind this resource version. Left out, the watch begins with everything there is as `added`, then a bookmark,
   * then the changes. A version that is too old is an {@link ApiError} `Expired`: begin anew.
   */
  readonly resourceVersion?: string;
  /** Ends the watch; the iteration then ends without an error. */
  readonly signal: AbortSignal;
}

/** `Preconditions` of meta/v1: the one version of the one object that may be deleted; another is a `Conflict`. */
export interface Preconditions {
  readonly uid: string;
  readonly resourceVersion: string;
}

/** What identifies one version of a request. */
export interface RequestVersion {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
  };
}

/** The answer to a write that races with others: done, or overtaken. */
export type StatusUpdate =
  | { readonly ok: true; readonly request: PodCertificateRequest }
  /** `Conflict`: read again and decide again. `NotFound`: the request is gone, or another one has its name. */
  | { readonly ok: false; readonly reason: 'Conflict' | 'NotFound'; readonly message: string };

/** Kubernetes' Event, as far as it tells people about a pod or its request. */
export interface PodEvent {
  readonly type: 'Normal' | 'Warning';
  /** A word in CamelCase, for example `CertificateExpired`. */
  readonly reason: string;
  /** For people. */
  readonly note: string;
  /** A pod, unless it says otherwise. */
  readonly regarding: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly kind?: string;
    readonly apiVersion?: string;
  };
  /** Who tells it, for example a signer name. */
  readonly reportingController: string;
  readonly eventTime: Seconds;
}

/**
 * Everything that signers and requesters need from a cluster. Calls reject with {@link ApiError} for what the server
 * answers and with any other error where no answer came.
 */
export interface PodCertificateApi {
  createRequest(request: NewPodCertificateRequest): Promise<PodCertificateRequest>;
  getRequest(namespace: string, name: string): Promise<PodCertificateRequest>;
  listRequests(selector?: RequestSelector): Promise<List<PodCertificateRequest>>;
  watchRequests(selector: RequestSelector, options: WatchOptions): AsyncIterable<WatchEvent<PodCertificateRequest>>;
  /** Writes the whole status in one go, to exactly the version given. */
  updateStatus(request: RequestVersion, status: StatusJson): Promise<StatusUpdate>;
  /** @param uid - Deletes only the object with this uid; another one of the name is a `Conflict`. */
  deleteRequest(namespace: string, name: string, uid?: string): Promise<void>;

  getTrustBundle(name: string): Promise<ClusterTrustBundle>;
  listTrustBundles(selector?: TrustBundleSelector): Promise<List<ClusterTrustBundle>>;
  watchTrustBundles(
    selector: TrustBundleSelector | undefined,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent<ClusterTrustBundle>>;
  /** Creates the bundle or replaces labels and anchors of the one that is there. */
  applyTrustBundle(bundle: NewClusterTrustBundle): Promise<ClusterTrustBundle>;
  deleteTrustBundle(name: string, preconditions?: Preconditions): Promise<void>;

  createEvent(event: PodEvent): Promise<void>;
}
