import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeySync } from '@mayfly/keys/node';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { BINDING_PATH, createToken, missing, type SoftToken } from '../pkcs11/soft-hsm.js';
import type { Json } from './client.js';
import { adminOf } from './connect.js';
import { type Installation, installSigner } from './installation.js';
import { CERTIFICATES, createPod, newKey, requestFor, stubOf, type TestPod } from './objects.js';
import { MAYFLY } from './program.js';
import { type SignerProcess, startSignerProcess } from './signer-process.js';
import { eventually } from './wait.js';

const NAMESPACE = 'token';
const SIGNER = 'example.com/token';
const PIN = 'hush-2718';
const cluster = inject('cluster');
const admin = adminOf(cluster);
const requests = `${CERTIFICATES}/namespaces/${NAMESPACE}/podcertificaterequests`;

describe.skipIf(missing !== undefined)(`a signer whose key is in a token${missing ? `: ${missing}` : ''}`, () => {
  let token: SoftToken;
  let installation: Installation;
  let pod: TestPod;
  let signer: SignerProcess | undefined;
  let root: X509Certificate;

  beforeAll(async () => {
    token = createToken('pki', PIN);
    token.importKey('ca', '01', generateKeySync('P-384').exportPkcs8());
    Object.assign(process.env, {
      NODE_PATH: BINDING_PATH,
      SOFTHSM2_CONF: token.configuration,
      MAYFLY_PKCS11_PIN: PIN,
    });
    const out = join(cluster.directory, 'token-pki');
    execFileSync(process.execPath, [MAYFLY, 'ca', 'init', '--out', out, '--name', 'Token Root', '--key', uri()]);
    root = new X509Certificate(readFileSync(join(out, 'ca.crt')));
    installation = await installSigner(admin, { signerName: SIGNER, namespace: NAMESPACE });
    pod = await createPod(admin, { namespace: NAMESPACE, name: 'web-0', node: 'node1' });
    signer = await start();
    await signer.ready();
  });
  afterAll(async () => {
    await signer?.stop();
    token.remove();
  });

  const uri = (): string => `pkcs11:token=pki;object=ca?module-path=${token.modulePath}`;
  const start = (): Promise<SignerProcess> =>
    startSignerProcess(installation, {
      server: `https://127.0.0.1:${cluster.port}`,
      authority: cluster.authority,
      directory: cluster.directory,
      authorityFlags: ['--ca-cert', join(cluster.directory, 'token-pki', 'ca.crt'), '--ca-key', uri()],
    });
  const ask = async (): Promise<string> => {
    const body = requestFor(pod, { signerName: SIGNER, stubPKCS10Request: stubOf(newKey()) });
    return (await admin.expect('POST', requests, body)).metadata.name;
  };
  const statusOf = async (name: string): Promise<Json> => (await admin.expect('GET', `${requests}/${name}`)).status;
  const issued = async (name: string): Promise<X509Certificate> => {
    const { certificateChain } = await eventually(
      `${name} is issued; ${JSON.stringify(signer?.log.at(-1))}`,
      async () => {
        const status = await statusOf(name);
        return status.conditions?.[0]?.type === 'Issued' ? status : undefined;
      },
    );
    return new X509Certificate(certificateChain);
  };

  test('issues, many at the same time', async () => {
    const names = await Promise.all(Array.from({ length: 30 }, ask));
    for (const name of names) expect((await issued(name)).verify(root.publicKey)).toBe(true);
  });

  test('leaves requests pending while the token is away, and issues when it is back', async () => {
    token.takeAway();
    const name = await ask();
    const trouble = await eventually('the log tells of it', () =>
      signer?.log.find(({ message }) => String(message).includes('PKCS#11 key "pki/ca"')),
    );
    expect(trouble).toMatchObject({ level: 'warn' });
    expect((await statusOf(name)).conditions).toBeUndefined();
    token.putBack();
    expect((await issued(name)).verify(root.publicKey)).toBe(true);
    expect(JSON.stringify(signer?.log)).not.toContain(PIN);
  });

  test('stays up where the PIN is wrong, and tries it once', async () => {
    process.env['MAYFLY_PKCS11_PIN'] = 'hush-0000';
    const other = await start();
    try {
      const refused = await eventually('it says so', () => other.log.find(({ reason }) => reason === 'PinRefused'));
      expect(refused['message']).toMatch(/Cannot log in to PKCS#11 key "pki\/ca": CKR_PIN_INCORRECT/);
      expect(other.exitCode()).toBeUndefined();
    } finally {
      await other.stop();
    }
  });
});
