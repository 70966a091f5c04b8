import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config';
import common from '../vitest.config.js';

/** The suites against a real control plane: `npm run test:kubernetes`. */
const config: ViteUserConfig = mergeConfig(
  common,
  defineConfig({ test: { globalSetup: fileURLToPath(new URL('setup.ts', import.meta.url)), fileParallelism: false } }),
);
config.test!.include = ['test/kubernetes/*.suite.ts', 'test/kubernetes/*.long.ts'];

export default config;
