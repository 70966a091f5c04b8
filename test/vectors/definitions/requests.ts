import type { Digest } from '../types.js';
import type { RequestDefinition } from './types.js';

const digests: readonly Digest[] = ['sha256', 'sha384', 'sha512'];
const plain = (key: string, digest?: Digest, pss = false): RequestDefinition => ({
  name: ['algorithm', key, digest, pss ? 'pss' : undefined].filter((part) => part !== undefined).join('-'),
  about: `signed by ${key}${digest ? ` with ${digest}` : ''}${pss ? ', RSASSA-PSS' : ''}`,
  key,
  subject: [`CN = ${key}`],
  ...(digest && { digest }),
  ...(pss && { pss }),
  extensions: ['subjectAltName = DNS:example.com'],
});

const request = (name: string, about: string, rest: Partial<RequestDefinition>): RequestDefinition => ({
  name,
  about,
  key: 'ed25519',
  subject: ['CN = request'],
  extensions: [],
  ...rest,
});

export const requests: readonly RequestDefinition[] = [
  ...['p256', 'p384', 'p521'].flatMap((key) => digests.map((digest) => plain(key, digest))),
  plain('ed25519'),
  ...['rsa2048', 'rsa3072', 'rsa4096'].flatMap((key) =>
    digests.flatMap((digest) => [plain(key, digest), plain(key, digest, true)]),
  ),
  request('stub', 'an empty name and no attributes, as pod certificates use', { subject: [] }),
  request('subject', 'a name and no extensions', { subject: ['C = DE', 'O = Grüße', '+OU = one', 'CN = request'] }),
  request('extensions', 'several extensions', {
    extensions: [
      'basicConstraints = critical, CA:FALSE',
      'keyUsage = critical, digitalSignature',
      'extendedKeyUsage = clientAuth',
      'subjectAltName = DNS:a.example, DNS:b.example, IP:192.0.2.1, URI:spiffe://example.org/web',
    ],
  }),
  request('extensions-empty-name', 'extensions with the empty name', {
    subject: [],
    extensions: ['subjectAltName = critical, URI:spiffe://example.org/ns/default/sa/web'],
  }),
  request('challenge-password', 'a challengePassword', { attributes: ['challengePassword = A challenge'] }),
  request('attributes', 'a challengePassword, an unstructuredName and extensions', {
    attributes: ['challengePassword = A challenge', 'unstructuredName = An unstructured name'],
    extensions: ['subjectAltName = DNS:a.example'],
  }),
  request('bmpstring', 'a name in BMPString', { subject: ['CN = 東京'], stringMask: 'MASK:0x800' }),
];
