import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';
import { metaPolicy, type PageName } from './src/content-security-policy.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Says the policy in the page itself, before anything that it is about. */
const policy: Plugin = {
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler(html, { filename }) {
      const page = basename(filename, '.html') as PageName; // the inputs below
      const meta = `<meta http-equiv="Content-Security-Policy" content="${metaPolicy(page)}" />`;
      return html.replace('<meta charset="utf-8" />', `$&\n    ${meta}`);
    },
  },
};

/** Files that only the status page has; it has a server, or nothing to show. */
const STATUS_FILES = /(?:^|\/)status[.-]/;

/** Writes the service worker of the workbench, with the files that it needs and a version that changes with them. */
const serviceWorker: Plugin = {
  name: 'service-worker',
  apply: 'build',
  generateBundle: {
    order: 'post',
    handler(_options, bundle) {
      const files = Object.keys(bundle).filter((name) => !name.endsWith('.map') && !STATUS_FILES.test(name));
      const hash = createHash('sha256');
      for (const name of files.toSorted()) {
        const output = bundle[name]!;
        hash.update(name).update(output.type === 'chunk' ? output.code : output.source);
      }
      const source = readFileSync(here('service-worker.js'), 'utf8')
        .replace('__VERSION__', hash.digest('hex').slice(0, 16))
        .replace('__FILES__', JSON.stringify([...files, 'mayfly.svg']));
      this.emitFile({ type: 'asset', fileName: 'service-worker.js', source });
    },
  },
};

/** The server of development has no page at its root: whoever opens what it prints gets the workbench. */
const rootPage: Plugin = {
  name: 'root-page',
  configureServer({ middlewares }) {
    middlewares.use((request, response, next) => {
      if (request.url !== '/') return next();
      response.writeHead(302, { location: '/workbench.html' }).end();
    });
  },
};

export default defineConfig({
  base: './',
  plugins: [policy, serviceWorker, rootPage],
  resolve: { conditions: ['@mayfly/source', ...defaultClientConditions] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist/pages',
    target: ['chrome123', 'firefox120', 'safari17.5'],
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    rolldownOptions: { input: { workbench: here('workbench.html'), status: here('status.html') } },
  },
});
