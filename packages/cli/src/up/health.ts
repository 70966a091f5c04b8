import { createServer } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { CliError, messageOf } from '../errors.js';

/** Whether everything is as it should be, and what is not. */
export interface Health {
  readonly ready: boolean;
  readonly problems: readonly string[];
}

/** All is well when nobody has a problem. */
export function healthOf(parts: readonly { readonly problems: () => readonly string[] }[]): Health {
  const problems = parts.flatMap((part) => part.problems());
  return { ready: problems.length === 0, problems };
}

/** The server of `/livez` and `/readyz`. */
export interface HealthServer {
  /** For example `http://127.0.0.1:40123`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Whether a request was meant for this server. A page of the Web that has its own name resolve to this machine (DNS
 * rebinding) sends that name; an address, `localhost` and the host of `--listen` are nobody else's.
 */
function isMeantForUs(hostHeader: string | undefined, listensOn: string): boolean {
  if (hostHeader === undefined) return true; // HTTP/1.0, which no browser speaks
  const host = bareHost(hostHeader.replace(/:\d*$/, '')).toLowerCase();
  return host === 'localhost' || host === bareHost(listensOn).toLowerCase() || isIP(host) !== 0;
}

const bareHost = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/**
 * Serves `/livez` (200 while the process answers) and `/readyz` (200 or 503 with one problem on a line) to whoever asks by an address, by
 * `localhost` or by the host listened on; 421 answers other names.
 * @param address - `host:port`; port 0 takes a free one.
 * @param metrics - What `/metrics` shows, in the text format of Prometheus. Default no `/metrics`.
 * @throws {@link CliError} `ERR_CLI_PORT`, `ERR_CLI_USAGE`.
 */
export async function serveHealth(
  address: string,
  health: () => Health,
  metrics?: () => Promise<string>,
): Promise<HealthServer> {
  const [, host, port] = /^(.*):(\d{1,5})$/.exec(address) ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535)
    throw new CliError(
      'ERR_CLI_USAGE',
      `Cannot listen on ${JSON.stringify(address)}: write host:port, for example 127.0.0.1:9100`,
    );
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    const answer = (status: number, text: string): void => {
      response
        .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
        .end(`${text}\n`);
    };
    if (!isMeantForUs(request.headers.host, host))
      return answer(421, 'ask by address, localhost or the host of --listen');
    if (request.method !== 'GET' && request.method !== 'HEAD') return answer(405, 'only GET');
    if (path === '/livez') return answer(200, 'ok');
    if (path === '/metrics' && metrics !== undefined)
      return void metrics().then(
        (text) => answer(200, text.trimEnd()),
        (error: unknown) => answer(500, messageOf(error)),
      );
    if (path !== '/readyz')
      return answer(
        404,
        metrics === undefined ? 'there are /livez and /readyz' : 'there are /livez, /readyz and /metrics',
      );
    const { ready, problems } = health();
    answer(ready ? 200 : 503, ready ? 'ok' : problems.join('\n'));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new CliError('ERR_CLI_PORT', `Cannot listen on ${address}: ${messageOf(cause)}; choose another with --listen`, {
          cause,
        }),
      ),
    );
    server.listen(Number(port), bareHost(host), resolve);
  });
  const { address: bound, port: chosen, family } = server.address() as AddressInfo; // a TCP server has no other
  return {
    url: `http://${family === 'IPv6' ? `[${bound}]` : bound}:${chosen}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
