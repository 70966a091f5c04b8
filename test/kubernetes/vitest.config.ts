import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig, type ViteUserConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import common from '../vitest.config.js';

/** Suites that ask the doctor how the whole cluster is: before others leave requests behind that nobody answers. */
const FIRST: readonly string[] = ['signer.suite.ts', 'succession.suite.ts', 'rbac.suite.ts'];

/** The same order on every machine: all suites share one cluster. */
class FixedOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): string => {
      const name = basename(moduleId);
      const place = FIRST.indexOf(name);
      return `${place < 0 ? FIRST.length : place} ${name}`;
    };
    return files.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
  }
}

/** The suites against a real control plane: `npm run test:kubernetes`. */
const config: ViteUserConfig = mergeConfig(
  common,
  defineConfig({
    test: {
      globalSetup: fileURLToPath(new URL('setup.ts', import.meta.url)),
      fileParallelism: false,
      sequence: { sequencer: FixedOrder },
    },
  }),
);
delete config.test!.projects;
config.test!.include = ['test/kubernetes/*.suite.ts', 'test/kubernetes/*.long.ts'];

export default config;
