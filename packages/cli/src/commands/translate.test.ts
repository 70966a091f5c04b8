import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { run } from '../main.js';
import { readManifests } from '../manifests/read-manifests.js';
import { popularPod } from '../up/testing/local-run.js';

let directory: string;
const written = { stdout: '', stderr: '' };
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mayfly-translate-'));
  for (const name of ['stdout', 'stderr'] as const) {
    written[name] = '';
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    });
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(directory, { recursive: true, force: true });
});

async function translate(files: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<string> {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  written.stdout = '';
  await run(['node', 'mayfly', 'translate', ...args, '-f', ...Object.keys(files).map((name) => join(directory, name))]);
  return written.stdout;
}

test('files come out as one text in the real form, which comes out unchanged', async () => {
  const popular = { 'a.yaml': popularPod('web'), 'b.yaml': popularPod('db') };
  const real = await translate(popular);
  const result = readManifests([{ path: 'real.yaml', text: real }]);
  expect(result.ok && result.manifests.pods.map(({ name }) => name)).toEqual(['web', 'db']);
  expect(result.notices.map(({ code }) => code)).not.toContain('PopularForm');
  for (const word of ['keyType: ECDSAP256', 'maxExpirationSeconds: 3600', 'keyPath: tls.key', 'clusterTrustBundle'])
    expect(real).toContain(word);
  expect(await translate({ 'real.yaml': real })).toBe(real);
  expect(process.exitCode).toBeUndefined();
});

test('the signer of articles becomes the one that is named', async () => {
  const text = popularPod('web').replace('mayfly.dev/workload', 'kubernetes.io/kube-apiserver-client');
  const real = await translate({ 'a.yaml': text }, '--signer-name', 'pki.example.com/web');
  expect(real).toContain('signerName: pki.example.com/web');
  expect(real).not.toContain('signerName: kubernetes.io');
});

test('a private signer stays, unless another is named', async () => {
  const text = popularPod('web').replace('mayfly.dev/workload', 'pki.example.com/web');
  expect(await translate({ 'a.yaml': text })).toContain('signerName: pki.example.com/web');
  const real = await translate({ 'a.yaml': text }, '--signer-name', 'pki.example.com/other');
  expect(real.match(/(?<=signerName: )[^,\n]+/g)).toEqual(Array(2).fill('pki.example.com/other'));
  expect(real).toContain('- signer pki.example.com/web is pki.example.com/other');
});

test.each([
  [
    'a signer that no cluster answers for',
    ['--signer-name', 'kubernetes.io/kubelet-serving'],
    2,
    /Cannot use --signer-name/,
  ],
  ['a fault in the manifest', [], 1, /a\.yaml:\d+:\d+ .*expirationSecond/],
])('%s is refused', async (_name, args, code, message) => {
  const text = code === 1 ? popularPod('web').replace('expirationSeconds', 'expirationSecond') : popularPod('web');
  await translate({ 'a.yaml': text }, ...args);
  expect(process.exitCode).toBe(code);
  expect(written.stderr).toMatch(message);
  expect(written.stdout).toBe('');
});
