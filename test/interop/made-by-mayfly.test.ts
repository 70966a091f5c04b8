/** What Mayfly makes with every algorithm and provider, read and verified by others. */
import { createPublicKey, verify as verifySignature, X509Certificate } from 'node:crypto';
import { pkijsEngine, toPkijsCertificate, toPkijsCertificationRequest } from '@mayfly/interop';
import { schemes } from '@mayfly/keys';
import { parseCertificationRequest } from '@mayfly/pkcs10';
import { parseCertificate } from '@mayfly/x509';
import * as pkijs from 'pkijs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { combinations, publicKeyOf } from './algorithms.js';
import {
  type Artefacts,
  certificatePem,
  leafName,
  leafText,
  makeArtefacts,
  requestPem,
  rootText,
} from './artefacts.js';
import { openBench } from './bench.js';
import { differenceOf, unlessDifferent } from './differences.js';

const bench = openBench();
afterAll(bench.remove);

const inText = ['-nameopt', 'RFC2253,utf8,-esc_msb'];

describe.each(combinations)('$name', ({ algorithm, provider }) => {
  let made: Artefacts;
  beforeAll(async () => {
    made = await makeArtefacts(await provider.load(algorithm));
  });

  test('openssl verifies the chain and reads names, dates and extensions', () => {
    bench.write('root.pem', certificatePem(made.root));
    bench.write('leaf.pem', certificatePem(made.leaf));
    const purpose = ['-purpose', 'sslserver', '-verify_hostname', 'web.example', '-verify_ip', '192.0.2.1'];
    expect(bench.run('openssl', 'verify', '-x509_strict', ...purpose, '-CAfile', 'root.pem', 'leaf.pem')).toBe(
      'leaf.pem: OK\n',
    );
    const fields = ['-subject', '-issuer', '-serial', '-startdate', '-enddate'];
    const extensions = [
      'subjectAltName',
      'keyUsage',
      'extendedKeyUsage',
      'authorityInfoAccess',
      'crlDistributionPoints',
    ];
    const text = bench.run(
      'openssl',
      'x509',
      '-in',
      'leaf.pem',
      '-noout',
      ...fields,
      ...inText,
      '-ext',
      extensions.join(),
    );
    expect(text.split('\n').map((line) => line.trim())).toEqual(
      expect.arrayContaining([
        `subject=${leafText}`,
        `issuer=${rootText}`,
        'serial=8000000000000001',
        'notBefore=Jan  1 00:00:00 2026 GMT',
        'notAfter=Jan  1 00:00:00 2056 GMT',
        'DNS:web.example, DNS:*.web.example, IP Address:192.0.2.1, URI:spiffe://example/ns/default/sa/web, email:web@example.com',
        'X509v3 Key Usage: critical',
        'Digital Signature',
        'TLS Web Server Authentication, TLS Web Client Authentication',
        'CA Issuers - URI:http://example/ca',
        'URI:http://example/crl',
      ]),
    );
  });

  test('openssl verifies the request and reads its attributes', () => {
    bench.write('request.pem', requestPem(made.request));
    const text = bench.run('openssl', 'req', '-in', 'request.pem', '-noout', '-verify', '-text', ...inText);
    expect(text).toContain(`Subject: ${leafText}`);
    expect(text).toMatch(/challengePassword *: *not a secret/);
    expect(text).toContain('DNS:web.example, DNS:*.web.example, IP Address:192.0.2.1');
    expect(text).toContain('TLS Web Server Authentication, TLS Web Client Authentication');
  });

  test('node:crypto verifies the chain and reads names and dates', () => {
    const root = new X509Certificate(made.root);
    const leaf = new X509Certificate(made.leaf);
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.checkIssued(root)).toBe(true);
    expect(root.verify(root.publicKey)).toBe(true);
    expect([root.ca, leaf.ca]).toEqual([true, false]);
    expect(leaf.checkHost('a.web.example')).toBe('*.web.example');
    expect(leaf.checkEmail('web@example.com')).toBe('web@example.com');
    expect(leaf.checkIP('192.0.2.1')).toBe('192.0.2.1');
    expect(leaf.subjectAltName).toContain('URI:spiffe://example/ns/default/sa/web');
    expect(leaf.subject).toBe('C=DE\nO=Müller & Söhne\nOU=Web + CN=web.example');
    expect(leaf.serialNumber).toBe('8000000000000001');
    expect([leaf.validFrom, leaf.validTo]).toEqual(['Jan  1 00:00:00 2026 GMT', 'Jan  1 00:00:00 2056 GMT']);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(new Uint8Array(leaf.publicKey.export({ format: 'der', type: 'spki' }))).toEqual(publicKeyOf(algorithm.key));
  });

  test('node:crypto verifies the signature of the request', () => {
    const request = parseCertificationRequest(made.request);
    const { hash, saltLength } = schemes[algorithm.scheme];
    const key = createPublicKey({ key: Buffer.from(request.subjectPublicKeyInfo), format: 'der', type: 'spki' });
    const padded = saltLength === undefined ? key : { key, padding: 6, saltLength };
    const { certificationRequestInfo: info, signature } = request;
    expect(verifySignature(hash?.replace('-', '') ?? null, info, padded, signature)).toBe(true);
  });

  test('PKI.js reads certificate and request, names and extensions', () => {
    const leaf = pkijs.Certificate.fromBER(made.leaf);
    expect(new Uint8Array(leaf.subject.valueBeforeDecode)).toEqual(leafName);
    expect(leaf.subject.typesAndValues.map(({ value }) => value.valueBlock.value)).toEqual([
      'DE',
      'Müller & Söhne',
      'Web',
      'web.example',
    ]);
    expect(leaf.serialNumber.toBigInt()).toBe(0x8000000000000001n);
    expect([leaf.notBefore.value, leaf.notAfter.value]).toEqual([new Date('2026-01-01'), new Date('2056-01-01')]);
    const alternative = leaf.extensions?.find(({ extnID }) => extnID === '2.5.29.17')?.parsedValue;
    expect(alternative.altNames.map(({ type }: pkijs.GeneralName) => type)).toEqual([2, 2, 7, 6, 1]);
    const request = pkijs.CertificationRequest.fromBER(made.request);
    expect(request.attributes?.map(({ type }) => type).toSorted()).toEqual([
      '1.2.840.113549.1.9.14',
      '1.2.840.113549.1.9.7',
    ]);
  });

  test('PKI.js verifies with its own engine', async () => {
    const root = pkijs.Certificate.fromBER(made.root);
    const leaf = pkijs.Certificate.fromBER(made.leaf);
    const request = pkijs.CertificationRequest.fromBER(made.request);
    const difference = differenceOf('PKI.js verifies', algorithm.name);
    for (const verified of [() => root.verify(), () => leaf.verify(root), () => request.verify()])
      expect(await unlessDifferent(difference, verified)).toBe(difference ? undefined : true);
  });

  test('PKI.js verifies with Mayfly as its engine', async () => {
    const engine = pkijsEngine({ verify: provider.verify });
    const root = toPkijsCertificate(parseCertificate(made.root));
    const leaf = toPkijsCertificate(parseCertificate(made.leaf));
    const request = toPkijsCertificationRequest(parseCertificationRequest(made.request));
    expect(await root.verify(undefined, engine)).toBe(true);
    expect(await leaf.verify(root, engine)).toBe(true);
    expect(await request.verify(engine)).toBe(true);
    request.tbsView = request.tbsView.with(-1, request.tbsView.at(-1)! ^ 1);
    expect(await request.verify(engine)).toBe(false);
  });
});
