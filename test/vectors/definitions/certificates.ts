import type { Digest } from '../types.js';
import { extensions } from './extensions.js';
import type { CertificateDefinition } from './types.js';

const subjectOf = (commonName: string): readonly string[] => ['C = DE', 'O = Example', `CN = ${commonName}`];
const authority = ['basicConstraints = critical, CA:TRUE', 'keyUsage = critical, keyCertSign, cRLSign'];

/** Issuers of all the others, and the base of the faults. */
const chain: readonly CertificateDefinition[] = [
  {
    name: 'root',
    about: 'an Ed25519 root',
    key: 'ed25519',
    subject: subjectOf('Root'),
    notBefore: '20200101000000Z',
    notAfter: '20451231235959Z',
    extensions: [...authority, 'subjectKeyIdentifier = hash', 'authorityKeyIdentifier = keyid:always'],
  },
  {
    name: 'other-root',
    about: 'an RSA root',
    key: 'rsa2048',
    subject: subjectOf('Other Root'),
    notBefore: '20200101000000Z',
    notAfter: '20451231235959Z',
    extensions: [...authority, 'subjectKeyIdentifier = hash'],
  },
  {
    name: 'intermediate',
    about: 'an intermediate below the Ed25519 root',
    key: 'ed25519-other',
    issuer: 'root',
    subject: subjectOf('Intermediate'),
    notBefore: '20240101000000Z',
    notAfter: '20331231235959Z',
    extensions: [
      'basicConstraints = critical, CA:TRUE, pathlen:0',
      'keyUsage = critical, keyCertSign, cRLSign',
      'subjectKeyIdentifier = hash',
      'authorityKeyIdentifier = keyid:always',
    ],
  },
  {
    name: 'cross-signed',
    about: 'the intermediate signed by the RSA root as well',
    key: 'ed25519-other',
    issuer: 'other-root',
    subject: subjectOf('Intermediate'),
    notBefore: '20240101000000Z',
    notAfter: '20331231235959Z',
    extensions: [
      'basicConstraints = critical, CA:TRUE, pathlen:0',
      'keyUsage = critical, keyCertSign, cRLSign',
      'subjectKeyIdentifier = hash',
      'authorityKeyIdentifier = keyid:always',
    ],
  },
  {
    name: 'leaf',
    about: 'a TLS server below the intermediate',
    key: 'p256',
    issuer: 'intermediate',
    subject: ['C = DE', 'O = Example', '+OU = Web', 'CN = www.example.com'],
    extensions: [
      'basicConstraints = critical, CA:FALSE',
      'keyUsage = critical, digitalSignature',
      'extendedKeyUsage = serverAuth, clientAuth',
      'subjectAltName = DNS:www.example.com, IP:192.0.2.1, IP:2001:db8::1',
      'subjectKeyIdentifier = hash',
      'authorityKeyIdentifier = keyid:always',
    ],
  },
  {
    name: 'v1',
    about: 'version 1: no extensions',
    key: 'p256',
    issuer: 'root',
    subject: subjectOf('Version 1'),
    extensions: [],
  },
];

const digests: readonly Digest[] = ['sha256', 'sha384', 'sha512'];
const selfSigned = (key: string, digest?: Digest, pss = false): CertificateDefinition => ({
  name: ['algorithm', key, digest, pss ? 'pss' : undefined].filter((part) => part !== undefined).join('-'),
  about: `self-signed by ${key}${digest ? ` with ${digest}` : ''}${pss ? ', RSASSA-PSS' : ''}`,
  key,
  subject: [`CN = ${key}`],
  ...(digest && { digest }),
  ...(pss && { pss }),
  extensions: ['basicConstraints = critical, CA:TRUE'],
});
const algorithms: readonly CertificateDefinition[] = [
  ...['p256', 'p384', 'p521'].flatMap((key) => digests.map((digest) => selfSigned(key, digest))),
  selfSigned('ed25519'),
  ...['rsa2048', 'rsa3072', 'rsa4096'].flatMap((key) =>
    digests.flatMap((digest) => [selfSigned(key, digest), selfSigned(key, digest, true)]),
  ),
];

const named = (
  name: string,
  about: string,
  subject: readonly string[],
  stringMask?: string,
): CertificateDefinition => ({
  name: `name-${name}`,
  about,
  key: 'p256',
  issuer: 'root',
  subject,
  ...(stringMask && { stringMask }),
  extensions: [],
});
/** `string_mask` as the bits of openssl's asn1.h. */
const mask = { printable: 'MASK:0x2', teletex: 'MASK:0x4', bmp: 'MASK:0x800' };
const names: readonly CertificateDefinition[] = [
  named('empty', 'the empty name', []),
  named('utf8string', 'UTF8String beyond ASCII', ['CN = Zoë 東京 🜁']),
  named('printablestring', 'PrintableString', ["CN = A-z 0 '()+,-./:=?"], mask.printable),
  named('teletexstring', 'TeletexString with ISO 8859-1', ['CN = Grüße'], mask.teletex),
  named('bmpstring', 'BMPString', ['CN = Žluťoučký 東京'], mask.bmp),
  named('ia5string', 'IA5String: domain components and a mail address', [
    '0.DC = com',
    '1.DC = example',
    'emailAddress = someone@example.com',
  ]),
  named('numericstring', 'NumericString: a country code of three digits', ['countryCode3n = 276', 'CN = digits']),
  named('multi-valued', 'an RDN of three attributes', ['C = DE', '+O = Example', '+CN = three', 'UID = one']),
  named('special-characters', 'characters that RFC 4514 escapes', [
    'O = " leading, + \\"quoted\\" < > \\; = \\\\ trailing "',
    'CN = "#number"',
  ]),
  named('unknown-type', 'an attribute type without a name', ['0.1.3.6.1.4.1.55555.1 = own', 'CN = known']),
  named('all-types', 'every attribute type of RFC 5280 appendix A.1', [
    'C = DE',
    'ST = State',
    'L = Locality',
    'O = Organization',
    'OU = Unit',
    'title = Title',
    'SN = Surname',
    'GN = Given',
    'initials = I',
    'generationQualifier = III',
    'dnQualifier = q',
    'pseudonym = p',
    'name = Name',
    'serialNumber = 0123',
    'street = Street 1',
    'postalCode = 01234',
    'UID = user',
    'CN = all',
  ]),
  named('longest', 'values at their upper bounds', [
    'C = DE',
    `O = ${'o'.repeat(64)}`,
    `L = ${'l'.repeat(128)}`,
    `CN = ${'n'.repeat(64)}`,
  ]),
];

const lived = (name: string, notBefore: string, notAfter: string, about: string): CertificateDefinition => ({
  name: `time-${name}`,
  about,
  key: 'p256',
  issuer: 'root',
  subject: ['CN = time'],
  notBefore,
  notAfter,
  extensions: [],
});
const times: readonly CertificateDefinition[] = [
  lived('1949-1950', '19491231235959Z', '19500101000000Z', 'GeneralizedTime for 1949, UTCTime for 1950'),
  lived('2049-2050', '20491231235959Z', '20500101000000Z', 'UTCTime for 2049, GeneralizedTime for 2050'),
  lived('1999-2000', '19991231235959Z', '20000229000000Z', 'UTCTime with years 99 and 00'),
  lived('1969-1970', '19691231235959Z', '19700101000000Z', 'the seconds around the epoch'),
  lived('no-expiry', '20260101000000Z', '99991231235959Z', 'no well-defined expiry (RFC 5280 section 4.1.2.5)'),
  lived('one-second', '20260101000000Z', '20260101000000Z', 'a life of one second'),
  lived('backwards', '20260101000001Z', '20260101000000Z', 'notAfter before notBefore: sound to read'),
];

const numbered = (name: string, serialNumber: string, about: string): CertificateDefinition => ({
  name: `serial-${name}`,
  about,
  key: 'p256',
  issuer: 'root',
  subject: ['CN = serial'],
  serialNumber,
  extensions: [],
});
const serials: readonly CertificateDefinition[] = [
  numbered('one', '01', 'serial number 1'),
  numbered('leading-zero-octet', '80', 'serial number 128: an octet 00 before it'),
  numbered('longest', `7F${'FF'.repeat(19)}`, 'the highest serial number of 20 octets'),
];

export const certificates: readonly CertificateDefinition[] = [
  ...chain,
  ...algorithms,
  ...names,
  ...times,
  ...serials,
  ...extensions,
];
