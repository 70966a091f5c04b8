import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { pagesDirectory } from '@mayfly/console';

const KiB = 1024;

/** What a page that is built may weigh, in bytes after gzip, when it is loaded for the first time. */
export const pageLimits: readonly { readonly page: string; readonly gzip: number }[] = [
  // Promised; there is no WebAssembly in it.
  { page: 'workbench.html', gzip: 150 * KiB },
  // What was measured, rounded up.
  { page: 'status.html', gzip: 48 * KiB },
];

/** Bytes after gzip of a page and of all that it and its scripts name: what a browser fetches before the page is complete. */
export function firstLoad(page: string): number {
  const seen = new Set([page]);
  for (const name of seen) {
    const text = readFileSync(new URL(name, pagesDirectory()), 'utf8');
    const base = new URL(name, 'http://page/');
    for (const [, path] of text.matchAll(/["'`](\.{1,2}\/[\w./-]+\.(?:js|css|svg))["'`]/g))
      seen.add(new URL(path!, base).pathname.slice(1));
  }
  return [...seen].reduce(
    (sum, name) => sum + gzipSync(readFileSync(new URL(name, pagesDirectory())), { level: 9 }).length,
    0,
  );
}
