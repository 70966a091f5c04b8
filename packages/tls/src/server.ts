import type { RequestListener } from 'node:http';
import {
  createServer as createHttpsServer,
  type Server as HttpsServer,
  type ServerOptions as HttpsServerOptions,
} from 'node:https';
import type { Socket } from 'node:net';
import { createServer as createTlsServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls';
import type { LiveCredentials } from './credentials.js';
import type { ReloadOptions } from './server/options.js';
import { attachReloading, type Reloader } from './server/reload.js';

export { type Authorize, allowDNSNames, allowSpiffeIds, type Refusal, spiffeId } from './peer.js';
export type { FixedContextOptions, ReloadOptions, ServerEvent } from './server/options.js';
export { attachReloading, type Reloader, type ServerStatus } from './server/reload.js';

/** Everything of a TLS server that is not credentials, trust or sessions. */
export type PlainTlsOptions = Pick<
  TlsOptions,
  'ALPNCallback' | 'ALPNProtocols' | 'allowHalfOpen' | 'handshakeTimeout' | 'keepAlive' | 'noDelay' | 'pauseOnConnect'
>;

/** Everything of an HTTPS server that is not credentials, trust or sessions. */
export type PlainHttpsOptions = PlainTlsOptions &
  Pick<
    HttpsServerOptions,
    | 'connectionsCheckingInterval'
    | 'headersTimeout'
    | 'insecureHTTPParser'
    | 'keepAliveTimeout'
    | 'maxHeaderSize'
    | 'requestTimeout'
    | 'requireHostHeader'
  >;

/** A server that goes with its credentials. */
export interface ReloadingServer<S extends Server> extends Omit<Reloader, 'detach'> {
  readonly server: S;
  /** Takes no new connections, lets requests under way end, and destroys what is left after the grace. */
  close(): Promise<void>;
}

/**
 * Makes an HTTPS server whose credentials change without a failed request.
 *
 * New handshakes get new credentials at once. Open connections are asked to close with their next response; the clients
 * come back with a new handshake. An idle connection is not closed by force for a new leaf: its client may be sending
 * a request at that moment, which would be lost; it ends with `keepAliveTimeout`, which clients are told of. After a
 * change of trust, connections of peers that the new anchors do not reach are closed at once, or after the response
 * under way; the others have the grace.
 * @throws {@link TlsError}, RangeError as {@link attachReloading}.
 */
export const createReloadingHttpsServer = (
  live: LiveCredentials,
  options: ReloadOptions & { readonly server?: PlainHttpsOptions } = {},
  requestListener?: RequestListener,
): ReloadingServer<HttpsServer> => {
  const { server: plain, ...reload } = options;
  const server = createHttpsServer({ ...plain, ...clientAuthentication(reload) }, requestListener);
  return closable(server, attachReloading(server, live, reload), reload.grace);
};

/**
 * Makes a TLS server whose credentials change under it. What is spoken inside is not known here, so a connection lasts
 * until its end by age or certificate, or until its peer is trusted no more; a change of trust gives the others the
 * grace. The listener is not called for peers that were refused.
 * @throws {@link TlsError}, RangeError as {@link attachReloading}.
 */
export const createReloadingTlsServer = (
  live: LiveCredentials,
  options: ReloadOptions & { readonly server?: PlainTlsOptions } = {},
  connectionListener?: (socket: TLSSocket) => void,
): ReloadingServer<Server> => {
  const { server: plain, ...reload } = options;
  const server = createTlsServer({ ...plain, ...clientAuthentication(reload) }, (socket) => {
    if (!socket.destroyed) connectionListener?.(socket); // a peer that was refused is nobody's business
  });
  return closable(server, attachReloading(server, live, reload), reload.grace);
};

const clientAuthentication = ({ clientAuth = 'require' }: ReloadOptions): TlsOptions => ({
  requestCert: clientAuth !== 'none',
  rejectUnauthorized: clientAuth === 'require',
});

function closable<S extends Server>(server: S, reloader: Reloader, grace: number = 30): ReloadingServer<S> {
  // Below TLS, so that a peer that never ends its handshake is among them.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    server,
    explain: () => reloader.explain(),
    drain: () => reloader.drain(),
    close: () =>
      new Promise((resolve) => {
        reloader.drain();
        const timer = setTimeout(destroyAll, grace * 1000);
        server.close(() => {
          clearTimeout(timer);
          reloader.detach();
          resolve();
        });
      }),
  };
}
