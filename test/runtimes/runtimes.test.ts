import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runtimes } from './programs.js';

const isBuilt = existsSync(new URL('../../packages/wasm/dist/index.js', import.meta.url));

for (const { name, find, run } of runtimes) {
  const found = find();
  const missing =
    'missing' in found ? found.missing : isBuilt ? undefined : 'the packages are not built: npm run build';
  const reason = missing === undefined ? '' : ` (${missing})`;
  test.skipIf(missing !== undefined)(`the suite passes in ${name}${reason}`, async () => {
    const outcomes = 'program' in found ? await run(found.program) : [];
    expect(outcomes.filter(({ fault }) => fault !== undefined)).toEqual([]);
    expect(outcomes.length).toBeGreaterThanOrEqual(20);
  });
}
