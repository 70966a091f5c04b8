import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { run } from '../main.js';
import { popularPod } from '../up/testing/local-run.js';

let directory: string;
let told: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mayfly-up-'));
  told = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    told += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(directory, { recursive: true, force: true });
});

const TWO_NAMESPACES = popularPod('web') + popularPod('web').replace('namespace: shop', 'namespace: bank');
const RESERVED = popularPod('web').replace('mayfly.dev/workload', 'kubernetes.io/kube-apiserver-client');

test.each<readonly [string, string, readonly string[], number, RegExp]>([
  ['a lifetime above 91 days', popularPod('web'), ['--lifetime', '92d'], 2, /need 10s to 7862400s \(91d\)/],
  [
    'a reserved signer for two days',
    RESERVED,
    ['--lifetime', '2d'],
    2,
    /is a reserved signer and issues for 1d at most/,
  ],
  ['no time at all', popularPod('web'), ['--for', '0s'], 2, /Cannot use --for 0s/],
  ['an authority for ages', popularPod('web'), ['--ca-lifetime', '99999999d'], 2, /need 36500d at most/],
  ['a trust domain in capitals', popularPod('web'), ['--trust-domain', 'Example.org'], 2, /no DNS name in lower case/],
  ['a name of two pods', TWO_NAMESPACES, ['--run', 'web'], 1, /there are shop\/web, bank\/web; write namespace\/name/],
  [
    'a missing policy',
    popularPod('web'),
    ['--policy', 'nowhere.yaml'],
    1,
    /Cannot read nowhere\.yaml: there is no such file/,
  ],
  [
    'two pods of one name',
    popularPod('web') + popularPod('web'),
    [],
    1,
    /pods\.yaml:\d+:\d+ .*pod shop\/web is also at/,
  ],
  ['no pod', 'apiVersion: v1\nkind: Service\nmetadata: { name: x }\n', [], 1, /no Pod and no workload/],
  ['YAML that is none', 'a: [b', [], 1, /pods\.yaml:\d+:\d+ .* \(ERR_CLI_YAML\)$/m],
  [
    'a lifetime below an hour',
    popularPod('web', 60),
    [],
    1,
    /pods\.yaml:11:\d+ .*expirationSeconds: .*3600.* \(ERR_CLI_LIFETIME\)$/m,
  ],
  ['a page without a port', popularPod('web'), ['--status-address', 'localhost'], 2, /Write host:port/],
])('%s is refused', async (_name, text, args, code, message) => {
  const file = join(directory, 'pods.yaml');
  writeFileSync(file, text);
  const state = join(directory, 'state');
  await run(['node', 'mayfly', 'up', '-f', file, '--state', state, ...args]);
  expect(process.exitCode).toBe(code);
  expect(told).toMatch(message);
  expect(existsSync(state)).toBe(false);
});

test('an empty directory is refused with its path', async () => {
  await run(['node', 'mayfly', 'up', '-f', directory]);
  expect(process.exitCode).toBe(1);
  expect(told).toContain(`Cannot read ${directory}: no .yaml, .yml or .json file in it`);
});
