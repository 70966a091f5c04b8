import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { concatBytes, fromHex } from '@mayfly/der';
import { encodeBase64 } from '@mayfly/der/pem';
import { generateKeySync } from '@mayfly/keys/node';
import { createCertificationRequestSync } from '@mayfly/pkcs10';
import { buildName, encodeName } from '@mayfly/x509/name';
import { beforeAll, describe, expect, test } from 'vitest';
import type { JsonObject } from './json.js';
import { localLimits } from './limits.js';
import { nodeVerifiers } from './node.js';
import { defaultPodCertificateRequest, validateNewRequest } from './request-rules.js';
import { testStub } from './testing/cluster.js';

const podUID = '8e0d2c3e-3b1c-4a6e-9d5b-1f2e3d4c5b6a';
const stub = encodeBase64(testStub());
const spec = {
  signerName: 'pki.example.com/workload',
  podName: 'web-0',
  podUID,
  serviceAccountName: 'web',
  serviceAccountUID: 'sa-uid',
  nodeName: 'n1',
  nodeUID: 'node-uid',
  maxExpirationSeconds: 3600,
  stubPKCS10Request: stub,
};
const request = (changes: JsonObject = {}, metadata: JsonObject = {}, version = 'v1beta1'): JsonObject => ({
  apiVersion: `certificates.k8s.io/${version}`,
  kind: 'PodCertificateRequest',
  metadata: { name: 'req-1', namespace: 'shop', ...metadata },
  spec: { ...spec, ...changes },
});
const refusals = async (json: JsonObject) =>
  (await validateNewRequest(json, nodeVerifiers)).map(({ field, message }) => `${field}: ${message}`);

describe('spec', () => {
  test.each<[string, JsonObject]>([
    ['as it stands', {}],
    ['signer name with two labels and a dotted path', { signerName: 'example.com/a.b-c' }],
    ['signer name of 571 characters', { signerName: `${'a.'.repeat(126)}b/${'c.'.repeat(158)}d` }],
    ['UIDs of 1 and 128 octets', { podUID: 'x'.repeat(128), nodeUID: 'y', serviceAccountUID: 'z' }],
    ['names of 253 characters', { podName: 'p'.repeat(253) }],
    ['the longest lifetime, 91 days', { maxExpirationSeconds: 7_862_400 }],
    ['a day for a reserved signer', { signerName: 'kubernetes.io/x', maxExpirationSeconds: 86_400 }],
    [
      '91 days for a signer that only looks reserved',
      { signerName: 'notkubernetes.io/x', maxExpirationSeconds: 7_862_400 },
    ],
    [
      'annotations',
      { unverifiedUserAnnotations: { 'pki.example.com/Service': '', 'b.example/x_y.z': 'anything at all' } },
    ],
    ['256 KiB of annotations', { unverifiedUserAnnotations: { 'a.io/k': 'v'.repeat(256 * 1024 - 6) } }],
    ['null where the pair would be', { pkixPublicKey: null, proofOfPossession: null }],
    ['empty text where the pair would be', { pkixPublicKey: '', proofOfPossession: '' }],
  ])('accepts %s', async (_name, changes) => {
    expect(await refusals(request(changes))).toEqual([]);
  });

  test.each<[string, JsonObject, ...string[]]>([
    ['signerName absent', { signerName: undefined }, 'spec.signerName: Required value'],
    [
      'signerName without path',
      { signerName: 'example.com' },
      'spec.signerName: Invalid value: "example.com": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
    ],
    [
      'signerName with two slashes',
      { signerName: 'example.com/a/b' },
      'spec.signerName: Invalid value: "example.com/a/b": must be a fully',
    ],
    [
      'signerName of one label',
      { signerName: 'example/a' },
      'spec.signerName: Invalid value: "example": should be a domain with at least two segments separated by dots',
    ],
    [
      'signerName in capitals',
      { signerName: 'Example.com/a' },
      'spec.signerName: Invalid value: "Example.com": validating label "Example": a lowercase RFC 1123 label',
    ],
    [
      'signerName with an empty path',
      { signerName: 'example.com/' },
      'spec.signerName: Invalid value: "": validating label ""',
    ],
    [
      'signerName of 572 characters',
      { signerName: `${'a.'.repeat(126)}b/${'c.'.repeat(157)}ddd.e` },
      'spec.signerName: Too long: may not be more than 571 bytes',
    ],
    [
      'signerName host of 254 characters',
      { signerName: `${'a.'.repeat(126)}bc/d` },
      'spec.signerName: Too long: may not be more than 253 bytes',
    ],
    ['podName empty', { podName: '' }, 'spec.podName: Invalid value: "": a lowercase RFC 1123 subdomain'],
    ['podName of 254 characters', { podName: 'p'.repeat(254) }, 'spec.podName: Invalid value: "'],
    ['podUID empty', { podUID: '' }, 'spec.podUID: Invalid value: "": must not be empty'],
    [
      'podUID of 129 octets',
      { podUID: `${'x'.repeat(127)}é` },
      'spec.podUID: Too long: may not be more than 128 bytes',
    ],
    ['serviceAccountName with a slash', { serviceAccountName: 'a/b' }, 'spec.serviceAccountName: Invalid value: "a/b"'],
    [
      'serviceAccountUID empty',
      { serviceAccountUID: null },
      'spec.serviceAccountUID: Invalid value: "": must not be empty',
    ],
    ['nodeName with an underscore', { nodeName: 'n_1' }, 'spec.nodeName: Invalid value: "n_1"'],
    ['nodeUID of 129 octets', { nodeUID: 'n'.repeat(129) }, 'spec.nodeUID: Too long: may not be more than 128 bytes'],
    ['lifetime absent', { maxExpirationSeconds: null }, 'spec.maxExpirationSeconds: Required value: must be set'],
    [
      'lifetime 3599',
      { maxExpirationSeconds: 3599 },
      'spec.maxExpirationSeconds: Invalid value: 3599: must be in the range [3600, 7862400]',
    ],
    [
      'lifetime of 91 days and a second',
      { maxExpirationSeconds: 7_862_401 },
      'spec.maxExpirationSeconds: Invalid value: 7862401: must be in the range [3600, 7862400]',
    ],
    [
      'a day and a second for kubernetes.io',
      { signerName: 'kubernetes.io/x', maxExpirationSeconds: 86_401 },
      'spec.maxExpirationSeconds: Invalid value: 86401: must be in the range [3600, 86400]',
    ],
    [
      'a day and a second below kubernetes.io',
      { signerName: 'a.kubernetes.io/x', maxExpirationSeconds: 86_401 },
      'spec.maxExpirationSeconds: Invalid value: 86401: must be in the range [3600, 86400]',
    ],
    [
      'lifetime of a fraction',
      { maxExpirationSeconds: 3600.5 },
      'spec.maxExpirationSeconds: Invalid value: expected a 32-bit integer',
    ],
    [
      'lifetime of 33 bits',
      { maxExpirationSeconds: 2 ** 32 + 3600 },
      'spec.maxExpirationSeconds: Invalid value: expected a 32-bit integer',
    ],
    [
      'annotation without a domain',
      { unverifiedUserAnnotations: { service: 'x' } },
      'spec.unverifiedUserAnnotations: Invalid value: "service": must be a domain-prefixed key',
    ],
    [
      'annotation with an empty name',
      { unverifiedUserAnnotations: { 'a.io/': 'x' } },
      'spec.unverifiedUserAnnotations: Invalid value: "a.io/": name part must be non-empty',
      'spec.unverifiedUserAnnotations: Invalid value: "a.io/": name part must consist of',
    ],
    [
      'annotation with an empty domain',
      { unverifiedUserAnnotations: { '/x': 'x' } },
      'spec.unverifiedUserAnnotations: Invalid value: "/x": prefix part must be non-empty',
    ],
    [
      'annotation with two slashes',
      { unverifiedUserAnnotations: { 'a.io/b/c': 'x' } },
      'spec.unverifiedUserAnnotations: Invalid value: "a.io/b/c"',
    ],
    [
      'an octet more than 256 KiB of annotations',
      { unverifiedUserAnnotations: { 'a.io/k': 'v'.repeat(256 * 1024 - 5) } },
      'spec.unverifiedUserAnnotations: Too long: may not be more than 262144 bytes',
    ],
    [
      'annotations that are no texts',
      { unverifiedUserAnnotations: { 'a.io/k': 1 } },
      'spec.unverifiedUserAnnotations: Invalid value: expected texts',
    ],
    ['podName that is a number', { podName: 7 }, 'spec.podName: Invalid value: expected text'],
    [
      'no key at all',
      { stubPKCS10Request: null },
      'spec: Invalid value: exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set',
    ],
    ['stub and pair', { pkixPublicKey: 'AAAA', proofOfPossession: 'AAAA' }, 'spec: Invalid value: exactly one of'],
    ['stub and half a pair', { proofOfPossession: 'AAAA' }, 'spec: Invalid value: exactly one of'],
    ['half a pair', { stubPKCS10Request: '', pkixPublicKey: 'AAAA' }, 'spec: Invalid value: exactly one of'],
    ['stub that is no base64', { stubPKCS10Request: '***' }, 'spec.stubPKCS10Request: Invalid value: expected base64'],
    [
      'stub in PEM',
      { stubPKCS10Request: encodeBase64(new TextEncoder().encode('-----BEGIN')) },
      'spec.stubPKCS10Request: Invalid value: must be a valid PKCS#10 CSR',
    ],
    [
      'stub of 10 KiB and an octet',
      { stubPKCS10Request: encodeBase64(new Uint8Array(10_241)) },
      'spec.stubPKCS10Request: Too long: may not be more than 10240 bytes',
    ],
  ])('refuses %s', async (_name, changes, ...expected) => {
    const found = await refusals(request(changes));
    expect(found.map((text, index) => text.slice(0, expected[index]?.length))).toEqual(expected);
  });

  test('refuses several fields at once', async () => {
    expect(await refusals(request({ podUID: '', nodeUID: '', nodeName: 'N' }))).toHaveLength(3);
  });
  test.each<[string, JsonObject, string]>([
    ['no name', { name: '' }, 'metadata.name: Required value: name or generateName is required'],
    ['a name with a colon', { name: 'a:b' }, 'metadata.name: Invalid value: "a:b"'],
    ['no namespace', { namespace: '' }, 'metadata.namespace: Required value'],
    ['a dotted namespace', { namespace: 'a.b' }, 'metadata.namespace: Invalid value: "a.b"'],
  ])('refuses metadata with %s', async (_name, metadata, expected) => {
    const found = await refusals(request({}, metadata));
    expect(found).toHaveLength(1);
    expect(found[0]!.slice(0, expected.length)).toBe(expected);
  });
  test('v1 has no pair: what stands there is not looked at', async () => {
    expect(await refusals(request({ pkixPublicKey: '***' }, {}, 'v1'))).toEqual([]);
    expect(
      await refusals(request({ stubPKCS10Request: null, pkixPublicKey: 'AAAA', proofOfPossession: 'AAAA' }, {}, 'v1')),
    ).toEqual([
      'spec: Invalid value: exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set',
    ]);
  });
  test('defaulting fills in a day and throws the status away', () => {
    const { maxExpirationSeconds: _, ...rest } = spec;
    const sent = { ...request(), spec: rest, status: { certificateChain: 'x' } };
    expect(defaultPodCertificateRequest(sent)).toMatchObject({ spec: { maxExpirationSeconds: 86_400 }, status: {} });
    expect(defaultPodCertificateRequest(request())).toMatchObject({ spec: { maxExpirationSeconds: 3600 } });
  });
  test('local mode lowers the floor and nothing else', async () => {
    const validate = (maxExpirationSeconds: number) =>
      validateNewRequest(request({ maxExpirationSeconds }), nodeVerifiers, localLimits(60));
    expect(await validate(60)).toEqual([]);
    expect(await validate(59)).toMatchObject([{ message: 'Invalid value: 59: must be in the range [60, 7862400]' }]);
  });
});

describe('keys in the stub', () => {
  test.each(['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-3072', 'RSA-4096'] as const)(
    'accepts %s',
    async (algorithm) => {
      expect(await refusals(request({ stubPKCS10Request: encodeBase64(testStub(algorithm)) }))).toEqual([]);
    },
  );
  test('accepts a stub that is not empty', async () => {
    const key = generateKeySync('P-256');
    const der = createCertificationRequestSync({ subject: encodeName(buildName({ commonName: 'x' })) }, key);
    expect(await refusals(request({ stubPKCS10Request: encodeBase64(der) }))).toEqual([]);
  });
  test('refuses RSA-2048', async () => {
    expect(await refusals(request({ stubPKCS10Request: encodeBase64(testStub('RSA-2048')) }))).toEqual([
      'spec.stubPKCS10Request: Invalid value: "2048-bit modulus": RSA keys must have modulus size 3072 or 4096',
    ]);
  });
  test('refuses a broken signature', async () => {
    const der = testStub();
    der[der.length - 1]! ^= 1;
    expect(await refusals(request({ stubPKCS10Request: encodeBase64(der) }))).toEqual([
      'spec.stubPKCS10Request: Invalid value: invalid signature',
    ]);
  });
});

/** Octets after a SubjectPublicKeyInfo's curve change nothing that these rules look at before the signature. */
describe('keys and proofs in the pair', () => {
  const keys = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>();
  beforeAll(() => {
    for (const namedCurve of ['P-256', 'P-384', 'P-521', 'P-224', 'secp256k1'])
      keys.set(
        namedCurve,
        generateKeyPairSync('ec', { namedCurve: namedCurve === 'P-224' ? 'secp224r1' : namedCurve }),
      );
    for (const modulusLength of [2048, 3072, 4096])
      keys.set(`RSA-${modulusLength}`, generateKeyPairSync('rsa', { modulusLength }));
    keys.set('Ed25519', generateKeyPairSync('ed25519'));
    keys.set('X25519', generateKeyPairSync('x25519'));
  });
  const pair = (name: string, proof: Uint8Array): JsonObject => ({
    stubPKCS10Request: null,
    pkixPublicKey: encodeBase64(keys.get(name)!.publicKey.export({ type: 'spki', format: 'der' })),
    proofOfPossession: encodeBase64(proof),
  });
  const prove = (name: string, message: string = podUID, saltLength: number = constants.RSA_PSS_SALTLEN_MAX_SIGN) => {
    const key = keys.get(name)!.privateKey;
    const hash = name === 'Ed25519' ? null : 'sha256';
    const rsa = name.startsWith('RSA') ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength } : {};
    return sign(hash, new TextEncoder().encode(message), { key, ...rsa });
  };
  const refused = ['spec.proofOfPossession: Invalid value: could not verify proof-of-possession signature'];

  test.each(['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-3072', 'RSA-4096'])('accepts %s', async (name) => {
    expect(await refusals(request(pair(name, prove(name))))).toEqual([]);
  });
  test.each([0, 32, 100])('accepts a salt of %d octets', async (saltLength) => {
    expect(await refusals(request(pair('RSA-3072', prove('RSA-3072', podUID, saltLength))))).toEqual([]);
  });
  test('the largest salts are those of a kubelet: 350 and 478 octets', async () => {
    expect(await refusals(request(pair('RSA-3072', prove('RSA-3072', podUID, 350))))).toEqual([]);
    expect(await refusals(request(pair('RSA-4096', prove('RSA-4096', podUID, 478))))).toEqual([]);
  });
  test.each(['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-3072'])('refuses %s over another UID', async (name) => {
    expect(await refusals(request(pair(name, prove(name, 'another'))))).toEqual(refused);
  });
  test.each([
    [
      'PKCS#1 v1.5 instead of PSS',
      'RSA-3072',
      () => sign('sha256', Buffer.from(podUID), keys.get('RSA-3072')!.privateKey),
    ],
    ['SHA-384 with P-384', 'P-384', () => sign('sha384', Buffer.from(podUID), keys.get('P-384')!.privateKey)],
    [
      'raw r and s',
      'P-256',
      () => sign('sha256', Buffer.from(podUID), { key: keys.get('P-256')!.privateKey, dsaEncoding: 'ieee-p1363' }),
    ],
    ['a trailing octet', 'P-256', () => concatBytes(prove('P-256'), Uint8Array.of(0))],
  ])('refuses %s', async (_name, key, proof) => {
    expect(await refusals(request(pair(key, proof())))).toEqual(refused);
  });
  test.each([
    ['RSA-2048', 'spec.pkixPublicKey: Invalid value: "2048-bit modulus": RSA keys must have modulus size 3072 or 4096'],
    ['P-224', 'spec.pkixPublicKey: Invalid value: "curve P-224": elliptic public keys must use curve P256 or P384'],
    ['secp256k1', 'spec.pkixPublicKey: Invalid value: "<key>": must be a valid PKIX-serialized public key'],
    [
      'X25519',
      'spec.pkixPublicKey: Invalid value: "<key>": unknown public key type; supported types are Ed25519, ECDSA, and RSA',
    ],
  ])('refuses %s', async (name, expected) => {
    const changes = pair(name, Uint8Array.of(1));
    const found = await refusals(request(changes));
    expect(found.map((text) => text.replace(String(changes['pkixPublicKey']), '<key>'))).toEqual([expected]);
  });
  test('refuses a point that is not on its curve', async () => {
    const spki = concatBytes(
      fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004'),
      new Uint8Array(64).fill(1),
    );
    const changes = {
      stubPKCS10Request: null,
      pkixPublicKey: encodeBase64(spki),
      proofOfPossession: encodeBase64(prove('P-256')),
    };
    expect(await refusals(request(changes))).toEqual([
      `spec.pkixPublicKey: Invalid value: "${encodeBase64(spki)}": must be a valid PKIX-serialized public key`,
    ]);
  });
  test.each(['pkixPublicKey', 'proofOfPossession'])('refuses a %s of 10 KiB and an octet', async (member) => {
    const changes = { ...pair('P-256', prove('P-256')), [member]: encodeBase64(new Uint8Array(10_241)) };
    expect(await refusals(request(changes))).toEqual([`spec.${member}: Too long: may not be more than 10240 bytes`]);
  });
});
