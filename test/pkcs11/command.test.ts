import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateKeySync } from '@mayfly/keys/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BINDING_PATH, createToken, missing, type SoftToken } from './soft-hsm.js';

const MAYFLY = fileURLToPath(new URL('../../packages/cli/bin/mayfly.js', import.meta.url));
const PIN = 'hush-4711';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mayfly-token-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What the command says, on both streams, and how it ends. */
function caInit(key: string, env: Record<string, string> = {}, more: readonly string[] = []) {
  const args = [MAYFLY, 'ca', 'init', '--out', join(directory, 'pki'), '--name', 'Root', '--key', key, ...more];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, NODE_PATH: BINDING_PATH, ...env },
  });
  return { status, text: stdout + stderr };
}

describe.skipIf(missing !== undefined)(`mayfly ca init --key pkcs11:...${missing ? ` ${missing}` : ''}`, () => {
  let token: SoftToken;
  let uri: string;
  beforeAll(() => {
    token = createToken('pki', PIN);
    uri = `pkcs11:token=pki;object=ca?module-path=${token.modulePath}`;
    token.importKey('ca', '01', generateKeySync('P-384').exportPkcs8());
  });
  afterAll(() => token.remove());
  const run = (key: string, env: Record<string, string> = {}, more: readonly string[] = []) =>
    caInit(key, { SOFTHSM2_CONF: token.configuration, ...env }, more);

  test('makes a root of its key, and an intermediate below it, as OpenSSL judges', () => {
    const { status, text } = run(uri, { MAYFLY_PKCS11_PIN: PIN }, ['--intermediate', 'Issuing']);
    expect([status, text]).toEqual([0, expect.stringContaining('Root "Root", key of a token')]);
    const path = (name: string): string => join(directory, 'pki', name);
    expect(existsSync(path('ca.key'))).toBe(false);
    const verified = execFileSync('openssl', ['verify', '-CAfile', path('ca.crt'), path('intermediate.crt')]);
    expect(String(verified)).toMatch(/OK/);
    expect(readFileSync(path('intermediate.key'), 'utf8')).toMatch(/PRIVATE KEY/);
  });

  test('reads the PIN from the first line of a file', () => {
    writeFileSync(join(directory, 'pin'), `${PIN}\n`, { mode: 0o600 });
    const { status, text } = run(`${uri}&pin-source=file:${join(directory, 'pin')}`);
    expect([status, text]).toEqual([0, expect.stringContaining('ca.crt')]);
  });

  test.each<[string, (pinFile: string) => string, Record<string, string>, number, RegExp]>([
    ['without a PIN', () => uri, {}, 1, /it wants a PIN, and none was given/],
    ['with a wrong PIN', () => uri, { MAYFLY_PKCS11_PIN: 'hush-0815' }, 1, /CKR_PIN_INCORRECT/],
    ['without its PIN file', (file) => `${uri}&pin-source=${file}`, {}, 1, /Cannot read the PIN from .*no such file/],
    ['without a module', () => 'pkcs11:token=pki;object=ca', {}, 2, /its URI names no module/],
    ['with a module that is none', () => 'pkcs11:object=ca?module-path=/etc/hosts', {}, 1, /Cannot load the PKCS#11/],
    ['with a PIN in the URI', () => `${uri}&pin-value=${PIN}`, {}, 1, /use pin-source/],
    ['without the binding', () => uri, { NODE_PATH: '' }, 2, /npm install pkcs11js@2/],
    ['with a file', () => 'ca.key', {}, 2, /it takes the URI of a key in a token/],
  ])('%s says what to do, and no PIN', (_name, key, env, code, state) => {
    const { status, text } = run(key(join(directory, 'nothing')), env);
    expect([status, text]).toEqual([code, expect.stringMatching(state)]);
    expect(text).not.toMatch(/hush/);
    expect(existsSync(join(directory, 'pki', 'ca.crt'))).toBe(false);
  });
});
