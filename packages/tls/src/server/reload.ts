import { constants, hkdfSync, randomBytes, type X509Certificate } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import type { SecureContextOptions, Server, TLSSocket } from 'node:tls';
import type { Seconds } from '@mayfly/der';
import { parseCertificate } from '@mayfly/x509';
import { type Credentials, type LiveCredentials, serialNumber } from '../credentials.js';
import { messageOf, TlsError } from '../errors.js';
import { observe } from '../follow/events.js';
import type { Refusal } from '../peer.js';
import { trackConnections } from './connections.js';
import type { FixedContextOptions, ReloadOptions } from './options.js';
import { createPeerTrust } from './trust.js';

/** What a server uses at the moment; nothing of it is secret. */
export interface ServerStatus {
  /** Of the credentials installed, which is what new handshakes get. */
  readonly sequence: number;
  readonly serialNumber: string;
  readonly notAfter: Seconds;
  readonly trustHash: string;
  readonly connections: number;
  /** Connections that were asked to end. */
  readonly draining: number;
}

/** The tie between a server and its credentials. */
export interface Reloader {
  explain(): ServerStatus;
  /** Asks all connections to end with their next response, and closes them after the grace. */
  drain(): void;
  /** Lets go of the server, which keeps the credentials that it has. */
  detach(): void;
}

/** Handshakes begun before a change of trust end within this time, in seconds: the `handshakeTimeout` of node:tls. */
const HANDSHAKE_TIMEOUT = 120;
/** Milliseconds between two looks at the ends of connections. */
const SWEEP_INTERVAL = 1000;

/**
 * Ties a TLS or HTTPS server to credentials: installs them now and after each change, checks each peer, and ends
 * connections that outlive what they were made with.
 *
 * Create the server with `requestCert: true` unless `clientAuth` is `none`; where it was forgotten, every peer is
 * refused. Other `secureConnection` listeners are called for refused peers too, with a socket that is `destroyed`.
 * Contexts of `addContext` and of an `SNICallback` are not touched.
 * @throws {@link TlsError} `ERR_TLS_NO_TRUST` when clients are to be verified and there is no trust bundle,
 * `ERR_TLS_CONTEXT` when OpenSSL refuses the context. RangeError for options out of range.
 */
export function attachReloading(server: Server, live: LiveCredentials, options: ReloadOptions = {}): Reloader {
  const { clientAuth = 'require', authorize, maxConnectionAge = 3600, grace = 30, context = {}, ...rest } = options;
  const { ticketSecret = randomBytes(32), now = systemNow, random = Math.random, onEvent, ...unknown } = rest;
  unknown satisfies Record<string, never>;
  requireRange('maxConnectionAge', maxConnectionAge, 1, 86_400);
  requireRange('grace', grace, 0, 3600);
  requireRange('ticketSecret.length', ticketSecret.length, 32, 1024);

  const connections = trackConnections(now, (reason) => observe(onEvent, { type: 'closed', reason }));
  let installed = live.current;
  const trust = createPeerTrust();
  let trustSince: Seconds | undefined;

  const install = (credentials: Credentials, trustChanged: boolean): void => {
    if (clientAuth !== 'none' && credentials.trustAnchors === undefined)
      throw new TlsError('ERR_TLS_NO_TRUST', 'Cannot verify clients: the credentials have no trust bundle');
    try {
      server.setSecureContext(contextOf(credentials, context, ticketSecret));
    } catch (cause) {
      throw new TlsError('ERR_TLS_CONTEXT', `Cannot install the credentials: ${messageOf(cause)}`, { cause });
    }
    const { sequence, leaf, trustAnchors, certificateChain } = credentials;
    if (trustAnchors !== undefined && trustChanged) trust.replace(trustAnchors, certificateChain);
    installed = credentials;
    observe(onEvent, { type: 'installed', sequence, serialNumber: serialNumber(leaf) });
  };

  const change = (credentials: Credentials): void => {
    const trustChanged = credentials.trustHash !== installed.trustHash;
    try {
      install(credentials, trustChanged);
    } catch (error) {
      const code = error instanceof TlsError ? error.code : 'ERR_TLS_CONTEXT';
      observe(onEvent, { type: 'rejected', sequence: credentials.sequence, code, message: messageOf(error) });
      return;
    }
    connections.drain(trustChanged ? now() + grace : Number.POSITIVE_INFINITY);
    if (!trustChanged || clientAuth === 'none') return;
    trustSince = now();
    connections.expel((socket) => {
      const peer = socket.getPeerX509Certificate();
      return peer === undefined ? clientAuth === 'request' : trust.reaches(peer);
    }, now() + grace);
  };

  /** @returns The last second of the connection by certificates, or why it may not begin. */
  const admit = (socket: TLSSocket): Seconds | Refusal => {
    const own = socket.getX509Certificate();
    const ownNotAfter = own ? notAfterOf(own) : installed.leaf.validity.notAfter;
    // An own certificate that has expired is the peer's to judge.
    const ownEnd = ownNotAfter < now() ? Number.POSITIVE_INFINITY : ownNotAfter;
    if (clientAuth === 'none') return ownEnd;
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined)
      return clientAuth === 'request'
        ? ownEnd
        : { reason: 'PeerCertificateAbsent', message: 'Cannot serve a peer that sent no certificate' };
    if (!socket.authorized)
      return { reason: 'PeerNotVerified', message: `Cannot serve a peer: ${messageOf(socket.authorizationError)}` };
    trust.learn(certificate);
    const peer = parseCertificate(certificate.raw);
    const { notAfter } = peer.validity;
    if (notAfter < now())
      return { reason: 'PeerExpired', message: `Cannot serve ${serialNumber(peer)}: its certificate has expired` };
    if (trustSince !== undefined && now() - trustSince <= HANDSHAKE_TIMEOUT && !trust.reaches(certificate))
      return { reason: 'PeerNotTrusted', message: `Cannot serve ${serialNumber(peer)}: its issuer is trusted no more` };
    return authorize?.(peer) ?? Math.min(ownEnd, notAfter);
  };

  const onSecureConnection = (socket: TLSSocket): void => {
    const admitted = admitSafely(admit, socket);
    if (typeof admitted !== 'number') {
      observe(onEvent, { type: 'refused', ...admitted });
      socket.destroy();
      return;
    }
    const start = now();
    const hardAt = Math.min(admitted + 1, start + maxConnectionAge * (0.9 + 0.2 * random()));
    connections.add(socket, Math.max(hardAt - grace, (start + hardAt) / 2), hardAt);
  };
  const onRequest = (_request: unknown, response: ServerResponse): void => connections.respond(response);

  install(live.current, true);
  server.prependListener('secureConnection', onSecureConnection);
  if (server instanceof HttpsServer) server.prependListener('request', onRequest);
  const unsubscribe = live.subscribe(change);
  const sweep = setInterval(() => connections.sweep(), SWEEP_INTERVAL).unref();
  const detach = (): void => {
    unsubscribe();
    clearInterval(sweep);
    server.off('secureConnection', onSecureConnection);
    server.off('request', onRequest);
    server.off('close', detach);
  };
  server.once('close', detach);

  return {
    explain: () => ({
      sequence: installed.sequence,
      serialNumber: serialNumber(installed.leaf),
      notAfter: installed.leaf.validity.notAfter,
      trustHash: installed.trustHash,
      connections: connections.size,
      draining: connections.draining,
    }),
    drain: () => connections.drain(now() + grace),
    detach,
  };
}

/**
 * Ticket keys are a function of the trust anchors: a session is resumed only under the very trust that it was made
 * under. `sessionIdContext` does the same for sessions that an application keeps itself.
 */
function contextOf(
  { privateKey, certificateChain, trustAnchors, trustHash }: Credentials,
  fixed: FixedContextOptions,
  ticketSecret: Uint8Array,
): SecureContextOptions & { readonly ticketKeys: Buffer } {
  return {
    minVersion: 'TLSv1.2',
    honorCipherOrder: true,
    ...fixed,
    // A peer is admitted once: with TLS 1.2 renegotiation it could come back as another one.
    secureOptions: (fixed.secureOptions ?? 0) | constants.SSL_OP_NO_RENEGOTIATION,
    key: privateKey,
    cert: certificateChain,
    ...(trustAnchors !== undefined && { ca: trustAnchors }),
    sessionIdContext: trustHash.slice(0, 32),
    ticketKeys: Buffer.from(hkdfSync('sha256', ticketSecret, '', `mayfly ticket keys ${trustHash}`, 48)),
  };
}

function admitSafely(admit: (socket: TLSSocket) => Seconds | Refusal, socket: TLSSocket): Seconds | Refusal {
  try {
    return admit(socket);
  } catch (error) {
    return { reason: 'AuthorizationFailed', message: `Cannot decide about a peer: ${messageOf(error)}` };
  }
}

const notAfterOf = ({ raw }: X509Certificate): Seconds => parseCertificate(raw).validity.notAfter;
const systemNow = (): Seconds => Math.floor(Date.now() / 1000);

function requireRange(name: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most)) throw new RangeError(`Cannot use ${name} ${value}: need ${least} to ${most}`);
}
