import type { SecureContextOptions } from 'node:tls';
import type { Seconds } from '@mayfly/der';
import type { TlsErrorCode } from '../errors.js';
import type { Authorize } from '../peer.js';

/** Parts of a TLS context that stay with the application; keys, certificates, trust and tickets come from elsewhere. */
export type FixedContextOptions = Pick<
  SecureContextOptions,
  | 'ciphers'
  | 'dhparam'
  | 'ecdhCurve'
  | 'honorCipherOrder'
  | 'maxVersion'
  | 'minVersion'
  | 'secureOptions'
  | 'sessionTimeout'
  | 'sigalgs'
>;

/** What a server does with its peers and with connections older than its credentials. */
export interface ReloadOptions {
  /**
   * `require` refuses peers without a verified certificate, `request` lets in those without any, `none` does not ask.
   * Default `require`.
   */
  readonly clientAuth?: 'require' | 'request' | 'none';
  /** Asked once per connection, resumed ones included, after the certificate was verified. Default: everybody verified. */
  readonly authorize?: Authorize;
  /** Oldest a connection gets, in seconds, spread by a tenth either way. From 1 to 86,400. Default 3600. */
  readonly maxConnectionAge?: Seconds;
  /** Seconds that a connection gets to end by itself before it is closed. From 0 to 3600. Default 30. */
  readonly grace?: Seconds;
  /** Default: TLS 1.2 and up, the order of ciphers the server's. */
  readonly context?: FixedContextOptions;
  /**
   * Shared by processes that are to resume each other's sessions: 32 octets or more, secret. Ticket keys are derived
   * from it and from the trust anchors. Default: random, per server.
   */
  readonly ticketSecret?: Uint8Array;
  /** The wall clock; default the system's. */
  readonly now?: () => Seconds;
  /** Uniform in [0, 1); default Math.random. */
  readonly random?: () => number;
  readonly onEvent?: (event: ServerEvent) => void;
}

/** What happened at a server. */
export type ServerEvent =
  | { readonly type: 'installed'; readonly sequence: number; readonly serialNumber: string }
  /** The context could not be replaced; the old one serves on. */
  | { readonly type: 'rejected'; readonly sequence: number; readonly code: TlsErrorCode; readonly message: string }
  /** A peer was turned away after its handshake. */
  | { readonly type: 'refused'; readonly reason: string; readonly message: string }
  /** An open connection was closed by force. */
  | { readonly type: 'closed'; readonly reason: 'PeerNotTrusted' | 'TooOld' };
