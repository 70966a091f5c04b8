import { encode, fromHex, integer, octetString, sequence, setOf, utf8String } from '@mayfly/der';
import { generateKeySync } from '@mayfly/keys/node';
import { curvePrivateKeyInfo, encodePrivateKeyInfo } from '@mayfly/pkcs8';
import { createCertificationRequestSync, parseCertificationRequest } from '@mayfly/pkcs10';
import { parseCertificate } from '@mayfly/x509';
import { createCertificateSync, rootContents } from '@mayfly/x509/create';
import { basicConstraintsExtension } from '@mayfly/x509/extensions';
import { buildName, encodeName, parseName } from '@mayfly/x509/name';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { describe, expect, test } from 'vitest';
import {
  asn1jsNode,
  fromAsn1js,
  fromPkijsAlgorithmIdentifier,
  fromPkijsCertificate,
  fromPkijsCertificationRequest,
  fromPkijsExtension,
  fromPkijsName,
  fromPkijsPrivateKeyInfo,
  fromPkijsPublicKeyInfo,
  toAsn1js,
  toPkijsAlgorithmIdentifier,
  toPkijsCertificate,
  toPkijsCertificationRequest,
  toPkijsExtension,
  toPkijsName,
  toPkijsPrivateKeyInfo,
  toPkijsPublicKeyInfo,
} from './index.js';

const key = generateKeySync('P-256');
const subject = encodeName(buildName({ country: 'DE', organization: 'Example', commonName: 'Root' }));
const certificate = parseCertificate(
  createCertificateSync(
    rootContents(
      {
        serialNumber: 1n,
        validity: { notBefore: 0, notAfter: 1 },
        subject,
        subjectKeyIdentifier: Uint8Array.of(1),
      },
      key,
    ),
    key,
  ),
);
const request = parseCertificationRequest(createCertificationRequestSync({ subject }, key));

const attribute = (type: string, value: string) =>
  new pkijs.AttributeTypeAndValue({ type, value: new asn1js.Utf8String({ value }) });

test('what goes over shares no bytes with what it came from', () => {
  const der = certificate.der.slice();
  const there = toPkijsCertificate(parseCertificate(der));
  const name = toPkijsName(subject);
  der.fill(0);
  expect(fromPkijsCertificate(there)).toEqual(certificate);
  fromPkijsName(name).fill(0);
  expect(fromPkijsName(name)).toEqual(subject);
  const extension = basicConstraintsExtension({ cA: true });
  const converted = toPkijsExtension(extension);
  fromPkijsExtension(converted).extnValue.fill(0);
  expect(fromPkijsExtension(converted)).toEqual(extension);
});

test('a field that is changed after signing counts for nothing', () => {
  const there = toPkijsCertificate(certificate);
  there.serialNumber = new asn1js.Integer({ value: 99 });
  there.subject = new pkijs.RelativeDistinguishedNames();
  expect(fromPkijsCertificate(there)).toEqual(certificate);
});

test('PKI.js reads the parts', () => {
  expect(toPkijsExtension(basicConstraintsExtension({ cA: true })).parsedValue).toMatchObject({ cA: true });
  expect(toPkijsPublicKeyInfo(key.subjectPublicKeyInfo).parsedKey).toBeInstanceOf(pkijs.ECPublicKey);
  expect(toPkijsAlgorithmIdentifier(key.signatureAlgorithm).algorithmId).toBe('1.2.840.10045.4.3.2');
});

describe('name', () => {
  test('keeps its levels', () => {
    expect(parseName(fromPkijsName(toPkijsName(subject)))).toHaveLength(3);
  });

  test('put together in PKI.js is one level with all attributes', () => {
    const name = new pkijs.RelativeDistinguishedNames();
    name.typesAndValues.push(attribute('2.5.4.3', 'web'), attribute('2.5.4.10', 'Example'));
    const read = parseName(fromPkijsName(name));
    expect(read).toHaveLength(1);
    expect(read[0]!.map(({ value }) => value)).toEqual(['web', 'Example']);
  });

  test('without attributes is one empty level in PKI.js, the empty name only where it was read', () => {
    expect(fromPkijsName(new pkijs.RelativeDistinguishedNames())).toEqual(fromHex('30023100'));
    expect(fromPkijsName(toPkijsName(fromHex('3000')))).toEqual(fromHex('3000'));
  });
});

test('asn1js objects stand within DER', () => {
  const node = sequence(integer(1), asn1jsNode(new asn1js.Utf8String({ value: 'web' })));
  const block = toAsn1js(node);
  expect(block).toBeInstanceOf(asn1js.Sequence);
  expect(fromAsn1js(block)).toEqual(encode(sequence(integer(1), utf8String('web'))));
});

describe('refusals', () => {
  const unsorted = new pkijs.RelativeDistinguishedNames();
  unsorted.typesAndValues.push(attribute('2.5.4.10', 'Example'), attribute('2.5.4.3', 'web'));
  const constructed = new asn1js.OctetString({
    isConstructed: true,
    idBlock: { isConstructed: true },
    value: [new asn1js.OctetString({ valueHex: Uint8Array.of(1).buffer })],
  } as asn1js.OctetStringParams);
  const withPublicKey = { ...curvePrivateKeyInfo('Ed25519', new Uint8Array(32)), publicKey: new Uint8Array(32) };
  const deep = Array.from({ length: 120 }).reduce<ReturnType<typeof sequence>>((inner) => sequence(inner), integer(1));
  // Passes for one by its shape; the casts stand in for objects of another copy, which types cannot tell apart.
  const lookalike = <T extends object>(value: T): T => ({ ...value });
  const { privateKeyAlgorithm } = withPublicKey;

  test.each<[string, string, () => unknown]>([
    ['a name out of order', 'ERR_INTEROP_NOT_DER', () => fromPkijsName(unsorted)],
    ['BER', 'ERR_INTEROP_NOT_DER', () => fromAsn1js(constructed)],
    ['an unsigned certificate', 'ERR_INTEROP_UNSIGNED', () => fromPkijsCertificate(new pkijs.Certificate())],
    [
      'an unsigned request',
      'ERR_INTEROP_UNSIGNED',
      () => fromPkijsCertificationRequest(new pkijs.CertificationRequest()),
    ],
    ['a key with a public key', 'ERR_INTEROP_UNREPRESENTABLE', () => toPkijsPrivateKeyInfo(withPublicKey)],
    [
      'a key with no attributes in a set',
      'ERR_INTEROP_UNREPRESENTABLE',
      () => toPkijsPrivateKeyInfo({ privateKeyAlgorithm, privateKey: new Uint8Array(34), attributes: [] }),
    ],
    ['another structure as certificate', 'ERR_INTEROP_REFUSED', () => toPkijsCertificate(request)],
    ['another structure as request', 'ERR_INTEROP_REFUSED', () => toPkijsCertificationRequest(certificate)],
    ['another structure as public key', 'ERR_INTEROP_REFUSED', () => toPkijsPublicKeyInfo(subject)],
    ['another structure as name', 'ERR_INTEROP_REFUSED', () => toPkijsName(encode(setOf(integer(1))))],
    ['too many levels', 'ERR_INTEROP_REFUSED', () => toAsn1js(deep)],
    [
      'asn1js of another copy',
      'ERR_INTEROP_FOREIGN_COPY',
      () => fromAsn1js(lookalike(new asn1js.Null()) as asn1js.BaseBlock),
    ],
    [
      'a certificate of another copy',
      'ERR_INTEROP_FOREIGN_COPY',
      () => fromPkijsCertificate(lookalike(toPkijsCertificate(certificate)) as pkijs.Certificate),
    ],
    [
      'an algorithm of another copy',
      'ERR_INTEROP_FOREIGN_COPY',
      () => fromPkijsAlgorithmIdentifier(lookalike(new pkijs.AlgorithmIdentifier()) as pkijs.AlgorithmIdentifier),
    ],
  ])('%s', (_name, code, convert) => {
    expect(convert).toThrow(expect.objectContaining({ name: 'InteropError', code }));
  });

  test.each<[string, () => unknown]>([
    ['bytes after the element', () => toAsn1js(fromHex('050000'))],
    ['half an element', () => toPkijsName(subject.subarray(0, -1))],
    ['a public key that is not filled', () => fromPkijsPublicKeyInfo(new pkijs.PublicKeyInfo())],
    ['a private key that is not filled', () => fromPkijsPrivateKeyInfo(new pkijs.PrivateKeyInfo())],
  ])('%s is an error of the reader, or of asn1js', (_name, convert) => {
    expect(convert).toThrow();
  });

  test('no message carries key bytes', () => {
    const secret = 'c0ffee'.repeat(10) + 'c0ff';
    const info = { privateKeyAlgorithm, privateKey: encode(octetString(fromHex(secret))), attributes: [] };
    expect(encodePrivateKeyInfo(info)).toBeInstanceOf(Uint8Array);
    expect(() => toPkijsPrivateKeyInfo(info)).toThrow(/^(?!.*(c0ffee|192,\s*255,\s*238))/s);
  });
});
