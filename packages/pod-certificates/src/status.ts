import type { Seconds } from '@mayfly/der';
import { encodePem } from '@mayfly/der/pem';
import { formatTimestamp } from './timestamp.js';
import type { TerminalCondition } from './types.js';

/** A status as it stands in JSON: what a signer writes to `/status`, all at once. */
export interface StatusJson {
  readonly conditions: readonly ConditionJson[];
  readonly certificateChain?: string;
  readonly notBefore?: string;
  readonly beginRefreshAt?: string;
  readonly notAfter?: string;
}

/** A condition as it stands in JSON; the signer supplies the time, the server does not. */
export interface ConditionJson {
  readonly type: TerminalCondition;
  readonly status: 'True';
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

/** What of an issued certificate goes into a status; `Issued` of `@mayfly/ca` is one. */
export interface IssuedCertificate {
  /** DER of the leaf. */
  readonly certificate: Uint8Array;
  /** DER of the certificates behind it, towards the root; the root is left out. */
  readonly chain: readonly Uint8Array[];
  readonly notBefore: Seconds;
  readonly notAfter: Seconds;
}

/** Success: chain and the three times together, in one write. */
export const issuedStatus = (issued: IssuedCertificate, beginRefreshAt: Seconds, now: Seconds): StatusJson => ({
  conditions: [condition('Issued', 'Issued', '', now)],
  certificateChain: [issued.certificate, ...issued.chain].map((der) => encodePem('CERTIFICATE', der)).join(''),
  notBefore: formatTimestamp(issued.notBefore),
  beginRefreshAt: formatTimestamp(beginRefreshAt),
  notAfter: formatTimestamp(issued.notAfter),
});

/**
 * Policy says no. Permanent for the pod and its volume: never for anything that may pass.
 * @param denial - `reason` is a CamelCase word (`UnsupportedKeyType`), `message` is for people.
 */
export const deniedStatus = (
  denial: { readonly reason: string; readonly message: string },
  now: Seconds,
): StatusJson => ({ conditions: [condition('Denied', denial.reason, denial.message, now)] });

/** The request can never be signed, whoever asks. As permanent as a denial. */
export const failedStatus = (reason: string, message: string, now: Seconds): StatusJson => ({
  conditions: [condition('Failed', reason, message, now)],
});

/** Longest message of a condition, in octets of UTF-8. */
const MAX_MESSAGE = 32_768;

const condition = (type: TerminalCondition, reason: string, message: string, now: Seconds): ConditionJson => ({
  type,
  status: 'True',
  reason,
  message: cut(message),
  lastTransitionTime: formatTimestamp(now),
});

/** As much of a text as fits, without half a character at its end. */
function cut(text: string): string {
  const octets = new TextEncoder().encode(text);
  if (octets.length <= MAX_MESSAGE) return text;
  return new TextDecoder().decode(octets.subarray(0, MAX_MESSAGE), { stream: true });
}
