import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { run } from '../main.js';

let told: string;
beforeEach(() => {
  told = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    told += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

const NAMED = ['--signer-name', 'a.b/c', '--directory', 'd'];
test.each<readonly [string, readonly string[], number, RegExp]>([
  ['no signer name', ['--directory', 'd'], 2, /required option '--signer-name/],
  ['no directory', ['--signer-name', 'a.b/c'], 2, /required option '--directory/],
  ['a signer name without a slash', ['--signer-name', 'a.b', '--directory', 'd'], 2, /needs exactly one "\/"/],
  ['a key that no server takes', [...NAMED, '--key-type', 'RSA2048'], 2, /Allowed choices are/],
  ['a lifetime below an hour', [...NAMED, '--max-expiration', '59m'], 2, /the API server takes 1h to 91d/],
  ['a lifetime above 91 days', [...NAMED, '--max-expiration', '92d'], 2, /the API server takes 1h to 91d/],
  ['an annotation without a domain', [...NAMED, '--annotation', 'a=b'], 2, /a key with a domain/],
  ['an annotation without a value', [...NAMED, '--annotation', 'a.b/c'], 2, /a key with a domain/],
  ['a mode that is no octal', [...NAMED, '--mode', '0689'], 2, /permission bits in octal/],
  ['a file outside the directory', [...NAMED, '--key', '../key'], 2, /a plain path below --directory/],
  ['a file from the root', [...NAMED, '--chain', '/etc/x'], 2, /a plain path below --directory/],
  ['a name of the layout', [...NAMED, '--key', '..data'], 2, /a plain path below --directory/],
  ['one name for two files', [...NAMED, '--key', 'x', '--trust-bundle', 'x'], 2, /x as the name of two files/],
  [
    'a missing kubeconfig',
    [...NAMED, '--kubeconfig', '/nowhere'],
    1,
    /"reason":"Ended","message":"Cannot read \/nowhere: there is no such file"/,
  ],
])('refuses %s', async (_name, args, exitCode, message) => {
  await run(['node', 'mayfly', 'requester', ...args]);
  expect(told).toMatch(message);
  expect(process.exitCode).toBe(exitCode);
});
