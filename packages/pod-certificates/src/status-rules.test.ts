import { encodePem } from '@mayfly/der/pem';
import { generateKeySync } from '@mayfly/keys/node';
import type { GeneralName } from '@mayfly/x509/general-name';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from './json.js';
import { kubernetesLimits, localLimits } from './limits.js';
import { isMailAddress } from './mail-address.js';
import { signerNameErrors } from './names.js';
import { deniedStatus, failedStatus, issuedStatus } from './status.js';
import { type StatusContext, validateStatusUpdate } from './status-rules.js';
import { testIntermediate, testLeaf, testRoot } from './testing/authority.js';
import { NOW } from './testing/cluster.js';
import { formatTimestamp } from './timestamp.js';

const root = testRoot(NOW);
const intermediate = testIntermediate(NOW, root);
const key = generateKeySync('P-256').subjectPublicKeyInfo;

interface Variant {
  readonly notBefore?: number;
  readonly lifetime?: number;
  readonly refresh?: number;
  readonly names?: readonly GeneralName[];
}

/** A status that is accepted at NOW, but for what the test changes. */
function issued({ notBefore = NOW - 60, lifetime = 3600, refresh, names }: Variant = {}): JsonObject {
  const notAfter = notBefore + lifetime;
  const certificate = testLeaf(intermediate, key, notBefore, notAfter, names);
  const chain = [intermediate.certificate.der];
  return { ...issuedStatus({ certificate, chain, notBefore, notAfter }, refresh ?? notBefore + 1800, NOW) };
}
const context = (newStatus: JsonObject, changes: Partial<StatusContext> = {}): StatusContext => ({
  oldStatus: {},
  newStatus,
  subjectPublicKeyInfo: key,
  maxExpirationSeconds: 3600,
  now: NOW,
  limits: kubernetesLimits,
  ...changes,
});
const refusals = (newStatus: JsonObject, changes: Partial<StatusContext> = {}) =>
  validateStatusUpdate(context(newStatus, changes)).map(({ field, message }) => `${field}: ${message}`);

const leafPem = (status: JsonObject) =>
  String(status['certificateChain']).split(/(?<=-----END CERTIFICATE-----\n)/)[0]!;

describe('Issued', () => {
  test('is accepted', () => expect(refusals(issued())).toEqual([]));

  test.each<[string, Variant, Partial<StatusContext>, readonly string[]]>([
    ['notBefore 299 s ago', { notBefore: NOW - 299 }, {}, []],
    ['notBefore 300 s ago', { notBefore: NOW - 300 }, {}, ['status.notBefore']],
    ['notBefore in 299 s', { notBefore: NOW + 299 }, {}, []],
    ['notBefore in 300 s', { notBefore: NOW + 300 }, {}, ['status.notBefore']],
    ['lifetime 3599', { lifetime: 3599 }, {}, ['status.certificateChain']],
    ['lifetime 3600', { lifetime: 3600 }, {}, []],
    ['lifetime 3601 of 3600', { lifetime: 3601 }, {}, ['status.certificateChain']],
    ['lifetime at the maximum', { lifetime: 86_400 }, { maxExpirationSeconds: 86_400 }, []],
    ['a second above the maximum', { lifetime: 86_401 }, { maxExpirationSeconds: 86_400 }, ['status.certificateChain']],
    ['refresh 599 s after the beginning', { refresh: NOW - 60 + 599 }, {}, ['status.beginRefreshAt']],
    ['refresh 600 s after the beginning', { refresh: NOW - 60 + 600 }, {}, []],
    ['refresh 600 s before the end', { refresh: NOW - 60 + 3000 }, {}, []],
    ['refresh 599 s before the end', { refresh: NOW - 60 + 3001 }, {}, ['status.beginRefreshAt']],
    ['local: lifetime 60', { notBefore: NOW, lifetime: 60, refresh: NOW + 10 }, { limits: localLimits(60) }, []],
    [
      'local: lifetime 59',
      { notBefore: NOW, lifetime: 59, refresh: NOW + 30 },
      { limits: localLimits(60) },
      ['status.certificateChain'],
    ],
    [
      'local: refresh after 9 s',
      { notBefore: NOW, lifetime: 60, refresh: NOW + 9 },
      { limits: localLimits(60) },
      ['status.beginRefreshAt'],
    ],
    [
      'local: refresh 10 s before the end',
      { notBefore: NOW, lifetime: 60, refresh: NOW + 50 },
      { limits: localLimits(60) },
      [],
    ],
    [
      'local: refresh 9 s before the end',
      { notBefore: NOW, lifetime: 60, refresh: NOW + 51 },
      { limits: localLimits(60) },
      ['status.beginRefreshAt'],
    ],
  ])('%s', (_name, variant, changes, fields) => {
    expect(validateStatusUpdate(context(issued(variant), changes)).map(({ field }) => field)).toEqual(fields);
  });

  test.each([
    ['a..b', "leaf certificate's DNSName should not contain '..'"],
    ['.a', "leaf certificate's DNSName should not start or end with '.'"],
    ['a.', "leaf certificate's DNSName should not start or end with '.'"],
    ['', 'leaf certificate should not contain empty DNSName'],
  ])('refuses the dNSName %j', (value, detail) => {
    const names = [{ type: 'dNSName', value } as const];
    expect(refusals(issued({ names }))).toEqual([
      `status.certificateChain: Invalid value: ${JSON.stringify(value)}: ${detail}`,
    ]);
  });
  test.each([
    ['web@example.com', true],
    ['"a b"@example.com', true],
    ['web', false],
    ['web@', false],
    ['a@b@c', false],
  ])('the rfc822Name %j: %s', (value, ok) => {
    expect(refusals(issued({ names: [{ type: 'rfc822Name', value }] }))).toHaveLength(ok ? 0 : 1);
  });

  const good = issued();
  const chain = String(good['certificateChain']);
  const leaf = leafPem(good);
  const headers = chain.replace('-----BEGIN CERTIFICATE-----\n', '-----BEGIN CERTIFICATE-----\nComment: leaf\n\n');
  const publicKey = encodePem('PUBLIC KEY', key);
  test.each<[string, string, readonly string[]]>([
    ['text between blocks', `subject=web\n${leaf}issuer\n${chain.slice(leaf.length)}the end\n`, []],
    ['PEM headers', headers, []],
    ['a leaf alone', leaf, []],
    ['nothing', '', ['issued certificate chain must contain at least one certificate']],
    ['text without a block', 'no PEM', ['issued certificate chain must contain at least one certificate']],
    [
      'another block first',
      publicKey + chain,
      ['issued certificate chain must consist entirely of CERTIFICATE PEM blocks'],
    ],
    [
      'another block later',
      chain + publicKey,
      ['issued certificate chain must consist entirely of CERTFICATE PEM blocks'],
    ],
    [
      'a leaf that is no certificate',
      encodePem('CERTIFICATE', key),
      ['leaf certificate does not parse as valid X.509'],
    ],
    [
      'an issuer that is no certificate',
      leaf + encodePem('CERTIFICATE', key),
      ['intermediate certificate does not parse as valid X.509'],
    ],
    [
      'the issuer first',
      chain.slice(leaf.length) + leaf,
      ['leaf certificate was not issued to the requested public key'],
    ],
    ['102400 octets', chain + '\n'.repeat(102_400 - chain.length), []],
    ['102401 octets', chain + '\n'.repeat(102_401 - chain.length), ['Too long: may not be more than 102400 bytes']],
  ])('a chain with %s', (_name, certificateChain, expected) => {
    const found = validateStatusUpdate(context({ ...good, certificateChain }));
    expect(found.map(({ message }) => message.replace(/^Invalid value: ("(?:[^"\\]|\\.)*": )?/, ''))).toEqual(expected);
  });

  test.each(['notBefore', 'notAfter', 'beginRefreshAt'])('refuses a status without %s', (member) => {
    expect(refusals({ ...good, [member]: undefined })).toMatchObject([
      expect.stringContaining(`status.${member}: Required value`),
    ]);
    expect(refusals({ ...good, [member]: null })).toHaveLength(1);
    expect(refusals({ ...good, [member]: 'yesterday' })).toHaveLength(1);
  });
  test.each(['notBefore', 'notAfter'])('refuses a %s that is not the leaf’s', (member) => {
    const at = formatTimestamp(NOW + 7);
    expect(refusals({ ...good, [member]: at })).toEqual([
      `status.${member}: Invalid value: "${at}": must be set to the ${member === 'notBefore' ? 'NotBefore' : 'NotAfter'} time encoded in the leaf certificate`,
    ]);
  });
  test('refuses the key of another request', () => {
    const subjectPublicKeyInfo = generateKeySync('P-256').subjectPublicKeyInfo;
    expect(refusals(good, { subjectPublicKeyInfo })).toEqual([
      expect.stringMatching(
        /^status.certificateChain: .*: leaf certificate was not issued to the requested public key$/,
      ),
    ]);
  });
});

describe('conditions', () => {
  const condition = {
    type: 'Denied',
    status: 'True',
    reason: 'No',
    message: '',
    lastTransitionTime: formatTimestamp(NOW),
  };
  const PATH = 'status.conditions[0]';
  /** Some rules of the API server write the path with a dot more. */
  const DOTTED = 'status.conditions.[0]';
  test.each<[string, JsonObject, ...string[]]>([
    ['Denied', {}],
    ['Failed', { type: 'Failed' }],
    ['a reason with every character', { reason: 'A1_,:z' }],
    ['a reason of 1024', { reason: 'a'.repeat(1024) }],
    ['a message of 32768', { message: 'm'.repeat(32_768) }],
    [
      'a message of 32770 octets',
      { message: 'é'.repeat(16_385) },
      `${PATH}.message: Too long: may not be more than 32768 bytes`,
    ],
    [
      'another type',
      { type: 'Approved' },
      `${DOTTED}.type: Unsupported value: "Approved": supported values: "Issued", "Denied", "Failed"`,
    ],
    ['status False', { status: 'False' }, `${DOTTED}.status: Unsupported value: "False": supported values: "True"`],
    [
      'status absent',
      { status: undefined },
      `${DOTTED}.status: Unsupported value: "": supported values: "True"`,
      `${PATH}.status: Unsupported`,
    ],
    ['no reason', { reason: '' }, `${PATH}.reason: Required value`],
    [
      'a reason with a space',
      { reason: 'No way' },
      `${PATH}.reason: Invalid value: "No way": a condition reason must start with alphabetic character`,
    ],
    [
      'a reason that ends in a colon',
      { reason: 'No:' },
      `${PATH}.reason: Invalid value: "No:": a condition reason must start with alphabetic character`,
    ],
    ['a reason of 1025', { reason: 'a'.repeat(1025) }, `${PATH}.reason: Too long: may not be more than 1024 bytes`],
    [
      'a message of 32769',
      { message: 'm'.repeat(32_769) },
      `${PATH}.message: Too long: may not be more than 32768 bytes`,
    ],
    ['no lastTransitionTime', { lastTransitionTime: undefined }, `${PATH}.lastTransitionTime: Required value`],
    ['a null lastTransitionTime', { lastTransitionTime: null }, `${PATH}.lastTransitionTime: Required value`],
  ])('%s', (_name, changes, ...expected) => {
    const found = refusals({ conditions: [{ ...condition, ...changes }] });
    expect(found.map((text, index) => text.slice(0, expected[index]?.length))).toEqual(expected);
  });
  test('two terminal conditions', () => {
    expect(refusals({ conditions: [condition, { ...condition, type: 'Failed' }] })).toEqual([
      'status.conditions.[1].type: Invalid value: "Failed": There may be at most one condition with type "Issued", "Denied", or "Failed"',
    ]);
  });
  test.each<[string, JsonObject]>([
    ['a chain', { certificateChain: 'x' }],
    ['notBefore', { notBefore: formatTimestamp(NOW) }],
    ['beginRefreshAt', { beginRefreshAt: formatTimestamp(NOW) }],
  ])('a denial with %s', (_name, rest) => {
    expect(refusals({ conditions: [condition], ...rest })).toEqual([
      'status: Invalid value: non-condition status fields must be empty when denying or failing the PodCertificateRequest',
    ]);
  });
  test('a denial with empty members is accepted', () => {
    expect(refusals({ conditions: [condition], certificateChain: '', notBefore: null })).toEqual([]);
  });
  test('nothing may be written without a terminal condition', () => {
    expect(refusals({ notBefore: formatTimestamp(NOW) })).toEqual([
      'status: Invalid value: status is immutable unless transitioning to "Issued", "Denied", or "Failed"',
    ]);
    expect(refusals({})).toEqual([]);
  });
  test.each<[string, unknown]>([
    ['no list', {}],
    ['a list of texts', ['x']],
  ])('conditions that are %s', (_name, conditions) => expect(refusals({ conditions })).toHaveLength(1));
});

test('any sequence of writes ends in the first one that is accepted, and stays there', () => {
  const statuses: readonly JsonObject[] = [
    {},
    { ...deniedStatus({ reason: 'No', message: 'no' }, NOW) },
    { ...deniedStatus({ reason: 'Never', message: '' }, NOW) },
    { ...failedStatus('Broken', 'x', NOW) },
    issued(),
    issued({ lifetime: 3599 }),
    issued({ notBefore: NOW - 120 }),
    { ...deniedStatus({ reason: 'No', message: '' }, NOW), certificateChain: 'x' },
    { notAfter: formatTimestamp(NOW) },
  ];
  const acceptable = new Set([1, 2, 3, 4, 6]);
  fc.assert(
    fc.property(fc.array(fc.nat(statuses.length - 1), { maxLength: 12 }), (writes) => {
      let status: JsonObject = {};
      let model: number | undefined;
      for (const write of writes) {
        const accepted = validateStatusUpdate(context(statuses[write]!, { oldStatus: status })).length === 0;
        const expected = model === undefined ? acceptable.has(write) || write === 0 : write === model;
        expect(accepted).toBe(expected);
        if (!accepted) continue;
        status = statuses[write]!;
        if (write !== 0) model = write;
      }
    }),
    { seed: 20_260_901, numRuns: 300 },
  );
});

test('mail addresses and signer names of any length are read in time that grows with it', () => {
  const start = performance.now();
  expect(isMailAddress(`${' '.repeat(100_000)}x`)).toBe(false);
  expect(isMailAddress('a '.repeat(50_000))).toBe(false);
  expect(isMailAddress('  web <web@example.com>  ')).toBe(true);
  expect(signerNameErrors('spec.signerName', `${'.'.repeat(100_000)}/x`)).toHaveLength(3);
  expect(performance.now() - start).toBeLessThan(500); // quadratic they take seconds
});
