import { encodePem } from '@mayfly/der/pem';
import { createCertificateSync, rootContents } from '@mayfly/x509/create';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { buildName, encodeName } from '@mayfly/x509/name';
import type { Json } from '../client.js';
import { type NewObject, newKey } from '../objects.js';
import { authority } from './statuses.js';

const validity = { notBefore: 0, notAfter: 86_400 };
const expiredKey = newKey();
const subject = encodeName(buildName({ commonName: 'Expired Root' }));
const expired = encodePem(
  'CERTIFICATE',
  createCertificateSync(
    rootContents(
      {
        serialNumber: 7n,
        validity,
        subject,
        subjectKeyIdentifier: rfc7093KeyIdentifier(expiredKey.subjectPublicKeyInfo),
      },
      expiredKey,
    ),
    expiredKey,
  ),
);
const leaf = encodePem(
  'CERTIFICATE',
  createCertificateSync(
    {
      serialNumber: 8n,
      issuer: subject,
      validity,
      subject,
      subjectPublicKeyInfo: expiredKey.subjectPublicKeyInfo,
      extensions: [],
    },
    expiredKey,
  ),
);
const root = encodePem('CERTIFICATE', authority.der);
const NAME = 'metadata.name: FieldValueInvalid';
const BUNDLE = 'spec.trustBundle: FieldValueInvalid: Invalid value: "<value omitted>": ';

/** Bundles of one name, written one after the other, and what is to come of the last: nothing, or beginnings of causes. */
export type BundleRow = readonly [
  name: string,
  bundleName: string,
  specs: readonly Json[],
  refused?: readonly string[],
];

const SIGNER = 'example.com/signer';
const own = (trustBundle: string): Json => ({ signerName: SIGNER, trustBundle });

/** Section 6. Every row has a name of its own, for bundles have no namespace. */
export const bundleRows: readonly BundleRow[] = [
  ['without a signer', 'plain', [{ trustBundle: root }]],
  ['with a signer', 'example.com:signer:a', [own(root)]],
  ['a dotted name behind the signer', 'example.com:signer:a.b-c', [own(root)]],
  ['two roots, and text between them', 'two', [{ trustBundle: `one\n${root}two\n${expired}` }]],
  ['without a signer, a colon in the name', 'a:b', [{ trustBundle: root }], [NAME]],
  ['with a signer, its name missing', 'b', [own(root)], [NAME]],
  ['with a signer, nothing behind its name', 'example.com:signer:', [own(root)], [NAME]],
  ['with a signer, a colon behind its name', 'example.com:signer:a:b', [own(root)], [NAME]],
  ['with another signer in the name', 'example.com:other:a', [own(root)], [NAME]],
  [
    'with a signer name that is none',
    'example:signer:a',
    [{ signerName: 'example/signer', trustBundle: root }],
    ['spec.signerName: FieldValueInvalid'],
  ],
  ['capitals in the name', 'Plain', [{ trustBundle: root }], [NAME]],
  ['nothing', 'empty', [{ trustBundle: '' }], [`${BUNDLE}at least one trust anchor must be provided`]],
  ['no PEM', 'text', [{ trustBundle: 'here it comes' }], [BUNDLE]],
  [
    'a block of another type',
    'key',
    [{ trustBundle: root + encodePem('X', Uint8Array.of(1)) }],
    [`${BUNDLE}entry 1 has bad block type: X`],
  ],
  [
    'a block with headers',
    'headers',
    [{ trustBundle: root.replace('-----\n', '-----\nA: b\n\n') }],
    [`${BUNDLE}entry 0 has PEM block headers`],
  ],
  [
    'a block that is no certificate',
    'garbage',
    [{ trustBundle: encodePem('CERTIFICATE', Uint8Array.of(1)) }],
    [`${BUNDLE}entry 0 does not parse as X.509`],
  ],
  ['no CA', 'leaf', [{ trustBundle: leaf }], [`${BUNDLE}entry 0 does not have the CA bit set`]],
  [
    'the same root twice',
    'twice',
    [{ trustBundle: root + expired + root }],
    [`${BUNDLE}duplicate trust anchor (indices [0 2])`],
  ],
  [
    'the same root twice, and one that is none',
    'twice-and',
    [{ trustBundle: root + leaf + root }],
    [`${BUNDLE}entry 1`],
  ],
  [
    'a broken block, passed over',
    'broken',
    [{ trustBundle: `-----BEGIN CERTIFICATE-----\n***\n-----END CERTIFICATE-----\n${root}` }],
  ],
  ['a bundle of 1 MiB', 'large', [{ trustBundle: root + '#'.repeat(1_048_576 - root.length) }]],
  [
    'a bundle of an octet more',
    'too-large',
    [{ trustBundle: root + '#'.repeat(1_048_577 - root.length) }],
    ['spec.trustBundle: FieldValueTooLong'],
  ],
  ['changed', 'changed', [{ trustBundle: root }, { trustBundle: root + expired }]],
  ['changed to one that is none', 'changed-none', [{ trustBundle: root }, { trustBundle: leaf }], [BUNDLE]],
  ['given to a signer later', 'given', [{ trustBundle: root }, own(root)], ['metadata.name', 'spec.signerName']],
  [
    'given to another signer',
    'example.com:signer:given',
    [own(root), { signerName: 'example.com/other', trustBundle: root }],
    ['metadata.name', 'spec.signerName'],
  ],
];

export const bundle = (name: string, spec: Json): NewObject & Json => ({
  apiVersion: 'certificates.k8s.io/v1beta1',
  kind: 'ClusterTrustBundle',
  metadata: { name },
  spec,
});

/** Bundles that no server decodes: a 400. */
export const undecodableBundles: readonly (readonly [name: string, spec: Json])[] = [
  ['a bundle that is a list', { trustBundle: [root] }],
  ['a bundle that is a number', { trustBundle: 1 }],
  ['a signer that is an object', { signerName: {}, trustBundle: root }],
];
