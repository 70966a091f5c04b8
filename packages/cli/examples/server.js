// Answers every client that shows a certificate of the same authority, and goes with its own through every rotation.
import { dirname } from 'node:path';
import { followCredentials } from '@mayfly/tls';
import { createReloadingHttpsServer } from '@mayfly/tls/server';

// Whoever has something else at this port names another, for both programs.
const { TLS_CERT_PATH, SERVER_ADDRESS: OWN_ADDRESS, ORDERS_ADDRESS: SERVER_ADDRESS = OWN_ADDRESS } = process.env;
const credentials = await followCredentials(dirname(TLS_CERT_PATH));
const { server, close } = createReloadingHttpsServer(credentials, {}, (request, response) => {
  response.end(`order placed for ${request.socket.getPeerCertificate().subjectaltname ?? 'a known client'}\n`);
});

const [host, port] = SERVER_ADDRESS.split(':');
server.on('error', (error) => {
  console.error(
    `Cannot listen on ${SERVER_ADDRESS}: ${error.message}; set ORDERS_ADDRESS=127.0.0.1:PORT to use another`,
  );
  process.exit(1);
});
server.listen(Number(port), host);
process.on('SIGTERM', async () => {
  await close();
  credentials.close();
});
