/** Private keys in PKCS#8, SEC 1, PKCS#1 and encrypted, and public keys, between Mayfly and others. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { encodePem } from '@mayfly/der/pem';
import { fromPkijsPrivateKeyInfo, toPkijsPrivateKeyInfo, toPkijsPublicKeyInfo } from '@mayfly/interop';
import type { KeyAlgorithm } from '@mayfly/keys';
import { encodePrivateKeyInfo, parsePrivateKeyInfo, parsePrivateKeyPem } from '@mayfly/pkcs8';
import { ecFromPrivateKeyInfo } from '@mayfly/pkcs8/ec';
import { decryptPrivateKeyInfo, encryptPrivateKeyInfo } from '@mayfly/pkcs8/encrypted';
import { rsaToPrivateKeyInfo } from '@mayfly/pkcs8/rsa';
import { parseSubjectPublicKeyInfo } from '@mayfly/x509';
import { OctetString } from 'asn1js';
import * as pkijs from 'pkijs';
import { afterAll, describe, expect, test } from 'vitest';
import {
  algorithms,
  combinations,
  keyAlgorithms,
  pkcs8Of,
  privateKeyInfoOf,
  providers,
  publicKeyOf,
} from './algorithms.js';
import { openBench } from './bench.js';
import { differenceOf, unlessDifferent } from './differences.js';

const bench = openBench();
afterAll(bench.remove);

const password = 'not a secret';
const iterations = 1000;

/** SEC 1 or PKCS#1, whichever is the algorithm's own. */
function traditional(key: KeyAlgorithm): { readonly label: string; readonly der: Uint8Array } {
  const info = privateKeyInfoOf(key);
  return key.startsWith('RSA')
    ? { label: 'RSA PRIVATE KEY', der: info.privateKey }
    : { label: 'EC PRIVATE KEY', der: ecFromPrivateKeyInfo(info) };
}

const noTraditionalForm = (key: KeyAlgorithm) =>
  differenceOf('Mayfly, openssl and node:crypto write the traditional form', key);

/** The public key that openssl finds in a private one. */
function opensslPublicKey(pem: string): Uint8Array {
  bench.write('key.pem', pem);
  const options = ['-in', 'key.pem', '-passin', `pass:${password}`, '-pubout', '-outform', 'DER', '-out', 'public.der'];
  bench.run('openssl', 'pkey', ...options);
  return new Uint8Array(bench.read('public.der'));
}

const nodePublicKey = (pem: string): Uint8Array =>
  new Uint8Array(
    createPublicKey(createPrivateKey({ key: pem, passphrase: password })).export({ format: 'der', type: 'spki' }),
  );

/** The public key that each provider of Mayfly finds in a private one. */
async function expectMayflyKey(pkcs8: Uint8Array, key: KeyAlgorithm): Promise<void> {
  const algorithm = algorithms.find((candidate) => candidate.key === key)!;
  for (const { load } of providers.filter(({ has }) => has(key)))
    expect((await load(algorithm, pkcs8)).subjectPublicKeyInfo).toEqual(publicKeyOf(key));
}

const platformAlgorithm = (key: KeyAlgorithm) =>
  key.startsWith('RSA')
    ? { name: 'RSA-PSS', hash: { name: 'SHA-256' } }
    : key === 'Ed25519'
      ? { name: key }
      : { name: 'ECDSA', namedCurve: key };

const engine = new pkijs.CryptoEngine({ name: 'node', crypto });

describe('PKCS#8 of a provider', () => {
  test.each(combinations)('$name', async ({ algorithm, provider }) => {
    const pkcs8 = await (await provider.load(algorithm)).exportPkcs8();
    const pem = encodePem('PRIVATE KEY', pkcs8);
    expect(opensslPublicKey(pem)).toEqual(publicKeyOf(algorithm.key));
    expect(nodePublicKey(pem)).toEqual(publicKeyOf(algorithm.key));
    const info = pkijs.PrivateKeyInfo.fromBER(pkcs8);
    expect(encodePrivateKeyInfo(fromPkijsPrivateKeyInfo(info))).toEqual(pkcs8);
  });
});

describe.each(keyAlgorithms.map((key) => ({ key })))('$key made by Mayfly', ({ key }) => {
  test('openssl, node:crypto and PKI.js read the traditional form', async () => {
    const form = await unlessDifferent(noTraditionalForm(key), () => traditional(key));
    if (form === undefined) return;
    const pem = encodePem(form.label, form.der);
    expect(opensslPublicKey(pem)).toEqual(publicKeyOf(key));
    expect(nodePublicKey(pem)).toEqual(publicKeyOf(key));
    const { der } = form;
    const read = key.startsWith('RSA') ? pkijs.RSAPrivateKey.fromBER(der) : pkijs.ECPrivateKey.fromBER(der);
    expect(new Uint8Array(read.toSchema().toBER())).toEqual(der);
  });

  test('openssl, node:crypto and PKI.js decrypt PBES2', async () => {
    const encrypted = await encryptPrivateKeyInfo(pkcs8Of(key), password, { iterations });
    const pem = encodePem('ENCRYPTED PRIVATE KEY', encrypted);
    expect(opensslPublicKey(pem)).toEqual(publicKeyOf(key));
    expect(nodePublicKey(pem)).toEqual(publicKeyOf(key));
    const bag = pkijs.PKCS8ShroudedKeyBag.fromBER(encrypted);
    await bag['parseInternalValues']({ password: new TextEncoder().encode(password).buffer });
    expect(encodePrivateKeyInfo(fromPkijsPrivateKeyInfo(bag.parsedValue!))).toEqual(pkcs8Of(key));
  });

  test('openssl, node:crypto and PKI.js read the public key', async () => {
    const spki = parseSubjectPublicKeyInfo(publicKeyOf(key));
    expect(spki.subjectPublicKey.length).toBeGreaterThan(31);
    bench.write('public.der', publicKeyOf(key));
    expect(bench.run('openssl', 'pkey', '-pubin', '-in', 'public.der', '-noout', '-text_pub')).toMatch(/ED25519|bit\)/);
    const node = createPublicKey({ key: Buffer.from(publicKeyOf(key)), format: 'der', type: 'spki' });
    expect(node.asymmetricKeyType).toBe(key.startsWith('P-') ? 'ec' : key.split('-')[0]!.toLowerCase());
    const der = toPkijsPublicKeyInfo(publicKeyOf(key)).toSchema().toBER();
    const imported = await unlessDifferent(differenceOf('PKI.js imports a public key', key), () =>
      engine.importKey('spki', der, platformAlgorithm(key), true, ['verify']),
    );
    if (imported === undefined) return;
    expect(new Uint8Array(await engine.exportKey('spki', imported))).toEqual(publicKeyOf(key));
  });
});

describe.each(keyAlgorithms.map((key) => ({ key })))('$key made by openssl', ({ key }) => {
  const openssl = (...command: readonly string[]): string => {
    bench.write('key.der', pkcs8Of(key));
    return bench.run('openssl', ...command, '-in', 'key.der');
  };

  test('Mayfly reads PKCS#8', async () => {
    await expectMayflyKey(await open(openssl('pkey')), key);
  });

  test('Mayfly reads the traditional form', async () => {
    const pem = await unlessDifferent(noTraditionalForm(key), () => openssl('pkey', '-traditional'));
    if (pem !== undefined) await expectMayflyKey(await open(pem), key);
  });

  test('Mayfly decrypts PBES2', async () => {
    const encryption = ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA512', '-passout', `pass:${password}`];
    await expectMayflyKey(await open(openssl('pkcs8', '-topk8', ...encryption)), key);
  });
});

describe.each(keyAlgorithms.map((key) => ({ key })))('$key made by node:crypto', ({ key }) => {
  const made = createPrivateKey({ key: Buffer.from(pkcs8Of(key)), format: 'der', type: 'pkcs8' });

  test('Mayfly reads PKCS#8', async () => {
    await expectMayflyKey(await open(made.export({ format: 'pem', type: 'pkcs8' }).toString()), key);
  });

  test('Mayfly reads PBES2', async () => {
    const options = { format: 'pem', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase: password } as const;
    await expectMayflyKey(await open(made.export(options).toString()), key);
  });

  test('Mayfly reads the traditional form', async () => {
    const type = key.startsWith('RSA') ? 'pkcs1' : 'sec1';
    const pem = await unlessDifferent(noTraditionalForm(key), () => made.export({ format: 'pem', type }).toString());
    if (pem !== undefined) await expectMayflyKey(await open(pem), key);
  });
});

describe.each(keyAlgorithms.map((key) => ({ key })))('$key made by PKI.js', ({ key }) => {
  test('Mayfly reads PKCS#8 and the traditional form', async () => {
    const imported = await unlessDifferent(differenceOf('PKI.js imports a private key', key), () =>
      engine.importKey('pkcs8', pkcs8Of(key).slice().buffer, platformAlgorithm(key), true, ['sign']),
    );
    if (imported === undefined) return;
    const pkcs8 = new Uint8Array(await engine.exportKey('pkcs8', imported));
    await expectMayflyKey(pkcs8, key);
    const { parsedKey } = pkijs.PrivateKeyInfo.fromBER(pkcs8);
    const der = new Uint8Array(parsedKey!.toSchema().toBER());
    // PKI.js leaves the curve out of SEC 1 keys, since PKCS#8 has it.
    const info = key.startsWith('RSA') ? rsaToPrivateKeyInfo(der) : { ...parsePrivateKeyInfo(pkcs8), privateKey: der };
    await expectMayflyKey(encodePrivateKeyInfo(info), key);
  });

  test('Mayfly decrypts PBES2', async () => {
    const bag = new pkijs.PKCS8ShroudedKeyBag({ parsedValue: toPkijsPrivateKeyInfo(privateKeyInfoOf(key)) });
    await bag.makeInternalValues({
      password: new TextEncoder().encode(password).buffer,
      contentEncryptionAlgorithm: { name: 'AES-CBC', length: 256 },
      hmacHashAlgorithm: 'SHA-256',
      iterationCount: iterations,
    });
    await unlessDifferent(differenceOf('PKI.js encrypts a private key', key), () =>
      decryptPrivateKeyInfo(new Uint8Array(bag.toSchema().toBER()), password),
    );
    bag.encryptedData = new OctetString({ valueHex: bag.encryptedData.getValue() });
    expect(await decryptPrivateKeyInfo(new Uint8Array(bag.toSchema().toBER()), password)).toEqual(pkcs8Of(key));
  });
});

/** The one private key in a PEM text as PKCS#8, decrypted where it is encrypted. */
async function open(pem: string): Promise<Uint8Array> {
  const key = parsePrivateKeyPem(pem);
  return key.label === 'ENCRYPTED PRIVATE KEY'
    ? decryptPrivateKeyInfo(key.encryptedPrivateKeyInfo, password)
    : key.privateKeyInfo;
}
