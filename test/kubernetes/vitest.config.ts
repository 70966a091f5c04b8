import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultExclude, type ViteUserConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import common from '../vitest.config.js';

/** Suites that ask the doctor how the whole cluster is: before others of theirs leave requests behind that nobody answers. */
const FIRST: readonly string[] = ['signer.suite.ts', 'rbac.suite.ts'];

/** Suites that mostly wait, each for signers of its own name: beside each other, before all others. */
const BESIDE: readonly string[] = ['canary', 'succession', 'token', 'traffic'].map(
  (name) => `test/kubernetes/${name}.suite.ts`,
);

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
const config: ViteUserConfig = {
  ...common,
  test: {
    ...common.test,
    globalSetup: fileURLToPath(new URL('setup.ts', import.meta.url)),
    sequence: { sequencer: FixedOrder },
    projects: [
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['test/kubernetes/*.suite.ts', 'test/kubernetes/*.long.ts'],
          exclude: [...defaultExclude, ...BESIDE],
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: { name: 'beside', include: [...BESIDE], maxWorkers: BESIDE.length, sequence: { groupOrder: 0 } },
      },
    ],
  },
};

export default config;
