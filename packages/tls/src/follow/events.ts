import type { Seconds } from '@mayfly/der';
import { type Credentials, serialNumber } from '../credentials.js';
import { messageOf, type TlsErrorCode } from '../errors.js';

/** Which credentials an event is about; nothing of it is secret. */
export interface CredentialSummary {
  readonly sequence: number;
  /** Hex, as the openssl command prints it. */
  readonly serialNumber: string;
  readonly notAfter: Seconds;
  readonly trustHash: string;
}

/** What happened to followed credentials. A change of leaf and trust at once is two events with one sequence. */
export type CredentialEvent =
  | ({ readonly type: 'loaded' | 'rotated' | 'trust-changed' } & CredentialSummary)
  /** The credentials in use expired and nothing better has come. Once per sequence. */
  | ({ readonly type: 'stale' } & CredentialSummary)
  /** What was found cannot be used, or a listener threw; the last good credentials stay. Once per finding. */
  | { readonly type: 'rejected'; readonly code: TlsErrorCode; readonly message: string };

/** The public facts about credentials. */
export const summarize = ({ sequence, leaf, trustHash }: Credentials): CredentialSummary => ({
  sequence,
  serialNumber: serialNumber(leaf),
  notAfter: leaf.validity.notAfter,
  trustHash,
});

/** Calls an observer; what it throws becomes a process warning, because no caller is left to catch it. */
export function observe<Event>(observer: ((event: Event) => void) | undefined, event: Event): void {
  try {
    observer?.(event);
  } catch (error) {
    process.emitWarning(`An event listener threw: ${messageOf(error)}`, { code: 'ERR_TLS_LISTENER' });
  }
}
