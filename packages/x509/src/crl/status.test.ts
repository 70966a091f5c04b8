import { fromHex, type Seconds } from '@mayfly/der';
import { expect, test } from 'vitest';
import { type Certificate, parseCertificate } from '../certificate.js';
import { createCertificateSync } from '../create.js';
import type { Extension } from '../extension.js';
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  cRLDistributionPointsExtension,
  cRLNumberExtension,
  type DistributionPoint,
  deltaCRLIndicatorExtension,
  type IssuingDistributionPoint,
  issuingDistributionPointExtension,
  keyUsageExtension,
  type ReasonFlag,
} from '../extensions.js';
import type { GeneralName } from '../general-name.js';
import { buildName, encodeName } from '../name.js';
import { type CertificateList, parseCRL } from './certificate-list.js';
import { checkCRLs, checkCRLsSync, isSignedBy } from './check.js';
import { createCRLSync, type Revocation } from './create.js';
import { type IndexedCRL, indexCRL } from './serial-index.js';
import type { CRLCheck } from './status.js';

const at: Seconds = 1_800_000_000;
const nameOf = (commonName: string): Uint8Array => encodeName(buildName({ commonName }));
const directory = (commonName: string): GeneralName => ({ type: 'directoryName', value: nameOf(commonName) });
const uri = (value: string): GeneralName => ({ type: 'uniformResourceIdentifier', value });
const key = {
  signatureAlgorithm: { algorithm: '1.2.3' },
  subjectPublicKeyInfo: fromHex('3009300406022a0303010 0'.replace(' ', '')),
  sign: () => Uint8Array.of(1),
};

interface CertificateOptions {
  readonly serialNumber?: bigint;
  readonly points?: readonly DistributionPoint[];
  readonly cA?: boolean;
}

const certificate = ({ serialNumber = 7n, points, cA = false }: CertificateOptions = {}): Certificate =>
  parseCertificate(
    createCertificateSync(
      {
        serialNumber,
        issuer: nameOf('CA'),
        subject: nameOf('leaf'),
        validity: { notBefore: at - 100, notAfter: at + 100 },
        subjectPublicKeyInfo: key.subjectPublicKeyInfo,
        extensions: [
          ...(points ? [cRLDistributionPointsExtension(points)] : []),
          ...(cA ? [basicConstraintsExtension({ cA })] : []),
        ],
      },
      key,
    ),
  );

interface ListOptions {
  readonly by?: string;
  readonly revoked?: readonly (Partial<Revocation> | bigint)[];
  readonly point?: Partial<IssuingDistributionPoint>;
  readonly number?: bigint;
  readonly base?: bigint;
  readonly thisUpdate?: Seconds;
  readonly nextUpdate?: Seconds;
  readonly keyIdentifier?: string;
  readonly more?: readonly Extension[];
}

function list({
  by = 'CA',
  revoked = [],
  point,
  number = 10n,
  base,
  thisUpdate = at - 10,
  nextUpdate = at + 10,
  keyIdentifier = '01',
  more = [],
}: ListOptions = {}): IndexedCRL {
  const extensions = [
    authorityKeyIdentifierExtension({ keyIdentifier: fromHex(keyIdentifier) }),
    cRLNumberExtension(number),
    ...(base === undefined ? [] : [deltaCRLIndicatorExtension(base)]),
    ...(point ? [issuingDistributionPointExtension(point)] : []),
    ...more,
  ];
  const revocations = revoked.map((entry) => ({
    serialNumber: 7n,
    revocationDate: at - 20,
    ...(typeof entry === 'bigint' ? { serialNumber: entry } : entry),
  }));
  return indexCRL(
    parseCRL(createCRLSync({ issuer: nameOf(by), thisUpdate, nextUpdate, revocations, extensions }, key)),
  );
}

const reasons = (...flags: ReasonFlag[]): ReadonlySet<ReasonFlag> => new Set(flags);
const first = reasons('keyCompromise', 'cACompromise', 'affiliationChanged', 'superseded');
const rest = reasons('cessationOfOperation', 'certificateHold', 'privilegeWithdrawn', 'aACompromise');
const pointAt = (...names: GeneralName[]): DistributionPoint => ({ distributionPoint: { fullName: names } });
const relative: DistributionPoint = {
  distributionPoint: { nameRelativeToCRLIssuer: [{ type: '2.5.4.3', value: 'part', stringType: 'utf8String' }] },
};

type Case = readonly [
  name: string,
  certificate: CertificateOptions,
  lists: readonly IndexedCRL[],
  answer: string,
  more?: Partial<CRLCheck>,
];

const cases: readonly Case[] = [
  ['no list', {}, [], 'CRLNotFound'],
  ['a list without it', {}, [list({ revoked: [8n] })], 'good'],
  ['a list with it', {}, [list({ revoked: [7n] })], 'revoked unspecified'],
  ['a reason', {}, [list({ revoked: [{ reason: 'keyCompromise' }] })], 'revoked keyCompromise'],
  ['a hold is a revocation', {}, [list({ revoked: [{ reason: 'certificateHold' }] })], 'revoked certificateHold'],
  ['a list of another issuer', {}, [list({ by: 'Other', revoked: [7n] })], 'CRLNotFound'],
  ['a list from later', {}, [list({ thisUpdate: at + 1 })], 'CRLNotYetValid'],
  ['a list of this second', {}, [list({ thisUpdate: at })], 'good'],
  ['the last second of a list', {}, [list({ nextUpdate: at })], 'good'],
  ['a second later', {}, [list({ nextUpdate: at - 1 })], 'CRLExpired'],
  ['an expired list beside a good one', {}, [list({ nextUpdate: at - 1, revoked: [7n] }), list()], 'good'],
  ['a list that is too old for the caller', {}, [list()], 'CRLExpired', { maxAge: 9 }],
  ['a list that is not', {}, [list()], 'good', { maxAge: 10 }],
  [
    'the newer of two lists',
    {},
    [list({ number: 9n, thisUpdate: at - 11 }), list({ revoked: [7n], thisUpdate: at - 9 })],
    'revoked unspecified',
  ],
  [
    'a critical extension that nobody knows',
    {},
    [list({ more: [{ extnID: '1.2.9', critical: true, extnValue: fromHex('0500') }] })],
    'CRLUnhandledCriticalExtension',
  ],
  [
    'a broken issuingDistributionPoint',
    {},
    [list({ more: [{ extnID: '2.5.29.28', critical: true, extnValue: fromHex('3000') }] })],
    'BadExtension',
  ],

  ['users only, for a user', {}, [list({ point: { onlyContainsUserCerts: true } })], 'good'],
  ['users only, for an authority', { cA: true }, [list({ point: { onlyContainsUserCerts: true } })], 'CRLOutOfScope'],
  ['authorities only, for a user', {}, [list({ point: { onlyContainsCACerts: true } })], 'CRLOutOfScope'],
  ['authorities only, for an authority', { cA: true }, [list({ point: { onlyContainsCACerts: true } })], 'good'],
  ['attribute certificates only', {}, [list({ point: { onlyContainsAttributeCerts: true } })], 'CRLOutOfScope'],

  ['a partition, and no point', {}, [list({ point: pointAt(uri('http://a/')) })], 'CRLOutOfScope'],
  [
    'a partition by one of several names',
    { points: [pointAt(uri('http://b/'), uri('http://a/'))] },
    [list({ point: pointAt(uri('http://a/'), uri('http://c/')), revoked: [7n] })],
    'revoked unspecified',
  ],
  [
    'another partition',
    { points: [pointAt(uri('http://b/'))] },
    [list({ point: pointAt(uri('http://a/')), revoked: [7n] })],
    'CRLOutOfScope',
  ],
  ['a point, and a list for all', { points: [pointAt(uri('http://b/'))] }, [list()], 'good'],
  [
    'directory names match as names do',
    { points: [pointAt({ type: 'directoryName', value: nameOf('THE  list') })] },
    [list({ point: pointAt(directory('the list')) })],
    'good',
  ],
  ['names relative to the issuer', { points: [relative] }, [list({ point: relative })], 'good'],
  [
    'a relative name against its full one',
    { points: [relative] },
    [
      list({
        point: pointAt({
          type: 'directoryName',
          value: encodeName([...buildName({ commonName: 'CA' }), ...buildName({ commonName: 'part' })]),
        }),
      }),
    ],
    'good',
  ],

  ['some reasons', {}, [list({ point: { onlySomeReasons: first } })], 'CRLReasonsIncomplete'],
  [
    'some reasons, and it is there',
    {},
    [list({ point: { onlySomeReasons: first }, revoked: [7n] })],
    'revoked unspecified',
  ],
  [
    'all reasons together',
    {},
    [list({ point: { onlySomeReasons: first } }), list({ point: { onlySomeReasons: rest } })],
    'good',
  ],
  [
    'the second half has it',
    {},
    [
      list({ point: { onlySomeReasons: first } }),
      list({ point: { onlySomeReasons: rest }, revoked: [{ reason: 'certificateHold' }] }),
    ],
    'revoked certificateHold',
  ],
  [
    'reasons of the point alone leave it to the own list of the issuer',
    { points: [{ ...pointAt(uri('http://a/')), reasons: first }] },
    [list({ point: pointAt(uri('http://a/')) })],
    'CRLReasonsIncomplete',
  ],

  [
    'a point with an issuer, and a list that is not indirect',
    { points: [{ cRLIssuer: [directory('Lister')] }] },
    [list({ by: 'Lister' })],
    'CRLOutOfScope',
  ],
  [
    'an indirect list without it',
    { points: [{ cRLIssuer: [directory('Lister')] }] },
    [list({ by: 'Lister', point: { indirectCRL: true }, revoked: [7n] })],
    'good',
  ],
  [
    'an indirect list with it',
    { points: [{ cRLIssuer: [directory('Lister')] }] },
    [
      list({
        by: 'Lister',
        point: { indirectCRL: true },
        revoked: [{ serialNumber: 6n, certificateIssuer: [directory('CA')] }, 7n],
      }),
    ],
    'revoked unspecified',
  ],
  [
    'the same number of another issuer',
    { points: [{ cRLIssuer: [directory('Lister')] }] },
    [list({ by: 'Lister', point: { indirectCRL: true }, revoked: [{ certificateIssuer: [directory('Other')] }] })],
    'good',
  ],
  [
    'the name of an indirect list, by its issuer where the point has no name',
    { points: [{ cRLIssuer: [directory('Lister')] }] },
    [list({ by: 'Lister', point: { indirectCRL: true, ...pointAt(directory('Lister')) } })],
    'good',
  ],

  ['a delta alone', {}, [list({ base: 9n, number: 11n, revoked: [7n] })], 'CRLNotFound'],
  ['a delta that adds it', {}, [list(), list({ base: 10n, number: 11n, revoked: [7n] })], 'revoked unspecified'],
  [
    'a delta that takes it off',
    {},
    [
      list({ revoked: [{ reason: 'certificateHold' }] }),
      list({ base: 10n, number: 11n, revoked: [{ reason: 'removeFromCRL' }] }),
    ],
    'good',
  ],
  ['a delta for a later base', {}, [list(), list({ base: 11n, number: 12n, revoked: [7n] })], 'good'],
  ['a delta that is no later', {}, [list(), list({ base: 5n, number: 10n, revoked: [7n] })], 'good'],
  [
    'a delta of another key',
    {},
    [list(), list({ base: 10n, number: 11n, revoked: [7n], keyIdentifier: '02' })],
    'good',
  ],
  [
    'a delta of another scope',
    {},
    [list(), list({ base: 10n, number: 11n, revoked: [7n], point: { onlyContainsUserCerts: true } })],
    'good',
  ],
  ['an expired delta', {}, [list(), list({ base: 10n, number: 11n, revoked: [7n], nextUpdate: at - 1 })], 'good'],
  [
    'the newest of two deltas',
    {},
    [
      list(),
      list({ base: 10n, number: 11n, revoked: [7n] }),
      list({ base: 10n, number: 12n, revoked: [{ reason: 'removeFromCRL' }] }),
    ],
    'good',
  ],
];

const run = (
  options: CertificateOptions,
  crls: readonly IndexedCRL[],
  more: Partial<CRLCheck> = {},
  yes = (_: CertificateList) => true,
): string => {
  const answer = checkCRLsSync({ certificate: certificate(options), crls, at, ...more }, yes);
  if (answer.status === 'revoked') expect(answer.revocationDate).toBe(at - 20);
  return answer.status === 'good' ? 'good' : answer.status === 'revoked' ? `revoked ${answer.reason}` : answer.reason;
};

test.each(cases.map((one) => [one[0], one] as const))('%s', (_name, [, options, crls, answer, more]) => {
  expect(run(options, crls, more)).toBe(answer);
  expect(run(options, [...crls].reverse(), more)).toBe(answer);
});

test('a list that is not authentic says nothing, and each is asked about once', () => {
  const asked: CertificateList[] = [];
  const points = [pointAt(uri('http://a/')), pointAt(uri('http://b/'))];
  const no = (crl: CertificateList): boolean => {
    asked.push(crl);
    return false;
  };
  const crls = [list({ revoked: [7n] }), list({ thisUpdate: at - 5 })];
  expect(run({ points }, crls, {}, no)).toBe('CRLNotAuthentic');
  expect(asked).toEqual([crls[1]!.crl, crls[0]!.crl]);
});

test('a delta that is not authentic is passed over', () => {
  const [complete, delta] = [list(), list({ base: 10n, number: 11n, revoked: [7n] })];
  expect(run({}, [complete, delta], {}, (crl) => crl === complete.crl)).toBe('good');
});

test('answers may take their time', async () => {
  const check = { certificate: certificate(), crls: [list({ revoked: [7n] })], at };
  expect(await checkCRLs(check, async () => true)).toMatchObject({ status: 'revoked' });
  await expect(checkCRLs(check, () => Promise.reject(new Error('no network')))).rejects.toThrow('no network');
});

test('an answer is a boolean or none', async () => {
  const check = { certificate: certificate(), crls: [list()], at };
  const promise = (async () => false) as unknown as () => boolean;
  expect(() => checkCRLsSync(check, promise)).toThrow(TypeError);
  const object = (async () => ({ status: 'revoked' })) as unknown as () => Promise<boolean>;
  await expect(checkCRLs(check, object)).rejects.toThrow(TypeError);
});

test.each([
  { at: Number.NaN },
  { at: undefined as unknown as number },
  { at: 1.5 },
  { maxAge: Number.NaN },
  { maxAge: -1 },
])('%o is no time', (times) => {
  expect(() => run({}, [list()], times)).toThrow(RangeError);
});

test('a signer has the name, the right and the key', () => {
  const { crl } = list();
  const signer = { subject: nameOf('ca'), subjectPublicKeyInfo: key.subjectPublicKeyInfo, extensions: [] };
  const verify = () => true;
  expect(isSignedBy(crl, signer, verify)).toBe(true);
  expect(isSignedBy(crl, { ...signer, subject: nameOf('other') }, verify)).toBe(false);
  expect(isSignedBy(crl, { ...signer, extensions: [keyUsageExtension(['keyCertSign'])] }, verify)).toBe(false);
  expect(isSignedBy(crl, { ...signer, extensions: [keyUsageExtension(['cRLSign'])] }, verify)).toBe(true);
  expect(isSignedBy(crl, signer, () => false)).toBe(false);
});
