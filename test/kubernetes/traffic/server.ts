// The server of the traffic suite: server.ts <directory> <port> <SPIFFE ID of a client> ...
import type { TLSSocket } from 'node:tls';
import { followCredentials } from '@mayfly/tls';
import { allowSpiffeIds, createReloadingHttpsServer } from '@mayfly/tls/server';

const [directory, port, ...clients] = process.argv.slice(2);
const say = (line: object): void => console.error(JSON.stringify(line));

const credentials = await followCredentials(directory!, { onEvent: say });
const { server } = createReloadingHttpsServer(
  credentials,
  { authorize: allowSpiffeIds(clients), onEvent: say },
  ({ socket }, response) => {
    const { serialNumber } = (socket as TLSSocket).getPeerCertificate();
    response.end(serialNumber.toLowerCase());
  },
);
server.listen(Number(port), '127.0.0.1', () => say({ type: 'listening' }));
