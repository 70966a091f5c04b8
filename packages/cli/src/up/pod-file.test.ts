import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { systemFiles } from '@mayfly/rotation/fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { podFile } from './places.js';
import { findPod, isMounted, runnablePod, writePodFile } from './pod-file.js';
import { requirePrivateDirectory } from './private-directory.js';
import { manifestsOf, popularPod, startRun } from './testing/local-run.js';

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'mayfly-pod-file-'));
});
afterEach(() => rmSync(state, { recursive: true, force: true }));

const write = async (text: string): Promise<void> => {
  for (const pod of manifestsOf(text).pods) await writePodFile(state, runnablePod(state, pod), systemFiles);
};
const TWO = popularPod('web') + popularPod('web').replace('namespace: shop', 'namespace: bank');

test('a pod is found by its name, or by namespace and name', async () => {
  await write(popularPod('web') + popularPod('db'));
  expect(await findPod(state, 'web')).toEqual(runnablePod(state, manifestsOf(popularPod('web')).pods[0]!));
  expect((await findPod(state, 'shop/db')).name).toBe('db');
  const { mode } = statSync(podFile(state, { namespace: 'shop', name: 'web' }));
  expect(mode & 0o777).toBe(0o600);
});

test.each([
  ['an unknown pod', popularPod('web'), 'wbe', 'ERR_CLI_POD', /there are shop\/web; did you mean web\?$/],
  ['no pod at all', '', 'web', 'ERR_CLI_POD', /there are none; start mayfly up first/],
  ['a name of two pods', TWO, 'web', 'ERR_CLI_POD', /Cannot choose pod web: .*write namespace\/name$/],
  ['a namespace without the pod', TWO, 'other/web', 'ERR_CLI_POD', /Cannot find pod other\/web/],
  ['a name that climbs', popularPod('web'), '../../etc', 'ERR_CLI_POD', /Cannot find pod/],
])('%s is told with what there is', async (_name, text, wanted, code, message) => {
  if (text !== '') await write(text);
  await expect(findPod(state, wanted)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test.each(['', '{}', '{"version":2}', '[]', 'null'])('a pod file that says %j is refused', async (text) => {
  const path = podFile(state, { namespace: 'shop', name: 'web' });
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  await expect(findPod(state, 'web')).rejects.toMatchObject({
    code: 'ERR_CLI_STATE',
    message: `Cannot read ${path}: it is not what mayfly up writes; start mayfly up again`,
  });
});

test('a pod file that another user may have written is not believed', async () => {
  await write(popularPod('web'));
  chmodSync(state, 0o770);
  await expect(findPod(state, 'web')).rejects.toMatchObject({
    code: 'ERR_CLI_STATE',
    message: `Cannot use ${state}: its mode is 0770, and others must be kept out (chmod 700)`,
  });
  const { uid } = statSync(state);
  await expect(requirePrivateDirectory(state, uid + 1)).rejects.toMatchObject({
    message: `Cannot use ${state}: it belongs to user ${uid}, who decides what is run from it`,
  });
});

test('a pod is mounted when all is written and as long as it is valid', async () => {
  const directory = join(state, 'run');
  const manifests = manifestsOf(popularPod('web'));
  const pod = runnablePod(directory, manifests.pods[0]!);
  const now = 1_700_000_000;
  expect(await isMounted(pod, now)).toBe(false);
  const run = await startRun(manifests, directory);
  expect(await isMounted(pod, now)).toBe(true);
  const { notAfter } = run.status().sources[0]!.certificate!;
  expect(await isMounted(pod, notAfter)).toBe(true);
  expect(await isMounted(pod, notAfter + 1)).toBe(false);
  await run.stop();
});
