import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const typescript = new URL('../../../test/typescript.mjs', import.meta.url).href;
const node = new URL('node.ts', import.meta.url).href;

// A process that stands still cannot tell, so another makes the keys. It has so little room, and garbage of so many lengths, that many
// such processes stood still where a JWK was made of the key as it came.
test('keys are made and described while memory is collected at any moment', () => {
  const program = `
    import { generateKeySync } from ${JSON.stringify(node)};
    const kept = [];
    for (let i = 0; i < 12_000; i++) {
      generateKeySync('P-256');
      kept[i % 17] = 'x'.repeat(i % 97).split('');
    }
    console.log('made');`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--random-gc-interval=97',
      '--random-seed=3',
      '--max-semi-space-size=1',
      '--import',
      typescript,
      '--input-type=module',
      '--eval',
      program,
    ],
    { cwd: fileURLToPath(new URL('.', import.meta.url)), encoding: 'utf8', timeout: 60_000, killSignal: 'SIGKILL' },
  );
  expect({ stdout, stderr }).toEqual({ stdout: 'made\n', stderr: '' });
});
