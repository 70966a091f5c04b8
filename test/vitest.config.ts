import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

const source = ['@mayfly/source', 'node', 'import', 'module', 'default'];

/** One run over the whole repository: tests beside the code, and the tests in here that need more than one package. */
const config: ViteUserConfig = defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: { conditions: source },
  ssr: { resolve: { conditions: source } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'benchmarks/**/*.test.ts'],
    environment: 'node',
    // Against hanging alone: a machine that does much else at the same time is no failure.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});

export default config;
