import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';
import { contentSecurityPolicy, pagesDirectory } from '@mayfly/console';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

/** A server of the built pages. */
export interface PagesServer {
  readonly url: string;
  /** Paths that were asked for, in their order. */
  readonly requested: readonly string[];
  close(): Promise<void>;
}

/** The workbench behind a server as its README describes one: static files, and the policy as a header of the pages. */
export async function servePages(): Promise<PagesServer> {
  const requested: string[] = [];
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname.slice(1);
    requested.push(`${request.method} /${path}`);
    const type = TYPES[extname(path)];
    if (type === undefined || path.includes('..')) {
      response.writeHead(404).end();
      return;
    }
    try {
      const content = await readFile(new URL(path, pagesDirectory()));
      response
        .writeHead(200, {
          'content-type': type,
          ...(path.endsWith('.html') && { 'content-security-policy': contentSecurityPolicy('workbench') }),
        })
        .end(content);
    } catch {
      response.writeHead(404).end(); // no such file
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // a TCP server has no other
  return {
    url: `http://127.0.0.1:${port}`,
    requested,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
