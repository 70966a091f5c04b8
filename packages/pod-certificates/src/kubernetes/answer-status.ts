import type { Seconds } from '@mayfly/der';
import { ApiError, type ApiErrorReason, type FieldError, type FieldErrorReason } from '../api.js';
import { isObject, objectMember, textMember } from '../json.js';

/** Reasons by HTTP status, for answers without a `Status` of their own: of a proxy, or of a server on its way up or down. */
const BY_STATUS: Readonly<Record<number, ApiErrorReason>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** Words of Kubernetes that mean one of ours. */
const BY_REASON: Readonly<Record<string, ApiErrorReason>> = {
  AlreadyExists: 'AlreadyExists',
  Gone: 'Expired',
  Expired: 'Expired',
  ServerTimeout: 'Timeout',
  Timeout: 'Timeout',
};

/** Characters of an answer that is no `Status` which are told. */
const MAX_QUOTED = 200;

/**
 * What a server answered instead of an object.
 * @param body - JSON of a `Status`, or whatever stood there: a proxy's page, for example.
 */
export function apiErrorOf(status: number, body: unknown, retryAfter: Seconds | undefined, where: string): ApiError {
  const json = isObject(body) && body['kind'] === 'Status' ? body : {};
  const fallback: ApiErrorReason = status < 500 ? 'BadRequest' : 'InternalError';
  const reason = BY_REASON[textMember(json, 'reason')] ?? BY_STATUS[status] ?? fallback;
  const said = textMember(json, 'message') || (typeof body === 'string' ? oneLine(body) : '');
  const details = objectMember(json, 'details');
  const wanted = retryAfter ?? secondsOf(details['retryAfterSeconds']);
  return new ApiError(reason, `${where}: ${status} ${said || reason}`, {
    causes: causesOf(details['causes']),
    ...(wanted !== undefined && { retryAfter: wanted }),
  });
}

/** `Retry-After` (RFC 9110 §10.2.3): seconds, or a date. At most an hour; `undefined` for anything else. */
export function parseRetryAfter(header: string | undefined, now: Seconds): Seconds | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : Math.ceil(Date.parse(header) / 1000) - now;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), MAX_RETRY_AFTER);
}

const MAX_RETRY_AFTER: Seconds = 3600;

const secondsOf = (value: unknown): Seconds | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? Math.min(value, MAX_RETRY_AFTER) : undefined;

const REASONS: readonly FieldErrorReason[] = [
  'FieldValueDuplicate',
  'FieldValueForbidden',
  'FieldValueInvalid',
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTypeInvalid',
];

const causesOf = (causes: unknown): readonly FieldError[] =>
  (Array.isArray(causes) ? causes : []).filter(isObject).map((cause) => ({
    field: textMember(cause, 'field'),
    reason: REASONS.find((reason) => reason === textMember(cause, 'reason')) ?? 'FieldValueInvalid',
    message: textMember(cause, 'message'),
  }));

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, MAX_QUOTED);
