import { encodePem } from '@mayfly/der/pem';
import { generateKeySync } from '@mayfly/keys/node';
import { type Certificate, parseCertificate } from '@mayfly/x509';
import { createCertificateSync, intermediateContents, rootContents } from '@mayfly/x509/create';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { buildName, encodeName } from '@mayfly/x509/name';
import { beforeAll, expect, test } from 'vitest';
import { type Keys, openKeys } from '../up/keys.js';
import { readAuthority } from './authority-material.js';

const NOW = 1_788_256_800;
let keys: Keys;
beforeAll(async () => {
  keys = await openKeys('node', () => {});
});

const key = () => generateKeySync('P-256');
const contents = (name: string, of: ReturnType<typeof key>, serialNumber: bigint) => ({
  serialNumber,
  validity: { notBefore: NOW - 100, notAfter: NOW + 100_000 },
  subject: encodeName(buildName({ commonName: name })),
  subjectKeyIdentifier: rfc7093KeyIdentifier(of.subjectPublicKeyInfo),
});
const [rootKey, issuingKey] = [key(), key()];
const rootDer = createCertificateSync(rootContents(contents('Root', rootKey, 70n), rootKey), rootKey);
const root: Certificate = parseCertificate(rootDer);
const issuing = createCertificateSync(
  intermediateContents(contents('Issuing', issuingKey, 71n), issuingKey.subjectPublicKeyInfo, root),
  rootKey,
);
const foreignKey = key();
const foreign = createCertificateSync(rootContents(contents('Foreign', foreignKey, 72n), foreignKey), foreignKey);

const pem = (...ders: Uint8Array[]) => ders.map((der) => encodePem('CERTIFICATE', der)).join('');
const keyPem = (of: ReturnType<typeof key>) => encodePem('PRIVATE KEY', of.exportPkcs8());
const read = (secret: Record<string, string>, now = NOW) => {
  const data = Object.fromEntries(
    Object.entries(secret).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
  );
  return readAuthority({ namespace: 'mayfly', name: 'ca' }, { request: async () => ({ data }) }, keys, now);
};

test('a root hands out leaves alone and is trusted itself', async () => {
  const { issuer, anchors } = await read({ 'tls.crt': pem(rootDer), 'tls.key': keyPem(rootKey) });
  expect(issuer.chain).toEqual([]);
  expect(anchors.map(({ der }) => der)).toEqual([root.der]);
});

test.each([[[issuing]], [[issuing, rootDer]]])(
  'an authority below a root goes along, the root does not',
  async (chain) => {
    const { issuer, anchors } = await read({
      'tls.crt': pem(...chain),
      'tls.key': keyPem(issuingKey),
      'ca.crt': pem(rootDer),
    });
    expect(issuer.chain.map(({ der }) => der)).toEqual([new Uint8Array(issuing)]);
    expect(anchors.map(({ der }) => der)).toEqual([root.der]);
  },
);

test.each([
  ['no certificate', { 'tls.key': keyPem(rootKey) }, 'tls.crt of Secret mayfly/ca: absent'],
  ['no key', { 'tls.crt': pem(rootDer) }, 'tls.key of Secret mayfly/ca: absent'],
  ['text that is no PEM', { 'tls.crt': 'x', 'tls.key': keyPem(rootKey) }, 'Secret mayfly/ca: '],
  ['the key of another', { 'tls.crt': pem(rootDer), 'tls.key': keyPem(issuingKey) }, 'the key belongs to another'],
  ['a key that is a certificate', { 'tls.crt': pem(rootDer), 'tls.key': pem(rootDer) }, 'no private key'],
  ['no root', { 'tls.crt': pem(issuing), 'tls.key': keyPem(issuingKey) }, 'it is no root, so name its roots'],
  [
    'a foreign root',
    { 'tls.crt': pem(issuing), 'tls.key': keyPem(issuingKey), 'ca.crt': pem(foreign) },
    'does not lead to its roots',
  ],
])('refuses %s', async (_name, secret, state) => {
  const failure = await read(secret as Record<string, string>).then(String, (error: unknown) => error);
  expect(failure).toMatchObject({ code: 'ERR_CLI_STATE', message: expect.stringContaining(state) });
});

test.each([
  ['that has ended', NOW + 200_000, 'it expired at'],
  ['that has not begun', NOW - 1000, 'it begins at'],
])('refuses an authority %s', async (_name, now, state) => {
  await expect(read({ 'tls.crt': pem(rootDer), 'tls.key': keyPem(rootKey) }, now)).rejects.toThrow(state);
});
