import { sign } from 'node:crypto';
import { concatBytes, fromHex } from '@mayfly/der';
import { encodeBase64 } from '@mayfly/der/pem';
import type { Json } from '../client.js';
import { keyAlgorithms, type NewObject, newKey, requestFor, stubOf, type TestPod } from '../objects.js';
import { filledStub, foreignKey, POD_UID, pair, prove, stubFor } from './keys.js';

/** The identity that all rows ask for. Nobody checks it when an administrator asks. */
const POD: TestPod = {
  namespace: 'shop',
  podName: 'web-0',
  podUID: POD_UID,
  serviceAccountName: 'web',
  serviceAccountUID: '11111111-1111-4111-8111-111111111111',
  nodeName: 'n1',
  nodeUID: '22222222-2222-4222-8222-222222222222',
};

const stub = stubOf(newKey());

/** A request that every server takes, with changes. A member that is `undefined` is left out. */
export const request = (name: string, changes: Json = {}, metadata: Json = {}): NewObject & Json =>
  requestFor(POD, { stubPKCS10Request: stub, ...changes }, { name, ...metadata });

/** What a new request changes, and what is to come of it: nothing, or the beginnings of the refused fields' causes. */
export type RequestRow = readonly [name: string, changes: Json, refused?: readonly string[]];

const MUST_BE_VALID = 'spec.stubPKCS10Request: FieldValueInvalid: Invalid value: must be a valid PKCS#10 CSR';
const UNPROVEN =
  'spec.proofOfPossession: FieldValueInvalid: Invalid value: could not verify proof-of-possession signature';
const ONE_OF =
  'spec: FieldValueInvalid: Invalid value: exactly one of (stubPKCS10Request) or (pkixPublicKey, proofOfPossession) must be set';
const LONG = 'a'.repeat(64);

/** 2.1: names, UIDs, lifetimes and annotations. */
export const specRows: readonly RequestRow[] = [
  ['as it stands', {}],
  ['signerName with a dotted path', { signerName: 'example.com/a.b-c' }],
  ['signerName of 571 characters', { signerName: `${'a.'.repeat(126)}b/${'c.'.repeat(158)}d` }],
  [
    'signerName of 572 characters',
    { signerName: `${'a.'.repeat(126)}b/${'c.'.repeat(157)}ddd.e` },
    ['spec.signerName: FieldValueTooLong'],
  ],
  ['signerName absent', { signerName: undefined }, ['spec.signerName: FieldValueRequired']],
  [
    'signerName without a path',
    { signerName: 'example.com' },
    ['spec.signerName: FieldValueInvalid: Invalid value: "example.com": must be a fully qualified'],
  ],
  [
    'signerName with two slashes',
    { signerName: 'example.com/a/b' },
    ['spec.signerName: FieldValueInvalid: Invalid value: "example.com/a/b"'],
  ],
  [
    'signerName of one label',
    { signerName: 'example/a' },
    ['spec.signerName: FieldValueInvalid: Invalid value: "example": should be a domain'],
  ],
  [
    'signerName of one label in capitals',
    { signerName: 'Example/a' },
    [
      'spec.signerName: FieldValueInvalid: Invalid value: "Example": validating label',
      'spec.signerName: FieldValueInvalid: Invalid value: "Example": should be',
    ],
  ],
  [
    'signerName in capitals',
    { signerName: 'Example.Com/a' },
    ['spec.signerName: FieldValueInvalid: Invalid value: "Example.Com": validating label "Example"'],
  ],
  [
    'signerName with an empty domain',
    { signerName: '/a' },
    ['spec.signerName: FieldValueInvalid', 'spec.signerName: FieldValueInvalid'],
  ],
  [
    'signerName with an empty path',
    { signerName: 'example.com/' },
    ['spec.signerName: FieldValueInvalid: Invalid value: "": validating label ""'],
  ],
  [
    'signerName with an empty path piece',
    { signerName: 'example.com/a..B' },
    ['spec.signerName: FieldValueInvalid: Invalid value: "a..B": validating label ""'],
  ],
  [
    'signerName with an underscore in its path',
    { signerName: 'example.com/a_b' },
    ['spec.signerName: FieldValueInvalid: Invalid value: "a_b"'],
  ],
  ['signerName with a label of 64 characters', { signerName: `${LONG}.com/a` }, ['spec.signerName: FieldValueInvalid']],
  [
    'signerName with a label of 64 characters that is none',
    { signerName: `${LONG}-.com/a` },
    ['spec.signerName: FieldValueInvalid', 'spec.signerName: FieldValueInvalid'],
  ],
  [
    'signerName with a domain of 254 characters',
    { signerName: `${'a.'.repeat(126)}bc/d` },
    ['spec.signerName: FieldValueTooLong'],
  ],
  [
    'podName empty',
    { podName: '' },
    ['spec.podName: FieldValueInvalid: Invalid value: "": a lowercase RFC 1123 subdomain'],
  ],
  ['podName absent', { podName: undefined }, ['spec.podName: FieldValueInvalid']],
  ['podName of 253 characters', { podName: 'p'.repeat(253) }],
  ['podName of 254 characters', { podName: 'p'.repeat(254) }, ['spec.podName: FieldValueInvalid']],
  [
    'podName of 254 characters that is none',
    { podName: 'P'.repeat(254) },
    ['spec.podName: FieldValueInvalid', 'spec.podName: FieldValueInvalid'],
  ],
  ['podUID of 128 octets, others of one', { podUID: 'x'.repeat(128), nodeUID: 'y', serviceAccountUID: 'z' }],
  ['podUID empty', { podUID: '' }, ['spec.podUID: FieldValueInvalid: Invalid value: "": must not be empty']],
  ['podUID of 129 octets', { podUID: `${'x'.repeat(127)}é` }, ['spec.podUID: FieldValueTooLong']],
  ['serviceAccountName with a slash', { serviceAccountName: 'a/b' }, ['spec.serviceAccountName: FieldValueInvalid']],
  ['serviceAccountName empty', { serviceAccountName: '' }, ['spec.serviceAccountName: FieldValueInvalid']],
  ['serviceAccountUID null', { serviceAccountUID: null }, ['spec.serviceAccountUID: FieldValueInvalid']],
  [
    'serviceAccountUID of 129 octets',
    { serviceAccountUID: 's'.repeat(129) },
    ['spec.serviceAccountUID: FieldValueTooLong'],
  ],
  ['nodeName with an underscore', { nodeName: 'n_1' }, ['spec.nodeName: FieldValueInvalid']],
  ['nodeUID empty', { nodeUID: '' }, ['spec.nodeUID: FieldValueInvalid']],
  ['nodeUID of 129 octets', { nodeUID: 'n'.repeat(129) }, ['spec.nodeUID: FieldValueTooLong']],
  ['lifetime left to the default', { maxExpirationSeconds: undefined }],
  ['lifetime null', { maxExpirationSeconds: null }],
  ['lifetime of an hour', { maxExpirationSeconds: 3600 }],
  [
    'lifetime a second short of it',
    { maxExpirationSeconds: 3599 },
    ['spec.maxExpirationSeconds: FieldValueInvalid: Invalid value: 3599: must be in the range [3600, 7862400]'],
  ],
  ['lifetime zero', { maxExpirationSeconds: 0 }, ['spec.maxExpirationSeconds: FieldValueInvalid: Invalid value: 0']],
  [
    'lifetime below zero',
    { maxExpirationSeconds: -3600 },
    ['spec.maxExpirationSeconds: FieldValueInvalid: Invalid value: -3600'],
  ],
  ['lifetime of 91 days', { maxExpirationSeconds: 7_862_400 }],
  [
    'lifetime of 91 days and a second',
    { maxExpirationSeconds: 7_862_401 },
    ['spec.maxExpirationSeconds: FieldValueInvalid'],
  ],
  ['lifetime of a day for kubernetes.io', { signerName: 'kubernetes.io/x', maxExpirationSeconds: 86_400 }],
  [
    'a second more',
    { signerName: 'kubernetes.io/x', maxExpirationSeconds: 86_401 },
    ['spec.maxExpirationSeconds: FieldValueInvalid: Invalid value: 86401: must be in the range [3600, 86400]'],
  ],
  [
    'a second more below kubernetes.io',
    { signerName: 'a.kubernetes.io/x', maxExpirationSeconds: 86_401 },
    ['spec.maxExpirationSeconds: FieldValueInvalid'],
  ],
  [
    '91 days for what only looks like kubernetes.io',
    { signerName: 'notkubernetes.io/x', maxExpirationSeconds: 7_862_400 },
  ],
  ['annotations', { unverifiedUserAnnotations: { 'pki.example.com/Service': '', 'b.example/x_y.z': 'anything' } }],
  ['annotation that is null', { unverifiedUserAnnotations: { 'a.io/b': null } }],
  ['annotations null', { unverifiedUserAnnotations: null }],
  ['signerName null', { signerName: null }, ['spec.signerName: FieldValueRequired']],
  ['annotations of 256 KiB', { unverifiedUserAnnotations: { 'a.io/k': 'v'.repeat(256 * 1024 - 6) } }],
  [
    'annotations of an octet more',
    { unverifiedUserAnnotations: { 'a.io/k': 'v'.repeat(256 * 1024 - 5) } },
    ['spec.unverifiedUserAnnotations: FieldValueTooLong'],
  ],
  [
    'annotation without a domain',
    { unverifiedUserAnnotations: { service: 'x' } },
    ['spec.unverifiedUserAnnotations: FieldValueInvalid: Invalid value: "service": must be a domain-prefixed key'],
  ],
  [
    'annotation with an empty key',
    { unverifiedUserAnnotations: { '': 'x' } },
    ['spec.unverifiedUserAnnotations: FieldValueRequired'],
  ],
  [
    'annotation with an empty name',
    { unverifiedUserAnnotations: { 'a.io/': 'x' } },
    ['spec.unverifiedUserAnnotations: FieldValueInvalid', 'spec.unverifiedUserAnnotations: FieldValueInvalid'],
  ],
  [
    'annotation with an empty domain',
    { unverifiedUserAnnotations: { '/x': 'x' } },
    ['spec.unverifiedUserAnnotations: FieldValueInvalid: Invalid value: "/x": prefix part must be non-empty'],
  ],
  [
    'annotation with a domain that is none',
    { unverifiedUserAnnotations: { 'a_b/x': 'x' } },
    ['spec.unverifiedUserAnnotations: FieldValueInvalid: Invalid value: "a_b/x": prefix part'],
  ],
  [
    'annotation with a name of 64 characters',
    { unverifiedUserAnnotations: { [`a.io/${LONG}`]: 'x' } },
    ['spec.unverifiedUserAnnotations: FieldValueInvalid'],
  ],
  [
    'annotation with a name that ends in a dash',
    { unverifiedUserAnnotations: { 'a.io/x-': 'x' } },
    ['spec.unverifiedUserAnnotations: FieldValueInvalid'],
  ],
  [
    'annotation with two slashes',
    { unverifiedUserAnnotations: { 'a.io/b/c': 'x' } },
    ['spec.unverifiedUserAnnotations: FieldValueInvalid'],
  ],
  [
    'annotation in capitals without a domain',
    { unverifiedUserAnnotations: { SERVICE: 'x' } },
    ['spec.unverifiedUserAnnotations: FieldValueInvalid: Invalid value: "service"'],
  ],
  [
    'several fields',
    { podUID: '', nodeUID: '', nodeName: 'N', unverifiedUserAnnotations: { x: '' } },
    ['spec.unverifiedUserAnnotations', 'spec.podUID', 'spec.nodeName', 'spec.nodeUID'],
  ],
  [
    'several fields, and a stub that is none',
    { podUID: '', stubPKCS10Request: 'AAAA' },
    ['spec.podUID', MUST_BE_VALID],
  ],
  [
    'several fields, and a broken signature',
    { podUID: '', stubPKCS10Request: broken(stub) },
    ['spec.podUID', 'spec.stubPKCS10Request: FieldValueInvalid: Invalid value: invalid signature'],
  ],
];

/** Members that no server decodes: a 400. The first one that is wrong is told. */
export const undecodableRequests: readonly (readonly [name: string, changes: Json])[] = [
  ['signerName that is a number', { signerName: 7 }],
  ['podName that is a list', { podName: ['web-0'] }],
  ['podUID that is an object', { podUID: {} }],
  ['serviceAccountName that is a boolean', { serviceAccountName: true }],
  ['serviceAccountUID that is zero', { serviceAccountUID: 0 }],
  ['nodeName that is a boolean', { nodeName: false }],
  ['nodeUID that is a fraction', { nodeUID: 1.5 }],
  ['lifetime that is text', { maxExpirationSeconds: '3600' }],
  ['lifetime that is a fraction', { maxExpirationSeconds: 3600.5 }],
  ['lifetime of 2^31', { maxExpirationSeconds: 2 ** 31 }],
  ['lifetime of more than any integer has', { maxExpirationSeconds: 1e30 }],
  ['lifetime that is an object', { maxExpirationSeconds: {} }],
  ['annotations that are a list', { unverifiedUserAnnotations: ['a.io/b'] }],
  ['annotations that are text', { unverifiedUserAnnotations: 'a.io/b' }],
  ['annotation that is a number', { unverifiedUserAnnotations: { 'a.io/b': 1 } }],
  ['annotation that is an object', { unverifiedUserAnnotations: { 'a.io/b': {} } }],
  ['a wrong type beside a wrong value', { podUID: '', nodeUID: 3 }],
];

/** 2.1: where the key is; 2.2 and 2.4: keys in a stub. */
export const stubRows: readonly RequestRow[] = [
  ...Object.entries(keyAlgorithms).map(
    ([name, algorithm]): RequestRow => [`stub for ${name}`, { stubPKCS10Request: stubOf(newKey(algorithm)) }],
  ),
  ['stub that is not empty', { stubPKCS10Request: filledStub() }],
  ['empty text where the pair would be', { pkixPublicKey: '', proofOfPossession: '' }],
  ['null where the pair would be', { pkixPublicKey: null, proofOfPossession: null }],
  ['no key at all', { stubPKCS10Request: undefined }, [ONE_OF]],
  ['an empty stub', { stubPKCS10Request: '' }, [ONE_OF]],
  ['stub and pair', { pkixPublicKey: 'AAAA', proofOfPossession: 'AAAA' }, [ONE_OF]],
  ['stub and half a pair', { proofOfPossession: 'AAAA' }, [ONE_OF]],
  ['half a pair', { stubPKCS10Request: undefined, pkixPublicKey: 'AAAA' }, [ONE_OF]],
  ['the other half', { stubPKCS10Request: undefined, proofOfPossession: 'AAAA' }, [ONE_OF]],
  ['stub in PEM', { stubPKCS10Request: Buffer.from('-----BEGIN').toString('base64') }, [MUST_BE_VALID]],
  [
    'stub with an octet behind it',
    { stubPKCS10Request: encodeBase64(concatBytes(decoded(stub), Uint8Array.of(0))) },
    [MUST_BE_VALID],
  ],
  ['stub cut short', { stubPKCS10Request: encodeBase64(decoded(stub).slice(0, -1)) }, [MUST_BE_VALID]],
  ['stub of 10 KiB that is none', { stubPKCS10Request: encodeBase64(new Uint8Array(10_240)) }, [MUST_BE_VALID]],
  [
    'stub of an octet more',
    { stubPKCS10Request: encodeBase64(new Uint8Array(10_241)) },
    ['spec.stubPKCS10Request: FieldValueTooLong'],
  ],
  [
    'stub with a broken signature',
    { stubPKCS10Request: broken(stub) },
    ['spec.stubPKCS10Request: FieldValueInvalid: Invalid value: invalid signature'],
  ],
  [
    'stub for RSA-2048',
    { stubPKCS10Request: stubFor('RSA-2048') },
    ['spec.stubPKCS10Request: FieldValueInvalid: Invalid value: "2048-bit modulus": RSA keys'],
  ],
  ['stub for an RSA modulus of 3070 bits', { stubPKCS10Request: stubFor('RSA-3070') }],
  [
    'stub for an RSA modulus of 3080 bits',
    { stubPKCS10Request: stubFor('RSA-3080') },
    ['spec.stubPKCS10Request: FieldValueInvalid: Invalid value: "3080-bit modulus"'],
  ],
  [
    'stub for P-224',
    { stubPKCS10Request: stubFor('secp224r1') },
    ['spec.stubPKCS10Request: FieldValueInvalid: Invalid value: "curve P-224": elliptic public keys'],
  ],
  ['stub for secp256k1', { stubPKCS10Request: stubFor('secp256k1') }, [MUST_BE_VALID]],
  [
    'stub for X25519',
    { stubPKCS10Request: stubFor('X25519') },
    ['spec.stubPKCS10Request: FieldValueInvalid: Invalid value: unknown public key type'],
  ],
];

const offCurve = concatBytes(
  fromHex('3059301306072a8648ce3d020106082a8648ce3d03010703420004'),
  new Uint8Array(64).fill(1),
);
const withPair = (pkixPublicKey: Uint8Array, proof: Uint8Array) => ({
  ...{ stubPKCS10Request: undefined, pkixPublicKey: encodeBase64(pkixPublicKey) },
  proofOfPossession: encodeBase64(proof),
});

/** 2.2 and 2.3: keys and proofs in the pair. */
export const pairRows: readonly RequestRow[] = [
  ...['prime256v1', 'secp384r1', 'secp521r1', 'Ed25519', 'RSA-3072', 'RSA-4096'].flatMap((name): RequestRow[] => [
    [`pair for ${name}`, pair(name, prove(name))],
    [`pair for ${name} over another UID`, pair(name, prove(name, 'another')), [UNPROVEN]],
    [`pair for ${name} with an empty-handed proof`, pair(name, Uint8Array.of(0)), [UNPROVEN]],
  ]),
  ...[0, 32, 100, 350].map(
    (salt): RequestRow => [`pair with a salt of ${salt} octets`, pair('RSA-3072', prove('RSA-3072', POD_UID, salt))],
  ),
  ['pair with the largest salt for RSA-4096', pair('RSA-4096', prove('RSA-4096', POD_UID, 478))],
  [
    'pair with PKCS#1 v1.5',
    pair('RSA-3072', sign('sha256', Buffer.from(POD_UID), foreignKey('RSA-3072').privateKey)),
    [UNPROVEN],
  ],
  [
    'pair with SHA-384 over P-384',
    pair('secp384r1', sign('sha384', Buffer.from(POD_UID), foreignKey('secp384r1').privateKey)),
    [UNPROVEN],
  ],
  [
    'pair with raw r and s',
    pair(
      'prime256v1',
      sign('sha256', Buffer.from(POD_UID), { key: foreignKey('prime256v1').privateKey, dsaEncoding: 'ieee-p1363' }),
    ),
    [UNPROVEN],
  ],
  [
    'pair with an octet behind the proof',
    pair('prime256v1', concatBytes(new Uint8Array(prove('prime256v1')), Uint8Array.of(0))),
    [UNPROVEN],
  ],
  [
    'pair for RSA-2048',
    pair('RSA-2048', Uint8Array.of(1)),
    ['spec.pkixPublicKey: FieldValueInvalid: Invalid value: "2048-bit modulus"'],
  ],
  [
    'pair for P-224',
    pair('secp224r1', Uint8Array.of(1)),
    [
      'spec.pkixPublicKey: FieldValueInvalid: Invalid value: "curve P-224": elliptic public keys must use curve P256 or P384',
    ],
  ],
  ['pair for secp256k1', pair('secp256k1', Uint8Array.of(1)), ['spec.pkixPublicKey: FieldValueInvalid']],
  ['pair for X25519', pair('X25519', Uint8Array.of(1)), ['spec.pkixPublicKey: FieldValueInvalid']],
  ['pair for a point off its curve', withPair(offCurve, Uint8Array.of(1)), ['spec.pkixPublicKey: FieldValueInvalid']],
  [
    'pair with a key of an octet too many',
    withPair(new Uint8Array(10_241), Uint8Array.of(1)),
    ['spec.pkixPublicKey: FieldValueTooLong'],
  ],
  [
    'pair with a proof of an octet too many',
    pair('prime256v1', new Uint8Array(10_241)),
    ['spec.proofOfPossession: FieldValueTooLong'],
  ],
  [
    'pair with both too long',
    withPair(new Uint8Array(10_241), new Uint8Array(10_241)),
    ['spec.pkixPublicKey: FieldValueTooLong'],
  ],
];

function decoded(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

/** The stub with the last bit of its signature the other way. */
function broken(base64: string): string {
  const der = decoded(base64);
  der[der.length - 1]! ^= 1;
  return encodeBase64(der);
}
