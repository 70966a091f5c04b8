import { generateKey as generateSoftwareKey, verifyWithNoble } from '@mayfly/keys/noble';
import { generateKeySync, verifyWithNode } from '@mayfly/keys/node';
import { generateKey } from '@mayfly/keys/webcrypto';
import { parseCertificate, signedParts } from '@mayfly/x509';
import { buildName, encodeName } from '@mayfly/x509/name';
import type { SigningKey, VerifySignature } from '@mayfly/x509/signed';
import { Integer, OctetString } from 'asn1js';
import * as pkijs from 'pkijs';
import { describe, expect, test } from 'vitest';
import {
  fromPkijsCertificate,
  fromPkijsCertificationRequest,
  pkijsEngine,
  toPkijsKeyPair,
  toPkijsName,
} from './index.js';

const subject = encodeName(buildName({ organization: 'Example', commonName: 'Root' }));
const engine = pkijsEngine({ verify: verifyWithNode });
const key = generateKeySync('P-256');

function unsigned(): pkijs.Certificate {
  return new pkijs.Certificate({
    version: 2,
    serialNumber: new Integer({ value: 1 }),
    issuer: toPkijsName(subject),
    subject: toPkijsName(subject),
    notBefore: new pkijs.Time({ value: new Date('2026-01-01') }),
    notAfter: new pkijs.Time({ value: new Date('2027-01-01') }),
  });
}

async function selfSigned(signingKey: SigningKey, hash?: string): Promise<pkijs.Certificate> {
  const { privateKey, publicKey } = toPkijsKeyPair(signingKey);
  const certificate = unsigned();
  await certificate.subjectPublicKeyInfo.importKey(publicKey, engine);
  await certificate.sign(privateKey, hash, engine);
  return certificate;
}

test.each<[string, () => SigningKey | Promise<SigningKey>]>([
  ['node', () => key],
  ['noble', () => generateSoftwareKey('Ed25519')],
  ['a WebCrypto key that is not extractable', () => generateKey('P-384')],
])('PKI.js signs with a key of %s', async (_name, make) => {
  const signingKey = await make();
  const certificate = await selfSigned(signingKey);
  const read = fromPkijsCertificate(certificate);
  expect(read.signatureAlgorithm).toEqual(signingKey.signatureAlgorithm);
  expect(read.subjectPublicKeyInfo).toEqual(signingKey.subjectPublicKeyInfo);
  expect(verifyWithNode(signedParts(read), read.subjectPublicKeyInfo)).toBe(true);
  expect(await certificate.verify(undefined, engine)).toBe(true);
  expect(parseCertificate(new Uint8Array(certificate.toSchema().toBER()))).toEqual(read);
});

describe('hash', () => {
  test.each<[string, SigningKey]>([
    ['SHA-256', key],
    ['sha-256', key],
    ['SHA-1', key], // what PKI.js fills in when nothing is asked for
    ['SHA-512', generateKeySync('Ed25519')],
  ])('%s is taken where the key has it', async (hash, signingKey) => {
    const { signatureAlgorithm } = fromPkijsCertificate(await selfSigned(signingKey, hash));
    expect(signatureAlgorithm).toEqual(signingKey.signatureAlgorithm);
  });

  test.each<[string, SigningKey]>([
    ['SHA-384', key],
    ['SHA-256', generateKeySync('Ed25519')],
  ])('%s is refused where the key has another', async (hash, signingKey) => {
    await expect(selfSigned(signingKey, hash)).rejects.toThrow(expect.objectContaining({ code: 'ERR_INTEROP_HASH' }));
  });
});

test('the verifier that was given is the one that is asked, and what it throws comes through', async () => {
  const seen: Parameters<VerifySignature>[] = [];
  const certificate = await selfSigned(key);
  const answer = (outcome: boolean): VerifySignature => {
    return (...asked) => {
      seen.push(asked);
      return outcome;
    };
  };
  expect(await certificate.verify(undefined, pkijsEngine({ verify: answer(true) }))).toBe(true);
  expect(await certificate.verify(undefined, pkijsEngine({ verify: answer(false) }))).toBe(false);
  const read = fromPkijsCertificate(certificate);
  expect(seen).toEqual([
    [signedParts(read), read.subjectPublicKeyInfo],
    [signedParts(read), read.subjectPublicKeyInfo],
  ]);
  const rsa = await selfSigned(generateKeySync('RSA-2048'));
  await expect(rsa.verify(undefined, pkijsEngine({ verify: verifyWithNoble }))).rejects.toThrow(
    expect.objectContaining({ code: 'ERR_KEYS_UNSUPPORTED_ALGORITHM' }),
  );
});

test('signatures of CMS and of SCTs name their hash apart', async () => {
  const data = Uint8Array.of(1, 2, 3);
  const info = new pkijs.PublicKeyInfo();
  await info.importKey(toPkijsKeyPair(key).publicKey, engine);
  const signature = new OctetString({ valueHex: Uint8Array.from(key.sign(data)).buffer });
  const nothing = new pkijs.AlgorithmIdentifier();
  expect(await engine.verifyWithPublicKey(data, signature, info, nothing, 'SHA-256')).toBe(true);
  expect(await engine.verifyWithPublicKey(data.buffer, signature, info, nothing, 'SHA-256')).toBe(true);
  expect(await engine.verifyWithPublicKey(data, signature, info, nothing, 'SHA-384')).toBe(false);
  await expect(engine.verifyWithPublicKey(data, signature, info, nothing, 'SHA-1')).rejects.toThrow(
    expect.objectContaining({ code: 'ERR_INTEROP_HASH' }),
  );
});

test('CMS signs with a Mayfly key', async () => {
  const certificate = await selfSigned(key);
  const data = Uint8Array.of(1, 2, 3);
  const signed = new pkijs.SignedData({
    encapContentInfo: new pkijs.EncapsulatedContentInfo({
      eContentType: pkijs.ContentInfo.DATA,
      eContent: new OctetString({ valueHex: data.buffer }),
    }),
    signerInfos: [
      new pkijs.SignerInfo({
        sid: new pkijs.IssuerAndSerialNumber({ issuer: certificate.issuer, serialNumber: certificate.serialNumber }),
      }),
    ],
    certificates: [certificate],
  });
  await signed.sign(toPkijsKeyPair(key).privateKey, 0, 'SHA-256', undefined, engine);
  expect(await signed.verify({ signer: 0 }, engine)).toBe(true);
});

test('keys of the platform sign as with the engine of PKI.js', async () => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = unsigned();
  await certificate.subjectPublicKeyInfo.importKey(pair.publicKey, engine);
  await certificate.sign(pair.privateKey, 'SHA-512', engine);
  expect(fromPkijsCertificate(certificate).signatureAlgorithm.algorithm).toBe('1.2.840.10045.4.3.4');
  expect(await certificate.verify(undefined, engine)).toBe(true);
  expect(await certificate.verify()).toBe(true);
});

describe('a key', () => {
  const { privateKey, publicKey } = toPkijsKeyPair(key);

  test('looks like a CryptoKey', () => {
    expect(privateKey).toMatchObject({ type: 'private', extractable: false, usages: ['sign'] });
    expect(publicKey).toMatchObject({ type: 'public', extractable: true, usages: ['verify'] });
    expect(privateKey.algorithm).toEqual({ name: 'ECDSA', namedCurve: 'P-256', hash: { name: 'SHA-256' } });
    expect(toPkijsKeyPair(generateKeySync('Ed25519')).privateKey.algorithm).toEqual({ name: 'Ed25519' });
    const rsa = generateKeySync('RSA-2048', { scheme: 'RSASSA-PSS-SHA256' });
    expect(toPkijsKeyPair(rsa).privateKey.algorithm).toEqual({
      name: 'RSA-PSS',
      modulusLength: 2048,
      publicExponent: Uint8Array.of(1, 0, 1),
      hash: { name: 'SHA-256' },
    });
  });

  test.each([
    ['pkcs8', privateKey],
    ['spki', privateKey],
    ['jwk', publicKey],
  ])('is not exported as %s', async (format, handle) => {
    // ICryptoEngine has it from SubtleCrypto, a type that only browsers' declarations have.
    const { exportKey } = engine as unknown as { exportKey(format: string, key: object): Promise<unknown> };
    await expect(exportKey(format, handle)).rejects.toThrow(
      expect.objectContaining({ name: 'InteropError', code: 'ERR_INTEROP_KEY_FORMAT' }),
    );
  });

  test('of an algorithm that nobody knows is refused', () => {
    expect(() => toPkijsKeyPair({ ...key, signatureAlgorithm: { algorithm: '1.2.3' } })).toThrow(
      expect.objectContaining({ code: 'ERR_KEYS_UNSUPPORTED_ALGORITHM' }),
    );
  });
});

describe('what PKI.js signs and Mayfly refuses', () => {
  const { privateKey, publicKey } = toPkijsKeyPair(key);

  test('a request without even an empty set of attributes', async () => {
    const request = new pkijs.CertificationRequest({ subject: toPkijsName(subject) });
    await request.subjectPublicKeyInfo.importKey(publicKey, engine);
    await request.sign(privateKey, undefined, engine);
    expect(() => fromPkijsCertificationRequest(request)).toThrow(
      expect.objectContaining({ code: 'ERR_DER_TRUNCATED' }),
    );
    request.attributes = [];
    await request.sign(privateKey, undefined, engine);
    expect(fromPkijsCertificationRequest(request)).toMatchObject({ subject, attributes: [] });
  });

  test('a certificate whose serial number was left at zero', async () => {
    const certificate = unsigned();
    certificate.serialNumber = new Integer({ value: 0 });
    await certificate.subjectPublicKeyInfo.importKey(publicKey, engine);
    await certificate.sign(privateKey, undefined, engine);
    expect(() => fromPkijsCertificate(certificate)).toThrow(
      expect.objectContaining({ code: 'ERR_X509_SERIAL_NUMBER' }),
    );
  });
});

test('PKI.js keeps the engine that it registered itself', async () => {
  const before = pkijs.getEngine();
  expect(before.crypto).toBeInstanceOf(pkijs.CryptoEngine);
  pkijsEngine({ verify: verifyWithNode });
  await selfSigned(key);
  expect(pkijs.getEngine()).toBe(before);
});
