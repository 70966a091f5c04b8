import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { run } from '../main.js';

let directory: string;
let told: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mayfly-signer-'));
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

const CA = ['--ca-secret', 'mayfly/ca'];
test.each<readonly [string, readonly string[], number, RegExp]>([
  ['no signer name', [...CA], 2, /required option '--signer-name/],
  ['a signer name without a slash', ['--signer-name', 'example.com', ...CA], 2, /needs exactly one "\/"/],
  [
    'a reserved signer name',
    ['--signer-name', 'kubernetes.io/kube-apiserver-client', ...CA],
    2,
    /reserved for Kubernetes/,
  ],
  ['no authority', ['--signer-name', 'a.b/c'], 2, /name --ca-managed, --ca-secret, or --ca-cert and --ca-key/],
  [
    'half an authority',
    ['--signer-name', 'a.b/c', '--ca-cert', 'x'],
    2,
    /name --ca-managed, --ca-secret, or --ca-cert and --ca-key/,
  ],
  ['two authorities', ['--signer-name', 'a.b/c', ...CA, '--ca-cert', 'x'], 2, /name one of them/],
  ['two ways to an authority', ['--signer-name', 'a.b/c', ...CA, '--ca-managed', 'a/b'], 2, /name one of them/],
  ['a managed Secret without a namespace', ['--signer-name', 'a.b/c', '--ca-managed', 'ca'], 2, /no namespace\/name/],
  [
    'roots that nobody learns of',
    ['--signer-name', 'a.b/c', '--ca-managed', 'a/b', '--bundle', 'none'],
    2,
    /nobody would learn of the next root/,
  ],
  ['a Secret without a namespace', ['--signer-name', 'a.b/c', '--ca-secret', 'ca'], 2, /no namespace\/name/],
  ['a lifetime below an hour', ['--signer-name', 'a.b/c', ...CA, '--max-lifetime', '59m'], 2, /not from 1h to 91d/],
  ['a lifetime above 91 days', ['--signer-name', 'a.b/c', ...CA, '--max-lifetime', '92d'], 2, /not from 1h to 91d/],
  [
    'a trust domain in capitals',
    ['--signer-name', 'a.b/c', ...CA, '--trust-domain', 'A'],
    2,
    /no DNS name in lower case/,
  ],
  ['a bundle with a colon', ['--signer-name', 'a.b/c', ...CA, '--bundle', 'a:b'], 2, /no DNS name in lower case/],
  ['a Lease in no namespace', ['--signer-name', 'a.b/c', ...CA, '--lease', '/x'], 2, /no \[namespace\/\]name/],
  ['an address without a port', ['--signer-name', 'a.b/c', ...CA, '--listen', 'x'], 2, /Write host:port/],
  ['a page without a port', ['--signer-name', 'a.b/c', ...CA, '--status-address', 'x:'], 2, /Write host:port/],
  ['a missing policy', ['--signer-name', 'a.b/c', ...CA, '--policy', 'nowhere.yaml'], 1, /Cannot read nowhere\.yaml/],
  [
    'a missing kubeconfig',
    ['--signer-name', 'a.b/c', ...CA, '--kubeconfig', '/nowhere'],
    1,
    /^\{"time":.*"level":"error","reason":"Ended","message":"Cannot read \/nowhere: there is no such file","code":"ERR_KUBERNETES_FILE"\}$/m,
  ],
])('refuses %s', async (_name, args, exitCode, message) => {
  await run(['node', 'mayfly', 'signer', ...args]);
  expect(told).toMatch(message);
  expect(process.exitCode).toBe(exitCode);
});

test.each([
  ['a policy', '--policy', 'signers: 7', /policy\.yaml|signers/],
  ['a kubeconfig', '--kubeconfig', 'current-context: a', /has none/],
])('says what is wrong with %s', async (_name, flag, text, message) => {
  const path = join(directory, 'policy.yaml');
  writeFileSync(path, text);
  await run(['node', 'mayfly', 'signer', '--signer-name', 'a.b/c', ...CA, flag, path]);
  expect(told).toMatch(message);
  expect(process.exitCode).toBe(1);
});
