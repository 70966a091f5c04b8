import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A relay of octets whose connections can be left half-open: the kernel keeps them, and nothing comes any more. */
export interface Relay {
  readonly port: number;
  /** Every connection that there is now says nothing more and hears nothing more. New ones work. */
  freeze(): void;
  close(): Promise<void>;
}

/** Relays to a port of the loopback interface. */
export async function startRelay(target: number): Promise<Relay> {
  const live = new Set<readonly [Socket, Socket]>();
  const all = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    const pair = [near, far] as const;
    live.add(pair);
    for (const [socket, other] of [pair, [far, near] as const]) {
      all.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        all.delete(socket);
        if (live.delete(pair)) other.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port, // a TCP server has no other
    freeze() {
      for (const pair of live) {
        live.delete(pair);
        for (const socket of pair) socket.unpipe().pause();
      }
    },
    async close() {
      server.close();
      for (const socket of all) socket.destroy();
      await once(server, 'close');
    },
  };
}
