import type { ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { Seconds } from '@mayfly/der';

/** An open connection and when it has to go. */
interface Connection {
  /** From here on, each response asks the client to close. */
  softAt: Seconds;
  /** From here on, the connection is destroyed whatever it does. */
  hardAt: Seconds;
  /** Whether it is destroyed with the end of the last response under way. */
  expelled: boolean;
  /** Responses under way; empty while an HTTP connection is idle. */
  readonly responses: Set<ServerResponse>;
}

/** Open connections, each with an end. */
export interface Connections {
  readonly size: number;
  /** Connections that were asked to end. */
  readonly draining: number;
  add(socket: TLSSocket, softAt: Seconds, hardAt: Seconds): void;
  /** Notes a response, and asks the client to close where that is due. */
  respond(response: ServerResponse): void;
  /** Asks all to end with their next response, and by `hardAt` at the latest. */
  drain(hardAt: Seconds): void;
  /** Ends the connections that fail a test: at once where nothing is under way, else with the response. */
  expel(stays: (socket: TLSSocket) => boolean, hardAt: Seconds): void;
  /** Destroys what is past its end. */
  sweep(): void;
}

/**
 * Keeps track of a server's connections.
 * @param expelled - Told of each connection that was closed by force.
 */
export function trackConnections(
  now: () => Seconds,
  expelled: (reason: 'PeerNotTrusted' | 'TooOld') => void,
): Connections {
  const connections = new Map<TLSSocket, Connection>();
  const expelNow = (socket: TLSSocket): void => {
    expelled('PeerNotTrusted');
    socket.destroy();
  };
  const end = (connection: Connection, hardAt: Seconds): void => {
    connection.softAt = Math.min(connection.softAt, now());
    connection.hardAt = Math.min(connection.hardAt, hardAt);
    for (const response of connection.responses) askToClose(response);
  };
  return {
    get size() {
      return connections.size;
    },
    get draining() {
      const time = now();
      let count = 0;
      for (const { softAt } of connections.values()) if (softAt <= time) count++;
      return count;
    },
    add(socket, softAt, hardAt) {
      connections.set(socket, { softAt, hardAt, expelled: false, responses: new Set() });
      socket.once('close', () => connections.delete(socket));
    },
    respond(response) {
      // HTTP over TLS: the response's socket is the one that `secureConnection` announced.
      const socket = response.socket as TLSSocket;
      const connection = connections.get(socket);
      if (connection === undefined) return;
      connection.responses.add(response);
      response.once('close', () => {
        connection.responses.delete(response);
        if (connection.expelled && connection.responses.size === 0 && !socket.destroyed) expelNow(socket);
      });
      if (connection.softAt <= now()) askToClose(response);
    },
    drain(hardAt) {
      for (const connection of connections.values()) end(connection, hardAt);
    },
    expel(stays, hardAt) {
      for (const [socket, connection] of connections) {
        if (stays(socket)) continue;
        end(connection, hardAt);
        // Where the header is out already, nothing asks the client to close: the next request must not be served.
        connection.expelled = true;
        if (connection.responses.size === 0) expelNow(socket);
      }
    },
    sweep() {
      const time = now();
      for (const [socket, { hardAt }] of connections) {
        if (time < hardAt) continue;
        expelled('TooOld');
        socket.destroy();
      }
    },
  };
}

/** RFC 9112 §9.6: the one way to end a persistent connection that loses no request. */
function askToClose(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
