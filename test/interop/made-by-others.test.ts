/** What others make with every algorithm, read and verified by Mayfly. */
import * as nodeCrypto from 'node:crypto';
import { pkijsEngine, toPkijsKeyPair } from '@mayfly/interop';
import { type KeyAlgorithm, schemes } from '@mayfly/keys';
import { parseCertificationRequest, verifyCertificationRequest } from '@mayfly/pkcs10';
import { parseCertificate } from '@mayfly/x509';
import { extKeyUsage, findExtension, keyPurposes, keyUsage, subjectAltName } from '@mayfly/x509/extensions';
import { formatDistinguishedName, parseName } from '@mayfly/x509/name';
import { validatePath } from '@mayfly/x509/path';
import * as pkijs from 'pkijs';
import { afterAll, describe, expect, test } from 'vitest';
import { type Algorithm, algorithms, combinations, pkcs8Of, providers, publicKeyOf } from './algorithms.js';
import {
  type Artefacts,
  certificatePem,
  challengePassword,
  leafName,
  names,
  requestPem,
  rootName,
} from './artefacts.js';
import { openBench } from './bench.js';
import { differenceOf, unlessDifferent } from './differences.js';
import { makeWithPkijs, type PkijsSigner } from './pkijs-makes.js';

const bench = openBench();
afterAll(bench.remove);

/** Reads all three and verifies them with every provider that has the algorithm. */
async function expectReadable({ root, leaf, request }: Artefacts, key: KeyAlgorithm): Promise<void> {
  const [anchor, certificate] = [parseCertificate(root), parseCertificate(leaf)];
  expect(anchor.subject).toEqual(rootName);
  expect(certificate.subject).toEqual(leafName);
  expect(formatDistinguishedName(parseName(certificate.issuer))).toBe('CN=Root,O=Mayfly,C=DE');
  expect(certificate.subjectPublicKeyInfo).toEqual(publicKeyOf(key));
  expect(subjectAltName(certificate)).toEqual(subjectAltName({ extensions: [names] }));
  expect(keyUsage(certificate)).toEqual(new Set(['digitalSignature']));
  expect(extKeyUsage(certificate)).toEqual([keyPurposes.serverAuth, keyPurposes.clientAuth]);

  const parsed = parseCertificationRequest(request);
  expect(parsed.subject).toEqual(leafName);
  expect(parsed.attributes).toContainEqual(challengePassword);
  expect(findExtension(parsed, names.extnID)).toEqual(names);

  for (const { name, verify } of providers.filter(({ has }) => has(key))) {
    const options = {
      anchors: [anchor],
      at: Math.floor(Date.now() / 1000),
      mode: 'path',
      extKeyUsage: keyPurposes.serverAuth,
      verify,
    } as const;
    for (const [leaf, anchors] of [
      [certificate, options.anchors],
      [anchor, [anchor]],
    ] as const) {
      const result = await validatePath(leaf, { ...options, anchors });
      if (!result.ok) throw new Error(`${name}: ${result.message}`);
    }
    expect(await verifyCertificationRequest(parsed, verify), name).toBe(true);
    const other = parseCertificationRequest(request.with(-1, request.at(-1)! ^ 1));
    expect(await verifyCertificationRequest(other, verify), name).toBe(false);
  }
}

const configuration = `
[req]
distinguished_name = name
string_mask = utf8only
prompt = no
attributes = attributes
[name]
C = DE
O = Müller & Söhne
OU = Web
+CN = web.example
[attributes]
challengePassword = not a secret
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
[asked]
subjectAltName = DNS:web.example, DNS:*.web.example, IP:192.0.2.1, URI:spiffe://example/ns/default/sa/web, email:web@example.com
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth, clientAuth
`;

function makeWithOpenssl({ key, opensslOptions }: Algorithm): Artefacts {
  bench.write('openssl.cnf', configuration);
  bench.write('key.der', pkcs8Of(key));
  const request = ['req', '-new', '-batch', '-config', 'openssl.cnf', '-key', 'key.der', '-utf8', ...opensslOptions];
  const root = ['-x509', '-extensions', 'root', '-days', '3650', '-set_serial', '1', '-subj', '/C=DE/O=Mayfly/CN=Root'];
  bench.run('openssl', ...request, ...root, '-out', 'root.pem');
  // The attributes of the configuration are written only where its name is, not beside -subj.
  bench.run('openssl', ...request, '-reqexts', 'asked', '-out', 'request.pem');
  const signer = ['-CA', 'root.pem', '-CAkey', 'key.der', '-set_serial', '2', '-days', '30', ...opensslOptions];
  const extensions = ['-copy_extensions', 'copyall', '-extfile', 'openssl.cnf', '-extensions', 'leaf'];
  bench.run('openssl', 'x509', '-req', '-in', 'request.pem', ...signer, ...extensions, '-out', 'leaf.pem');
  const der = (type: string, file: string) => {
    bench.run('openssl', type, '-in', file, '-outform', 'DER', '-out', 'out.der');
    return new Uint8Array(bench.read('out.der'));
  };
  return { root: der('x509', 'root.pem'), leaf: der('x509', 'leaf.pem'), request: der('req', 'request.pem') };
}

/** Keys of the platform, the way a user of PKI.js has them. */
async function platformSigner({ key, scheme }: Algorithm): Promise<PkijsSigner> {
  const { keyType, hash = 'SHA-512', saltLength } = schemes[scheme];
  const name =
    keyType === 'EC' ? 'ECDSA' : keyType === 'Ed25519' ? keyType : saltLength ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5';
  const algorithm = { name, namedCurve: key, hash };
  const load = (format: 'pkcs8' | 'spki', der: Uint8Array, usage: 'sign' | 'verify') =>
    crypto.subtle.importKey(format, Uint8Array.from(der), algorithm, true, [usage]);
  const [privateKey, publicKey] = await Promise.all([
    load('pkcs8', pkcs8Of(key), 'sign'),
    load('spki', publicKeyOf(key), 'verify'),
  ]);
  return { privateKey, publicKey, hash };
}

describe('made by openssl', () => {
  test.each(algorithms)('$name', async (algorithm) => {
    await expectReadable(makeWithOpenssl(algorithm), algorithm.key);
  });
});

describe('made by PKI.js with its own engine', () => {
  test.each(algorithms)('$name', async (algorithm) => {
    const { name, key } = algorithm;
    const signer = await platformSigner(algorithm);
    const made = await unlessDifferent(differenceOf('PKI.js signs', name), () => makeWithPkijs(signer));
    if (made === undefined) return;
    await unlessDifferent(differenceOf('Mayfly verifies what PKI.js signs', name), () => expectReadable(made, key));
    const root = pkijs.Certificate.fromBER(made.root);
    const leaf = pkijs.Certificate.fromBER(made.leaf);
    for (const { verify } of providers.filter(({ has }) => has(key)))
      expect(await leaf.verify(root, pkijsEngine({ verify }))).toBe(true);
  });
});

describe('made by PKI.js with a Mayfly key', () => {
  test.each(combinations)('$name', async ({ algorithm, provider }) => {
    const hash = schemes[algorithm.scheme].hash ?? 'SHA-512';
    const engine = pkijsEngine({ verify: provider.verify });
    const made = await makeWithPkijs({ ...toPkijsKeyPair(await provider.load(algorithm)), hash, engine });
    await expectReadable(made, algorithm.key);
    bench.write('root.pem', certificatePem(made.root));
    bench.write('leaf.pem', certificatePem(made.leaf));
    bench.write('request.pem', requestPem(made.request));
    expect(bench.run('openssl', 'verify', '-CAfile', 'root.pem', 'leaf.pem')).toBe('leaf.pem: OK\n');
    bench.run('openssl', 'req', '-in', 'request.pem', '-noout', '-verify');
  });
});

test('node:crypto makes neither certificates nor requests: it reads the former and knows nothing of the latter', () => {
  const exported = Object.keys(nodeCrypto).filter((name) => /cert|csr|request/i.test(name));
  expect(exported.toSorted()).toEqual(['Certificate', 'X509Certificate']); // the first is SPKAC
  expect(() => new nodeCrypto.X509Certificate('')).toThrow();
  const methods = Object.getOwnPropertyNames(nodeCrypto.X509Certificate.prototype);
  expect(methods.filter((name) => /sign|create|issue$/i.test(name))).toEqual([]);
});
