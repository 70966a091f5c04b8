import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname } from 'node:path';
import { contentSecurityPolicy, pagesDirectory } from '@mayfly/console';
import { answerText, type LocalServer, serveLocally } from '../local-server.js';
import type { StatusFeed } from './feed.js';

/** Milliseconds between two messages of an event stream. */
const PERIOD = 1000;
/** Event streams at a time; each costs a look at every certificate a second. */
const MAX_STREAMS = 8;
/** Milliseconds after which somebody who reads nothing gives up the place. */
const STALLED_AFTER = 30_000;
/** What the page consists of, beside itself. */
const FILES = /^\/(?:mayfly\.svg|assets\/[A-Za-z0-9_-]+\.(?:js|css))$/;
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.html': 'text/html; charset=utf-8',
};
/** Nobody else's page may read, embed or guess at any of it. */
const PRIVATE = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
};

/**
 * Serves the status page at `/`, what it shows as JSON at `/status.json`, and its changes at `/status/events`
 * (`text/event-stream`, at most eight at a time; whoever reads nothing for half a minute loses the place). Nothing can be changed through it.
 * @param address - `host:port`; port 0 takes a free one.
 * @throws {@link CliError} `ERR_CLI_PORT`, `ERR_CLI_USAGE`.
 */
export async function serveStatus(address: string, feed: StatusFeed): Promise<LocalServer> {
  let streams = 0;
  return serveLocally(address, '--status-address', (path, request, response) => {
    if (path === '/') return void sendFile(response, 'status.html', contentSecurityPolicy('status'));
    if (FILES.test(path)) return void sendFile(response, path.slice(1));
    if (path === '/status.json') {
      response.writeHead(200, { ...PRIVATE, 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(`${feed.snapshot()}\n`);
      return;
    }
    if (path !== '/status/events') return answerText(response, 404, 'there are /, /status.json and /status/events');
    if (request.method === 'HEAD') return answerText(response, 200, '');
    if (streams === MAX_STREAMS) return answerText(response, 503, `${MAX_STREAMS} look already`);
    streams++;
    stream(response, feed).once('close', () => {
      streams--;
    });
  });
}

/** Writes a message every second; to somebody who reads slower, fewer. */
function stream(response: ServerResponse, feed: StatusFeed): ServerResponse {
  const reader = feed.reader();
  response.writeHead(200, { ...PRIVATE, 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  let stalled = 0;
  const send = (): void => {
    if (!response.writableNeedDrain) {
      stalled = 0;
      response.write(reader.next());
    } else if (++stalled * PERIOD >= STALLED_AFTER) response.destroy();
  };
  send();
  const timer = setInterval(send, PERIOD);
  return response.once('close', () => clearInterval(timer));
}

async function sendFile(response: ServerResponse, name: string, policy?: string): Promise<void> {
  try {
    const content = await readFile(new URL(name, pagesDirectory()));
    response
      .writeHead(200, {
        ...PRIVATE,
        'content-type': TYPES[extname(name)]!,
        'cache-control': 'no-cache',
        ...(policy !== undefined && { 'content-security-policy': policy }),
      })
      .end(content);
  } catch {
    answerText(response, 404, `${name} is not there: build @mayfly/console`);
  }
}
