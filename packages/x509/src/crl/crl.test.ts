import { type Child, encode, fromHex, integer, raw, type Seconds, sequence, time, toHex } from '@mayfly/der';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCRLSync, type Revocation } from '../crl.js';
import type { Extension } from '../extension.js';
import {
  type CRLReason,
  certificateIssuerExtension,
  cRLNumber,
  cRLNumberExtension,
  deltaCRLIndicator,
  deltaCRLIndicatorExtension,
  freshestCRL,
  freshestCRLExtension,
  invalidityDate,
  invalidityDateExtension,
  issuingDistributionPoint,
  issuingDistributionPointExtension,
  reasonCode,
  reasonCodeExtension,
} from '../extensions.js';
import { buildName, encodeName } from '../name.js';
import { MAX_CRL_LENGTH, parseCRL } from './certificate-list.js';
import { collectCRL } from './collect.js';
import { revokedCertificates } from './entries.js';
import { indexCRL } from './serial-index.js';

const issuer = encodeName(buildName({ commonName: 'CA' }));
const other = { type: 'directoryName', value: encodeName(buildName({ commonName: 'Other' })) } as const;
const at: Seconds = 1_800_000_000;
const key = {
  signatureAlgorithm: { algorithm: '1.2.3' },
  subjectPublicKeyInfo: new Uint8Array(0),
  sign: () => Uint8Array.of(1, 2, 3),
};
const indirect = issuingDistributionPointExtension({ indirectCRL: true });

const listOf = (revocations: Iterable<Revocation>, extensions: readonly Extension[] = []): Uint8Array =>
  createCRLSync({ issuer, thisUpdate: at, nextUpdate: at + 3600, revocations, extensions }, key);

const revocation = (serialNumber: bigint, reason?: CRLReason): Revocation => ({
  serialNumber,
  revocationDate: at - 1,
  ...(reason && { reason }),
});

describe('reading', () => {
  test('what was written', () => {
    const crl = parseCRL(
      listOf(
        [revocation(5n), { ...revocation(1n << 158n, 'keyCompromise'), invalidityDate: at - 10 }],
        [
          cRLNumberExtension(7n),
          deltaCRLIndicatorExtension(6n),
          freshestCRLExtension([
            { distributionPoint: { fullName: [{ type: 'uniformResourceIdentifier', value: 'http://a/' }] } },
          ]),
        ],
      ),
    );
    expect(crl).toMatchObject({ version: 2, issuer, thisUpdate: at, nextUpdate: at + 3600, entries: { count: 2 } });
    expect([cRLNumber(crl), deltaCRLIndicator(crl), freshestCRL(crl)?.length]).toEqual([7n, 6n, 1]);
    const entries = Array.from(revokedCertificates(crl));
    expect(entries.map(({ userCertificate }) => userCertificate)).toEqual([5n, 1n << 158n]);
    expect(entries.map((entry) => [entry.revocationDate, reasonCode(entry), invalidityDate(entry)])).toEqual([
      [at - 1, undefined, undefined],
      [at - 1, 'keyCompromise', at - 10],
    ]);
  });

  test('an empty list has no field for entries', () => {
    const crl = parseCRL(listOf([]));
    expect(crl.entries).toEqual({ content: new Uint8Array(0), count: 0 });
    expect(indexCRL(crl).find(1n)).toEqual([]);
  });

  test('every reason, every issuing distribution point', () => {
    const reasons: readonly CRLReason[] = ['unspecified', 'cACompromise', 'removeFromCRL', 'aACompromise'];
    const crl = parseCRL(listOf(reasons.map((reason, i) => revocation(BigInt(i + 1), reason))));
    expect(Array.from(revokedCertificates(crl), reasonCode)).toEqual(reasons);
    const points = [
      { onlyContainsCACerts: true, distributionPoint: { fullName: [other] } },
      { onlySomeReasons: new Set(['keyCompromise', 'aACompromise'] as const), indirectCRL: true },
      { onlyContainsAttributeCerts: true },
    ];
    for (const point of points)
      expect(issuingDistributionPoint({ extensions: [issuingDistributionPointExtension(point)] })).toMatchObject(point);
  });
});

/** A list that is written field by field, with faults. */
const by = (tbs: readonly Child[]): Uint8Array =>
  encode(sequence(sequence(...tbs), raw(fromHex('30040602 2a03')), raw(fromHex('030200ff'))));
const algorithm = raw(fromHex('300406022a03'));
const date = time(at);
const v2 = integer(1);
const withEntry = (version: boolean, ...entry: string[]): Uint8Array =>
  by([version && v2, algorithm, raw(issuer), date, date, raw(fromHex(entry.join('')))]);
const tbsPath = 'certificateList.tbsCertList';

test.each<readonly [string, Uint8Array, string, string]>([
  ['v1 written out', by([integer(0), algorithm, raw(issuer), date]), 'ERR_X509_VERSION', `${tbsPath}.version`],
  ['no version 3', by([integer(2), algorithm, raw(issuer), date]), 'ERR_X509_VERSION', `${tbsPath}.version`],
  [
    'extensions in v1',
    by([algorithm, raw(issuer), date, raw(fromHex('a0023000'))]),
    'ERR_X509_VERSION',
    `${tbsPath}.version`,
  ],
  [
    'entry extensions in v1',
    withEntry(
      false,
      '30223020',
      '020105',
      '170d',
      toHex(new TextEncoder().encode('260101000000Z')),
      '300c300a0603551d15',
      '04030a0101',
    ),
    'ERR_X509_VERSION',
    `${tbsPath}.revokedCertificates[0].crlEntryExtensions`,
  ],
  [
    'reason 7',
    withEntry(
      true,
      '30223020',
      '020105',
      '170d',
      toHex(new TextEncoder().encode('260101000000Z')),
      '300c300a0603551d15',
      '04030a0107',
    ),
    'ERR_X509_EXTENSION',
    'reasonCode',
  ],
  [
    'an entry without date',
    withEntry(true, '30053003020105'),
    'ERR_DER_TRUNCATED',
    `${tbsPath}.revokedCertificates[0].revocationDate`,
  ],
  [
    'a padded serial number',
    withEntry(true, '300630040202', '0005'),
    'ERR_DER_INTEGER',
    `${tbsPath}.revokedCertificates[0].userCertificate`,
  ],
  [
    'algorithms that differ',
    encode(
      sequence(sequence(v2, algorithm, raw(issuer), date), raw(fromHex('300406022a04')), raw(fromHex('030200ff'))),
    ),
    'ERR_X509_ALGORITHM_MISMATCH',
    'certificateList.signatureAlgorithm',
  ],
  [
    'certificateIssuer on a list that is not indirect',
    listOf([{ ...revocation(1n), certificateIssuer: [other] }]),
    'ERR_X509_EXTENSION',
    `${tbsPath}.revokedCertificates`,
  ],
  ['something left over', Uint8Array.of(...listOf([]), 0), 'ERR_DER_TRAILING_DATA', 'certificateList'],
])('refuses %s', (_name, der, code, path) => {
  expect(() => parseCRL(der)).toThrow(expect.objectContaining({ code, path }));
});

test('refuses a list that is too long before it reads it', () => {
  expect(() => parseCRL(listOf([]), { maxLength: 20 })).toThrow(expect.objectContaining({ code: 'ERR_DER_TOO_LARGE' }));
});

test('the first critical extension of an entry that nobody understands is kept', () => {
  const extensions: readonly Extension[] = [
    { extnID: '1.2.3', critical: false, extnValue: fromHex('0500') },
    { extnID: '1.2.4', critical: true, extnValue: fromHex('0500') },
  ];
  const entry = sequence(integer(5), date, sequence(...extensions.map(node)));
  const crl = parseCRL(by([v2, algorithm, raw(issuer), date, date, sequence(entry)]));
  expect(crl.entries.unhandledCritical).toBe('1.2.4');
});

const node = ({ extnID, critical, extnValue }: Extension) =>
  raw(
    fromHex(
      `30${critical ? '0b' : '08'}0602${extnID === '1.2.3' ? '2a03' : '2a04'}${critical ? '0101ff' : ''}0402${toHex(extnValue)}`,
    ),
  );

describe('looking up', () => {
  const serial = fc.oneof(
    fc.bigInt({ min: 1n, max: 20n }),
    fc.bigInt({ min: 1n, max: (1n << 159n) - 1n }),
    // The same last octets, so that the whole number has to be compared.
    fc.bigInt({ min: 1n, max: (1n << 40n) - 1n }).map((n) => (n << 32n) | 7n),
  );

  test('finds every entry and nothing else', () => {
    fc.assert(
      fc.property(fc.uniqueArray(serial, { maxLength: 200 }), serial, (serials, absent) => {
        const crl = parseCRL(listOf(serials.map((number) => revocation(number))));
        const index = indexCRL(crl);
        for (const number of serials) expect(index.find(number).map((e) => e.userCertificate)).toEqual([number]);
        expect(index.find(absent)).toHaveLength(serials.includes(absent) ? 1 : 0);
      }),
      { seed: 5, numRuns: 60 },
    );
  });

  test.each([-1n, 0n, 1n << 159n, 1n << 300n])('serial number %d is not there, and no error', (number) => {
    expect(indexCRL(parseCRL(listOf([revocation(1n), revocation(2n)]))).find(number)).toEqual([]);
  });

  test('entries keep the issuer that one before them names', () => {
    const crl = parseCRL(
      listOf(
        [revocation(1n), { ...revocation(2n), certificateIssuer: [other] }, revocation(1n), revocation(3n)],
        [indirect],
      ),
    );
    const expected = [undefined, [other], [other], [other]];
    expect(Array.from(revokedCertificates(crl), ({ certificateIssuer }) => certificateIssuer)).toEqual(expected);
    const index = indexCRL(crl);
    expect(index.find(1n).map(({ certificateIssuer }) => certificateIssuer)).toEqual([undefined, [other]]);
    expect(index.find(3n)[0]!.certificateIssuer).toEqual([other]);
  });

  test('entries of one key are found when there are many of them', () => {
    const serials = Array.from({ length: 500 }, (_, i) => (BigInt(i + 1) << 64n) | 1n);
    const index = indexCRL(parseCRL(listOf(serials.map((number) => revocation(number)))));
    for (const number of serials) expect(index.find(number)).toHaveLength(1);
    expect(index.find(501n << 64n)).toEqual([]);
  });
});

describe('creating refuses', () => {
  test.each<readonly [string, Parameters<typeof listOf>]>([
    ['serial number 0', [[revocation(0n)]]],
    ['a serial number of 21 octets', [[revocation(1n << 159n)]]],
    ['a certificate twice', [[revocation(1n), revocation(1n)]]],
    ['an extension twice', [[], [cRLNumberExtension(1n), cRLNumberExtension(2n)]]],
  ])('%s', (_name, args) => {
    expect(() => listOf(...args)).toThrow(RangeError);
  });

  test('a list that ends when it begins', () => {
    const contents = { issuer, thisUpdate: at, nextUpdate: at, revocations: [], extensions: [] };
    expect(() => createCRLSync(contents, key)).toThrow(RangeError);
  });

  test('extensions that say nothing or contradict themselves', () => {
    expect(() => issuingDistributionPointExtension({})).toThrow(RangeError);
    expect(() => issuingDistributionPointExtension({ onlyContainsCACerts: true, onlyContainsUserCerts: true })).toThrow(
      RangeError,
    );
    expect(() => cRLNumberExtension(-1n)).toThrow(RangeError);
    expect(() => deltaCRLIndicatorExtension(1n << 159n)).toThrow(RangeError);
    expect(() => certificateIssuerExtension([])).toThrow(RangeError);
    expect(() => reasonCodeExtension('because' as CRLReason)).toThrow(TypeError);
    expect(invalidityDateExtension(at).critical).toBe(false);
  });
});

describe('collecting', () => {
  const whole = listOf(Array.from({ length: 50 }, (_, i) => revocation(BigInt(i + 1))));
  const pieces = (bytes: Uint8Array, size: number): Uint8Array[] =>
    Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));

  test.each([1, 2, 5, 6, 7, 100, 1_000_000])('pieces of %d octets', async (size) => {
    expect(await collectCRL(pieces(whole, size))).toEqual(whole);
  });

  test.each<readonly [string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'ERR_DER_TRUNCATED'],
    ['half a list', whole.subarray(0, 100), 'ERR_DER_TRUNCATED'],
    ['a header alone', whole.subarray(0, 4), 'ERR_DER_TRUNCATED'],
    ['more than a list', Uint8Array.of(...whole, 0), 'ERR_DER_TRAILING_DATA'],
    ['text', new TextEncoder().encode('<html>'), 'ERR_DER_TAG'],
    ['an indefinite length', fromHex('3080'), 'ERR_DER_LENGTH'],
    ['a length above 64 MiB', fromHex('308404000000'), 'ERR_DER_TOO_LARGE'],
  ])('%s is refused', async (_name, bytes, code) => {
    for (const size of [1, 3, 1000])
      await expect(collectCRL(pieces(bytes, size))).rejects.toThrow(expect.objectContaining({ code }));
  });

  test('a length at the limit is not refused for it', async () => {
    const head = fromHex('308403fffffa');
    await expect(collectCRL([head])).rejects.toThrow(expect.objectContaining({ code: 'ERR_DER_TRUNCATED' }));
    expect(MAX_CRL_LENGTH).toBe(0x0400_0000);
  });
});
