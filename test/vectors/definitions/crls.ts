import type { CrlDefinition } from './types.js';

const crl = (name: string, about: string, rest: Partial<CrlDefinition>): CrlDefinition => ({
  name,
  about,
  issuer: 'root',
  number: '01',
  extensions: ['authorityKeyIdentifier = keyid:always'],
  revoked: [],
  ...rest,
});

const reasons = [
  'unspecified',
  'keyCompromise',
  'CACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'removeFromCRL',
];
const entry = (serialNumber: string) => [serialNumber, '260101000000Z'] as const;
const distribution = (name: string, about: string, ...lines: readonly string[]): CrlDefinition =>
  crl(`distribution-point-${name}`, `issuingDistributionPoint: ${about}`, {
    extensions: ['authorityKeyIdentifier = keyid:always', 'issuingDistributionPoint = critical, @point'],
    sections: { point: lines, fragment: ['CN = fragment'] },
  });

export const crls: readonly CrlDefinition[] = [
  crl('empty', 'nothing revoked', {}),
  { name: 'v1', about: 'version 1', issuer: 'root', extensions: [], revoked: [entry('01')] },
  crl('one', 'one revoked certificate', { revoked: [entry('0102')] }),
  crl('reasons', 'an entry for each reason', {
    revoked: reasons.map((reason, i) => [`1${i}`, '260101000000Z', reason]),
  }),
  crl('hold-instruction', 'a hold instruction', {
    revoked: [['01', '260101000000Z', 'holdInstruction,holdInstructionReject']],
  }),
  crl('invalidity-date', 'invalidity dates', {
    revoked: [
      ['01', '260101000000Z', 'keyTime,20251231000000Z'],
      ['02', '260101000000Z', 'CAkeyTime,20491231000000Z'],
    ],
  }),
  crl('many', 'a hundred entries', {
    revoked: Array.from({ length: 100 }, (_, i) => entry((0x1000 + i).toString(16).toUpperCase())),
  }),
  crl('number', 'a number of 20 octets', { number: `7F${'FF'.repeat(19)}` }),
  crl('delta', 'a delta to number 1', {
    number: '02',
    extensions: ['authorityKeyIdentifier = keyid:always', '2.5.29.27 = critical, ASN1:INTEGER:1'],
  }),
  crl('dates', 'UTCTime for thisUpdate, GeneralizedTime for nextUpdate', {
    thisUpdate: '20491231235959Z',
    nextUpdate: '20500101000000Z',
  }),
  crl('extensions', 'issuerAltName, freshestCRL, authorityInfoAccess', {
    extensions: [
      'authorityKeyIdentifier = keyid:always, issuer:always',
      'issuerAltName = URI:https://ca.example/',
      'freshestCRL = URI:http://ca.example/delta.crl',
      'authorityInfoAccess = caIssuers;URI:http://ca.example/root.cer',
    ],
  }),
  distribution('full', 'a full name, users only', 'fullname = URI:http://ca.example/a.crl', 'onlyuser = TRUE'),
  distribution('relative', 'a relative name, CAs only', 'relativename = fragment', 'onlyCA = TRUE'),
  distribution(
    'reasons',
    'some reasons, indirect',
    'fullname = URI:http://ca.example/a.crl',
    'onlysomereasons = keyCompromise, CACompromise',
    'indirectCRL = TRUE',
  ),
  distribution('attributes', 'attribute certificates only', 'fullname = URI:http://ca.example/a.crl', 'onlyAA = TRUE'),
  crl('rsa', 'signed by RSA', { issuer: 'other-root', digest: 'sha256', revoked: [entry('01')] }),
  crl('rsa-pss', 'signed by RSASSA-PSS', { issuer: 'other-root', digest: 'sha384', pss: true, revoked: [entry('01')] }),
  crl('ecdsa', 'signed by ECDSA, the number as its only extension', {
    issuer: 'algorithm-p384-sha384',
    digest: 'sha384',
    extensions: [],
    revoked: [entry('01')],
  }),
];
