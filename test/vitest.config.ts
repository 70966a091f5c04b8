import { fileURLToPath } from 'node:url';
import { defaultExclude, defineConfig, type ViteUserConfig } from 'vitest/config';

const source = ['@mayfly/source', 'node', 'import', 'module', 'default'];

/** Beside the packages of formats and of what is issued: tests of values, which leave nothing behind in the process. */
const values = '{ca,der,interop,keys,pkcs8,pkcs10,pkcs12,pod-certificates,rotation,x509}';
const sharing = [
  `packages/${values}/src/**/*.test.ts`,
  'test/{conformance,differential,fuzz,interop,vectors}/**/*.test.ts',
];

/**
 * One run over the whole repository: tests beside the code, and the tests in here that need more than one package.
 * Files of tests of values share the modules that they load, which takes a third of their time away.
 */
const config: ViteUserConfig = defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  resolve: { conditions: source },
  ssr: { resolve: { conditions: source } },
  test: {
    projects: [
      { extends: true, test: { name: 'values', include: sharing, isolate: false } },
      {
        extends: true,
        test: {
          name: 'apart',
          include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'benchmarks/**/*.test.ts'],
          exclude: [...defaultExclude, ...sharing],
        },
      },
    ],
    environment: 'node',
    // Against hanging alone: a machine that does much else at the same time is no failure.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});

export default config;
