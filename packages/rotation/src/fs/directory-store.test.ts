import { lstatSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeBundle } from '../bundle.js';
import { unsignedCertificate } from '../testing/index.js';
import { directoryStore } from './directory-store.js';
import { writeVolume } from './volume.js';

let root: string;
let directory: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mayfly-store-'));
  directory = join(root, 'credential');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const bundle = {
  privateKeyInfo: new Uint8Array([0x30, 0x03, 0x02, 0x01, 0x00]),
  chain: [unsignedCertificate({ notBefore: 0, notAfter: 3599 })],
};
const bytes = (text: string) => new TextEncoder().encode(text);

test('keeps a bundle and the moment of its refresh', async () => {
  const store = directoryStore(directory);
  expect(await store.load()).toBeUndefined();
  await store.replace({ ...bundle, refreshAt: 2880 });
  expect(await store.load()).toEqual({ ...bundle, refreshAt: 2880 });
  await store.replace(bundle);
  expect(await store.load()).toEqual(bundle);
});

test('the bundle is one private file', async () => {
  await directoryStore(directory).replace(bundle);
  const path = join(directory, '..data', 'credential-bundle.pem');
  expect(readFileSync(path, 'utf8')).toBe(encodeBundle(bundle));
  expect(lstatSync(path).mode & 0o777).toBe(0o600);
});

test.each([
  ['no bundle', [{ path: 'other', bytes: bytes('x') }], 'credential-bundle.pem: no such file'],
  [
    'a bundle cut short',
    [{ path: 'credential-bundle.pem', bytes: bytes(encodeBundle(bundle).slice(0, -9)) }],
    'credential-bundle.pem: Cannot read the credential bundle: PEM is broken',
  ],
  [
    'a moment that is none',
    [
      { path: 'credential-bundle.pem', bytes: bytes(encodeBundle(bundle)) },
      { path: 'refresh-at', bytes: bytes('soon') },
    ],
    'refresh-at: not a number of seconds',
  ],
])('refuses %s, and names the file', async (_name, content, message) => {
  await writeVolume(directory, content);
  await expect(directoryStore(directory).load()).rejects.toMatchObject({
    code: 'ERR_ROTATION_BUNDLE',
    message: expect.stringContaining(`${directory}/${message}`),
  });
});
