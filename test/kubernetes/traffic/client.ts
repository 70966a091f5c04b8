// The client of the traffic suite: client.ts <directory> <port> <SPIFFE ID of the server>
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { followCredentials } from '@mayfly/tls';
import { createReloadingAgent, type ReloadingAgent } from '@mayfly/tls/client';

/** Milliseconds between two requests of one loop, and between two reports. */
const PAUSE = 5;
const REPORT_PERIOD = 200;

const [directory, port, spiffeId] = process.argv.slice(2);
const say = (line: object): void => console.error(JSON.stringify(line));

/** What has happened since the last report. */
const created = () => ({
  type: 'report',
  requests: 0,
  answers: 0,
  failures: [] as string[],
  pairs: new Set<string>(),
});
let report = created();
setInterval(() => {
  say({ ...report, pairs: [...report.pairs] });
  report = created();
}, REPORT_PERIOD);

/** Asks once, and notes the serial numbers of both as the other saw them: the client's, then the server's. */
async function ask(agent: ReloadingAgent): Promise<void> {
  const [response, server] = await new Promise<[IncomingMessage, string | undefined]>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, agent, method: 'GET', path: '/' };
    const outgoing = request(options, (incoming) => {
      // At once: a socket forgets its peer when it is closed. A client that resumes a session does not know it either.
      const certificate = (incoming.socket as TLSSocket).getPeerX509Certificate();
      resolve([incoming, certificate?.serialNumber.toLowerCase()]);
    });
    outgoing.once('error', reject).end();
  });
  let text = '';
  for await (const chunk of response) text += chunk;
  if (response.statusCode !== 200) throw new Error(`answered ${response.statusCode}`);
  report.answers++;
  if (server !== undefined) report.pairs.add(`${text} ${server}`);
}

async function repeat(agent: ReloadingAgent): Promise<never> {
  for (;;) {
    report.requests++;
    try {
      await ask(agent);
    } catch (error) {
      report.failures.push(String(error));
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

const credentials = await followCredentials(directory!, { onEvent: say });
/** Connections that are kept, sessions that are resumed, and whole handshakes. */
const agents = [{ keepAlive: true }, { keepAlive: false }, { keepAlive: false, maxCachedSessions: 0 }];
for (const agent of agents) void repeat(createReloadingAgent(credentials, { expect: { spiffeId: spiffeId! }, agent }));
