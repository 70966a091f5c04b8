import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, isIP } from 'node:net';
import { CliError, messageOf } from './errors.js';

/** A server that listens. */
export interface LocalServer {
  /** For example `http://127.0.0.1:40123`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Whether a request was meant for this server. A page of the Web that has its own name resolve to this machine (DNS
 * rebinding) sends that name; an address, `localhost` and the host that is listened on are nobody else's.
 */
function isMeantForUs(hostHeader: string | undefined, listensOn: string): boolean {
  if (hostHeader === undefined) return true; // HTTP/1.0, which no browser speaks
  const host = bareHost(hostHeader.replace(/:\d*$/, '')).toLowerCase();
  return host === 'localhost' || host === bareHost(listensOn).toLowerCase() || isIP(host) !== 0;
}

const bareHost = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

/** Why nobody can listen there, in words where they are known. */
function listenState(error: Error & { readonly code?: string }): string {
  switch (error.code) {
    case 'EADDRINUSE':
      return 'somebody listens there already';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address';
    case 'EACCES':
      return 'this user may not use that port';
    case 'ENOTFOUND':
      return 'no such host is known';
    default:
      return messageOf(error);
  }
}

/** Answers in plain text that nobody keeps. */
export function answerText(response: ServerResponse, status: number, text: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .end(`${text}\n`);
}

/** Reads `host:port`, where no host is every one; `undefined` for anything else. */
export function parseAddress(address: string): { readonly host: string; readonly port: number } | undefined {
  const [, host, port] = /^(.*):(\d{1,5})$/.exec(address) ?? [];
  return host === undefined || Number(port) > 65_535 ? undefined : { host, port: Number(port) };
}

/**
 * Serves GET and HEAD to whoever asks by an address, by `localhost` or by the host listened on; 421 answers other names,
 * 405 other methods.
 * @param address - `host:port`; port 0 takes a free one.
 * @param option - Which option of the command says the address, for messages.
 * @param handle - Gets the path without its query.
 * @throws {@link CliError} `ERR_CLI_PORT`, `ERR_CLI_USAGE`.
 */
export async function serveLocally(
  address: string,
  option: string,
  handle: (path: string, request: IncomingMessage, response: ServerResponse) => void,
): Promise<LocalServer> {
  const listened = parseAddress(address);
  if (listened === undefined)
    throw new CliError(
      'ERR_CLI_USAGE',
      `Cannot listen on ${JSON.stringify(address)}: write host:port, for example 127.0.0.1:9100`,
    );
  const { host, port } = listened;
  const server = createServer((request, response) => {
    if (!isMeantForUs(request.headers.host, host))
      return answerText(response, 421, `ask by address, localhost or the host of ${option}`);
    if (request.method !== 'GET' && request.method !== 'HEAD') return answerText(response, 405, 'only GET');
    handle((request.url ?? '/').split('?')[0]!, request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new CliError(
          'ERR_CLI_PORT',
          `Cannot listen on ${address}: ${listenState(cause)}; choose another with ${option}`,
          { cause },
        ),
      ),
    );
    server.listen(port, bareHost(host), resolve);
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
