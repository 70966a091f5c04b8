import { encodePem } from '@mayfly/der/pem';
import { type Certificate, parseCertificate } from '@mayfly/x509';
import { createCertificateSync, rootContents } from '@mayfly/x509/create';
import { subjectAltNameExtension } from '@mayfly/x509/extensions';
import type { GeneralName } from '@mayfly/x509/general-name';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { buildName, encodeName } from '@mayfly/x509/name';
import type { Json } from '../client.js';
import { newKey, stubOf } from '../objects.js';

const DAY = 86_400;
const now = Math.floor(Date.now() / 1000);

const authorityKey = newKey();
/** The authority of all rows. */
export const authority: Certificate = parseCertificate(
  createCertificateSync(
    rootContents(
      {
        serialNumber: 2n ** 70n,
        validity: { notBefore: now - DAY, notAfter: now + 400 * DAY },
        subject: encodeName(buildName({ commonName: 'Test Root' })),
        subjectKeyIdentifier: rfc7093KeyIdentifier(authorityKey.subjectPublicKeyInfo),
      },
      authorityKey,
    ),
    authorityKey,
  ),
);

const key = newKey();
/** The stub of every request that gets one of these statuses. */
export const stub: string = stubOf(key);
/** What every request asks for at most, in seconds. */
export const MAX = 7200;

interface Leaf {
  readonly notBefore?: number;
  readonly lifetime?: number;
  readonly names?: readonly GeneralName[];
  readonly subjectPublicKeyInfo?: Uint8Array;
}

const leafOf = ({
  notBefore = 0,
  lifetime = 3600,
  names = [],
  subjectPublicKeyInfo = key.subjectPublicKeyInfo,
}: Leaf): string =>
  encodePem(
    'CERTIFICATE',
    createCertificateSync(
      {
        serialNumber: 2n ** 70n + 1n,
        issuer: authority.subject,
        validity: { notBefore: now + notBefore, notAfter: now + notBefore + lifetime },
        subject: encodeName([]),
        subjectPublicKeyInfo,
        extensions: names.length > 0 ? [subjectAltNameExtension(names, true)] : [],
      },
      authorityKey,
    ),
  );

const time = (at: number): string => new Date((now + at) * 1000).toISOString().slice(0, 19) + 'Z';

const condition = (type: string, changes: Json = {}): Json => ({
  ...{ type, status: 'True', reason: type, message: '', lastTransitionTime: time(0) },
  ...changes,
});

/** A status that says `Issued`, for a leaf and with changes to the status; `chain` gets the leaf's PEM. */
const issued = (leaf: Leaf = {}, changes: Json = {}, chain: (leaf: string) => string = (pem) => pem): Json => {
  const { notBefore = 0, lifetime = 3600 } = leaf;
  return {
    conditions: [condition('Issued')],
    certificateChain: chain(leafOf(leaf)),
    notBefore: time(notBefore),
    beginRefreshAt: time(notBefore + lifetime / 2),
    notAfter: time(notBefore + lifetime),
    ...changes,
  };
};

const taken = issued();
const denied = { conditions: [condition('Denied')] };
const failed = { conditions: [condition('Failed')] };
const root = encodePem('CERTIFICATE', authority.der);
const withHeaders = (pem: string) => pem.replace('-----\n', '-----\nFriend: yes\n\n');
const name = (type: 'dNSName' | 'rfc822Name', value: string): Leaf => ({ names: [{ type, value }] });
const garbage = encodePem('CERTIFICATE', Uint8Array.of(1, 2, 3));
const CHAIN = 'status.certificateChain: FieldValueInvalid: Invalid value: ';

/**
 * Statuses written one after the other, and what is to come of the last: nothing, or beginnings of causes. The last is what 1.37 says
 * where that is something else; the embedded API speaks as 1.36.
 */
export type StatusRow = readonly [
  name: string,
  statuses: readonly Json[],
  refused?: readonly string[],
  refusedFrom37?: readonly string[],
];

/** 2.5: conditions and what may change when. */
export const conditionRows: readonly StatusRow[] = [
  ['denied', [denied]],
  ['failed', [failed]],
  ['nothing', [{}]],
  ['an empty list', [{ conditions: [] }]],
  [
    'a condition of another type',
    [{ conditions: [condition('Approved')] }],
    ['status.conditions.[0].type: FieldValueNotSupported'],
  ],
  [
    'a condition without a type',
    [{ conditions: [condition('Denied', { type: '' })] }],
    [
      'status.conditions.[0].type: FieldValueNotSupported',
      'status.conditions[0].type: FieldValueInvalid: Invalid value: "": name part must be non-empty',
      'status.conditions[0].type: FieldValueInvalid',
    ],
    ['status.conditions.[0].type: FieldValueNotSupported', 'status.conditions[0].type: FieldValueRequired'],
  ],
  [
    'two conditions',
    [{ conditions: [condition('Denied'), condition('Failed')] }],
    ['status.conditions.[1].type: FieldValueInvalid'],
  ],
  [
    'status "False"',
    [{ conditions: [condition('Denied', { status: 'False' })] }],
    ['status.conditions.[0].status: FieldValueNotSupported'],
  ],
  [
    'status "Unknown"',
    [{ conditions: [condition('Issued', { status: 'Unknown' })] }],
    ['status.conditions.[0].status: FieldValueNotSupported'],
  ],
  [
    'status "true"',
    [{ conditions: [condition('Denied', { status: 'true' })] }],
    ['status.conditions.[0].status: FieldValueNotSupported', 'status.conditions[0].status: FieldValueNotSupported'],
  ],
  [
    'no reason',
    [{ conditions: [condition('Denied', { reason: '' })] }],
    ['status.conditions[0].reason: FieldValueRequired'],
  ],
  [
    'a reason with a space',
    [{ conditions: [condition('Denied', { reason: 'Not you' })] }],
    ['status.conditions[0].reason: FieldValueInvalid'],
  ],
  [
    'a reason that begins with a digit',
    [{ conditions: [condition('Denied', { reason: '1st' })] }],
    ['status.conditions[0].reason: FieldValueInvalid'],
  ],
  [
    'a reason that ends in a colon',
    [{ conditions: [condition('Denied', { reason: 'No:' })] }],
    ['status.conditions[0].reason: FieldValueInvalid'],
  ],
  ['a reason with colons and commas', [{ conditions: [condition('Denied', { reason: 'No:not,you_1' })] }]],
  ['a reason of 1024 characters', [{ conditions: [condition('Denied', { reason: 'x'.repeat(1024) })] }]],
  [
    'a reason of 1025 characters',
    [{ conditions: [condition('Denied', { reason: 'x'.repeat(1025) })] }],
    ['status.conditions[0].reason: FieldValueTooLong'],
  ],
  ['a message of 32 KiB', [{ conditions: [condition('Denied', { message: 'm'.repeat(32_768) })] }]],
  [
    'a message of a character more',
    [{ conditions: [condition('Denied', { message: 'm'.repeat(32_769) })] }],
    ['status.conditions[0].message: FieldValueTooLong'],
  ],
  [
    'a message of 32 KiB in other letters',
    [{ conditions: [condition('Denied', { message: 'é'.repeat(16_385) })] }],
    ['status.conditions[0].message: FieldValueTooLong'],
  ],
  [
    'no lastTransitionTime',
    [{ conditions: [condition('Denied', { lastTransitionTime: undefined })] }],
    ['status.conditions[0].lastTransitionTime: FieldValueRequired'],
  ],
  [
    'lastTransitionTime null',
    [{ conditions: [condition('Denied', { lastTransitionTime: null })] }],
    ['status.conditions[0].lastTransitionTime: FieldValueRequired'],
  ],
  [
    'everything wrong with a condition',
    [{ conditions: [condition('Odd', { status: 'No', reason: '', lastTransitionTime: null })] }],
    [
      'status.conditions.[0].type',
      'status.conditions[0].status',
      'status.conditions[0].lastTransitionTime',
      'status.conditions[0].reason',
    ],
  ],
  [
    'the same condition twice',
    [{ conditions: [condition('Denied'), condition('Denied')] }],
    ['status.conditions.[1].type: FieldValueInvalid', 'status.conditions[1].type: FieldValueDuplicate'],
    ['status.conditions.[1].type: FieldValueInvalid', 'status.conditions[1]: FieldValueDuplicate'],
  ],
  ['denied, with a chain', [{ ...denied, certificateChain: root }], ['status: FieldValueInvalid']],
  ['failed, with a time', [{ ...failed, notAfter: time(0) }], ['status: FieldValueInvalid']],
  ['denied, with an empty chain', [{ ...denied, certificateChain: '' }]],
  [
    'a chain without a condition',
    [{ certificateChain: root }],
    ['status: FieldValueInvalid: Invalid value: status is immutable unless transitioning'],
  ],
  ['a time without a condition', [{ beginRefreshAt: time(0) }], ['status: FieldValueInvalid']],
  ['denied, then the same', [denied, denied]],
  [
    'denied, then failed',
    [denied, failed],
    ['status: FieldValueInvalid: Invalid value: immutable after PodCertificateRequest is issued, denied, or failed'],
  ],
  [
    'denied, then another message',
    [denied, { conditions: [condition('Denied', { message: 'x' })] }],
    ['status: FieldValueInvalid'],
  ],
  ['denied, then nothing', [denied, {}], ['status: FieldValueInvalid']],
  ['failed, then issued', [failed, issued()], ['status: FieldValueInvalid']],
  ['issued, then denied', [issued(), denied], ['status: FieldValueInvalid']],
  ['issued, then the same', [taken, taken]],
  ['issued, then without the chain', [taken, { ...taken, certificateChain: '' }], ['status: FieldValueInvalid']],
  [
    'denied, then a condition that is none',
    [denied, { conditions: [condition('Odd')] }],
    ['status.conditions.[0].type: FieldValueNotSupported'],
  ],
];

/** Statuses that no server decodes: a 400. */
export const undecodableStatuses: readonly (readonly [name: string, status: Json])[] = [
  ['conditions that are an object', { conditions: condition('Denied') }],
  ['conditions that are text', { conditions: 'Denied' }],
  ['a condition that is text', { conditions: ['Denied'] }],
  ['a condition whose type is a number', { conditions: [condition('Denied', { type: 1 })] }],
  ['a condition whose status is a boolean', { conditions: [condition('Denied', { status: true })] }],
  ['a condition whose reason is a list', { conditions: [condition('Denied', { reason: [] })] }],
  ['a condition whose message is a number', { conditions: [condition('Denied', { message: 0 })] }],
  ['a time that is a number', { conditions: [condition('Denied', { lastTransitionTime: now })] }],
  ['a time that is no RFC 3339', { conditions: [condition('Denied', { lastTransitionTime: 'now' })] }],
  ['a time without a zone', { conditions: [condition('Denied', { lastTransitionTime: time(0).slice(0, -1) })] }],
  ['a chain that is a list', issued({}, { certificateChain: [] })],
  ['notBefore that is a number', issued({}, { notBefore: now })],
  ['notAfter that is empty', issued({}, { notAfter: '' })],
  ['beginRefreshAt that is a date', issued({}, { beginRefreshAt: '2026-01-01' })],
];

/** 2.6: what `Issued` has to say. */
export const issuedRows: readonly StatusRow[] = [
  ['a leaf', [issued()]],
  ['a leaf and its issuer', [issued({}, {}, (pem) => pem + root)]],
  ['text between the blocks', [issued({}, {}, (pem) => `leaf:\n${pem}\nissuer:\n${root}\nend\n`)]],
  ['PEM headers', [issued({}, {}, withHeaders)]],
  ['carriage returns', [issued({}, {}, (pem) => pem.replaceAll('\n', '\r\n'))]],
  [
    'no chain',
    [issued({}, { certificateChain: undefined })],
    [`${CHAIN}"": issued certificate chain must contain at least one certificate`],
  ],
  ['text that is no PEM', [issued({}, { certificateChain: 'here it comes' })], [CHAIN]],
  ['a chain of 100 KiB', [issued({}, {}, (pem) => pem + '#'.repeat(102_400 - pem.length))]],
  [
    'a chain of an octet more',
    [issued({}, {}, (pem) => pem + '#'.repeat(102_401 - pem.length))],
    ['status.certificateChain: FieldValueTooLong'],
  ],
  ['a first block of another type', [issued({}, {}, (pem) => encodePem('X', Uint8Array.of(1)) + pem)], [CHAIN]],
  ['a first block that is no certificate', [issued({}, {}, (pem) => garbage + pem)], [CHAIN]],
  [
    'a broken first block, passed over',
    [issued({}, {}, (pem) => `-----BEGIN CERTIFICATE-----\n***\n-----END CERTIFICATE-----\n${pem}`)],
  ],
  ['a second block of another type', [issued({}, {}, (pem) => pem + encodePem('X', Uint8Array.of(1)))], [CHAIN]],
  ['a second block that is no certificate', [issued({}, {}, (pem) => pem + garbage)], [CHAIN]],
  [
    'a broken second block, passed over',
    [issued({}, {}, (pem) => `${pem}-----BEGIN CERTIFICATE-----\n***\n-----END CERTIFICATE-----\n`)],
  ],
  ['another key', [issued({ subjectPublicKeyInfo: newKey().subjectPublicKeyInfo })], [CHAIN]],
  ['a key of another kind', [issued({ subjectPublicKeyInfo: newKey('Ed25519').subjectPublicKeyInfo })], [CHAIN]],
  ['dNSName', [issued(name('dNSName', 'web.shop.svc'))]],
  ['dNSName with a wildcard', [issued(name('dNSName', '*.shop.svc'))]],
  ['dNSName with an empty label', [issued(name('dNSName', 'web..svc'))], [`${CHAIN}"web..svc"`]],
  ['dNSName that begins with a dot', [issued(name('dNSName', '.svc'))], [`${CHAIN}".svc"`]],
  ['dNSName that ends with a dot', [issued(name('dNSName', 'svc.'))], [`${CHAIN}"svc."`]],
  ['dNSName with both', [issued(name('dNSName', 'a..b.'))], [`${CHAIN}"a..b."`, `${CHAIN}"a..b."`]],
  [
    'dNSName wrong, and another key',
    [issued({ ...name('dNSName', 'web..svc'), subjectPublicKeyInfo: newKey().subjectPublicKeyInfo })],
    [CHAIN, CHAIN],
  ],
  [
    'dNSName wrong, and no times',
    [issued(name('dNSName', 'web..svc'), { notBefore: undefined, notAfter: undefined })],
    [CHAIN, 'status.notBefore', 'status.notAfter'],
  ],
  ['dNSName wrong, and a time wrong', [issued(name('dNSName', 'web..svc'), { notBefore: time(1) })], [CHAIN]],
  ['rfc822Name', [issued(name('rfc822Name', 'web@shop.example'))]],
  ['rfc822Name without a domain', [issued(name('rfc822Name', 'web'))], [`${CHAIN}"web"`]],
  ['no notBefore', [issued({}, { notBefore: undefined })], ['status.notBefore: FieldValueRequired']],
  ['no notAfter', [issued({}, { notAfter: null })], ['status.notAfter: FieldValueRequired']],
  ['no beginRefreshAt', [issued({}, { beginRefreshAt: undefined })], ['status.beginRefreshAt: FieldValueRequired']],
  [
    'no times',
    [issued({}, { notBefore: undefined, notAfter: undefined, beginRefreshAt: undefined })],
    ['status.notBefore', 'status.notAfter', 'status.beginRefreshAt'],
  ],
  ['notBefore a second off', [issued({}, { notBefore: time(1) })], ['status.notBefore: FieldValueInvalid']],
  ['notAfter a second off', [issued({}, { notAfter: time(3601) })], ['status.notAfter: FieldValueInvalid']],
  ['notBefore 4 minutes ago', [issued({ notBefore: -240, lifetime: 3840 })]],
  ['notBefore 5 minutes ago', [issued({ notBefore: -300, lifetime: 3900 })], ['status.notBefore: FieldValueInvalid']],
  ['notBefore in 4 minutes', [issued({ notBefore: 240 })]],
  ['notBefore far ahead', [issued({ notBefore: 3600 })], ['status.notBefore: FieldValueInvalid']],
  [
    'lifetime a second short of an hour',
    [issued({ lifetime: 3599 }, { beginRefreshAt: time(1800) })],
    [`${CHAIN}3599000000000: leaf certificate lifetime must be >= 1 hour`],
  ],
  ['lifetime of the maximum', [issued({ lifetime: MAX })]],
  [
    'lifetime of a second more',
    [issued({ lifetime: MAX + 1 }, { beginRefreshAt: time(3600) })],
    [`${CHAIN}7201000000000: leaf certificate lifetime must be <= spec.maxExpirationSeconds (7200)`],
  ],
  ['beginRefreshAt ten minutes after notBefore', [issued({}, { beginRefreshAt: time(600) })]],
  [
    'beginRefreshAt a second sooner',
    [issued({}, { beginRefreshAt: time(599) })],
    ['status.beginRefreshAt: FieldValueInvalid'],
  ],
  ['beginRefreshAt ten minutes before notAfter', [issued({}, { beginRefreshAt: time(3000) })]],
  [
    'beginRefreshAt a second later',
    [issued({}, { beginRefreshAt: time(3001) })],
    ['status.beginRefreshAt: FieldValueInvalid'],
  ],
];
