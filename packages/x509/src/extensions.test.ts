import { encode, fromHex, integer, type Oid, oid, sequence, toHex, utf8String } from '@mayfly/der';
import { describe, expect, test } from 'vitest';
import type { Extension, HasExtensions } from './extension.js';
import * as x from './extensions.js';
import type { GeneralName } from './general-name.js';

const dns: GeneralName = { type: 'dNSName', value: 'a' };
const uri: GeneralName = { type: 'uniformResourceIdentifier', value: 'http://a' };
const uriHex = '8608' + '687474703a2f2f61';

/** Something whose one extension has this value. */
const having = (extnID: Oid, hex: string): HasExtensions => ({
  extensions: [{ extnID, critical: false, extnValue: fromHex(hex) }],
});

interface Pair {
  readonly id: Oid;
  readonly read: (of: HasExtensions) => unknown;
}

const pairs = {
  authorityKeyIdentifier: { id: '2.5.29.35', read: x.authorityKeyIdentifier },
  subjectKeyIdentifier: { id: '2.5.29.14', read: x.subjectKeyIdentifier },
  keyUsage: { id: '2.5.29.15', read: x.keyUsage },
  certificatePolicies: { id: '2.5.29.32', read: x.certificatePolicies },
  policyMappings: { id: '2.5.29.33', read: x.policyMappings },
  subjectAltName: { id: '2.5.29.17', read: x.subjectAltName },
  issuerAltName: { id: '2.5.29.18', read: x.issuerAltName },
  subjectDirectoryAttributes: { id: '2.5.29.9', read: x.subjectDirectoryAttributes },
  basicConstraints: { id: '2.5.29.19', read: x.basicConstraints },
  nameConstraints: { id: '2.5.29.30', read: x.nameConstraints },
  policyConstraints: { id: '2.5.29.36', read: x.policyConstraints },
  extKeyUsage: { id: '2.5.29.37', read: x.extKeyUsage },
  cRLDistributionPoints: { id: '2.5.29.31', read: x.cRLDistributionPoints },
  inhibitAnyPolicy: { id: '2.5.29.54', read: x.inhibitAnyPolicy },
  freshestCRL: { id: '2.5.29.46', read: x.freshestCRL },
  authorityInfoAccess: { id: '1.3.6.1.5.5.7.1.1', read: x.authorityInfoAccess },
  subjectInfoAccess: { id: '1.3.6.1.5.5.7.1.11', read: x.subjectInfoAccess },
  signedCertificateTimestamps: { id: '1.3.6.1.4.1.11129.2.4.2', read: x.signedCertificateTimestamps },
  tlsFeature: { id: '1.3.6.1.5.5.7.1.24', read: x.tlsFeature },
} as const satisfies Readonly<Record<string, Pair>>;

const timestamp: x.SignedCertificateTimestamp = {
  version: 0,
  logID: new Uint8Array(32).fill(1),
  timestamp: 1_700_000_000_000n,
  extensions: new Uint8Array(0),
  hashAlgorithm: 4,
  signatureAlgorithm: 3,
  signature: Uint8Array.of(1, 2),
};
const timestampHex = '00' + '01'.repeat(32) + '0000018bcfe56800' + '0000' + '0403' + '00020102';

describe('reading gives what was written', () => {
  test.each<[keyof typeof pairs, Extension, string, unknown]>([
    [
      'authorityKeyIdentifier',
      x.authorityKeyIdentifierExtension({ keyIdentifier: Uint8Array.of(1, 2) }),
      '30048002' + '0102',
      { keyIdentifier: Uint8Array.of(1, 2) },
    ],
    [
      'authorityKeyIdentifier',
      x.authorityKeyIdentifierExtension({ authorityCertIssuer: [dns], authorityCertSerialNumber: 128n }),
      '3009' + 'a103820161' + '82020080',
      { authorityCertIssuer: [dns], authorityCertSerialNumber: 128n },
    ],
    ['subjectKeyIdentifier', x.subjectKeyIdentifierExtension(Uint8Array.of(1, 2)), '04020102', Uint8Array.of(1, 2)],
    [
      'keyUsage',
      x.keyUsageExtension(['keyCertSign', 'digitalSignature', 'cRLSign']),
      '03020186',
      new Set(['digitalSignature', 'keyCertSign', 'cRLSign']),
    ],
    ['keyUsage', x.keyUsageExtension(['decipherOnly']), '0303070080', new Set(['decipherOnly'])],
    [
      'policyMappings',
      x.policyMappingsExtension([{ issuerDomainPolicy: '1.2.3', subjectDomainPolicy: '1.2.4' }]),
      '300a3008' + '06022a03' + '06022a04',
      [{ issuerDomainPolicy: '1.2.3', subjectDomainPolicy: '1.2.4' }],
    ],
    ['subjectAltName', x.subjectAltNameExtension([dns], true), '3003820161', [dns]],
    ['issuerAltName', x.issuerAltNameExtension([dns]), '3003820161', [dns]],
    [
      'subjectDirectoryAttributes',
      x.subjectDirectoryAttributesExtension([{ type: '1.2.3', values: [encode(integer(1))] }]),
      '300b3009' + '06022a03' + '3103020101',
      [{ type: '1.2.3', values: [encode(integer(1))] }],
    ],
    ['basicConstraints', x.basicConstraintsExtension({ cA: false }), '3000', { cA: false }],
    [
      'basicConstraints',
      x.basicConstraintsExtension({ cA: true, pathLenConstraint: 0 }),
      '30060101ff020100',
      { cA: true, pathLenConstraint: 0 },
    ],
    [
      'nameConstraints',
      x.nameConstraintsExtension({
        permittedSubtrees: [{ base: dns }],
        excludedSubtrees: [{ base: { type: 'iPAddress', value: fromHex('0a000000ff000000') } }],
      }),
      '3015' + 'a0053003820161' + 'a10c300a8708' + '0a000000ff000000',
      {
        permittedSubtrees: [{ base: dns }],
        excludedSubtrees: [{ base: { type: 'iPAddress', value: fromHex('0a000000ff000000') } }],
      },
    ],
    [
      'policyConstraints',
      x.policyConstraintsExtension({ requireExplicitPolicy: 0, inhibitPolicyMapping: 3 }),
      '3006800100810103',
      { requireExplicitPolicy: 0, inhibitPolicyMapping: 3 },
    ],
    [
      'extKeyUsage',
      x.extKeyUsageExtension([x.keyPurposes.clientAuth]),
      '300a' + '06082b06010505070302',
      [x.keyPurposes.clientAuth],
    ],
    [
      'cRLDistributionPoints',
      x.cRLDistributionPointsExtension([{ distributionPoint: { fullName: [uri] } }]),
      '3010300e' + 'a00ca00a' + uriHex,
      [{ distributionPoint: { fullName: [uri] } }],
    ],
    [
      'cRLDistributionPoints',
      x.cRLDistributionPointsExtension([
        {
          distributionPoint: {
            nameRelativeToCRLIssuer: [{ type: '2.5.4.3', value: 'a', stringType: 'utf8String' }],
          },
          reasons: new Set(['keyCompromise']),
          cRLIssuer: [dns],
        },
      ]),
      '30193017' + 'a00ca10a3008' + '0603550403' + '0c0161' + '81020640' + 'a203820161',
      [
        {
          distributionPoint: {
            nameRelativeToCRLIssuer: [{ type: '2.5.4.3', value: 'a', stringType: 'utf8String' }],
          },
          reasons: new Set(['keyCompromise']),
          cRLIssuer: [dns],
        },
      ],
    ],
    ['inhibitAnyPolicy', x.inhibitAnyPolicyExtension(1), '020101', 1],
    ['freshestCRL', x.freshestCRLExtension([{ cRLIssuer: [dns] }]), '30073005a203820161', [{ cRLIssuer: [dns] }]],
    [
      'authorityInfoAccess',
      x.authorityInfoAccessExtension([{ accessMethod: x.accessMethods.ocsp, accessLocation: uri }]),
      '30163014' + '06082b06010505073001' + uriHex,
      [{ accessMethod: x.accessMethods.ocsp, accessLocation: uri }],
    ],
    [
      'subjectInfoAccess',
      x.subjectInfoAccessExtension([{ accessMethod: x.accessMethods.caRepository, accessLocation: uri }]),
      '30163014' + '06082b06010505073005' + uriHex,
      [{ accessMethod: x.accessMethods.caRepository, accessLocation: uri }],
    ],
    [
      'signedCertificateTimestamps',
      x.signedCertificateTimestampsExtension([timestamp]),
      '0435' + '0033' + '0031' + timestampHex,
      [timestamp],
    ],
    [
      'signedCertificateTimestamps',
      x.signedCertificateTimestampsExtension([{ version: undefined, bytes: fromHex('0107') }]),
      '0406' + '0004' + '0002' + '0107',
      [{ version: undefined, bytes: fromHex('0107') }],
    ],
    ['tlsFeature', x.tlsFeatureExtension([x.tlsFeatures.status_request, 17]), '3006020105020111', [5, 17]],
  ])('%s', (name, extension, hex, value) => {
    const { id, read } = pairs[name];
    expect(extension.extnID).toBe(id);
    expect(toHex(extension.extnValue)).toBe(hex);
    expect(read({ extensions: [extension] })).toEqual(value);
    expect(read({ extensions: [] })).toBeUndefined();
  });

  test('certificatePolicies with every kind of qualifier', () => {
    const policies: readonly x.PolicyInformation[] = [
      { policyIdentifier: x.anyPolicy, policyQualifiers: [{ type: 'cPSuri', value: 'http://a' }] },
      {
        policyIdentifier: '1.2.3',
        policyQualifiers: [
          {
            type: 'userNotice',
            noticeRef: { organization: { value: 'o', stringType: 'ia5String' }, noticeNumbers: [1n, 2n] },
            explicitText: { value: 'e', stringType: 'utf8String' },
          },
          { type: 'other', policyQualifierId: '1.2.4', qualifier: fromHex('0500') },
        ],
      },
      { policyIdentifier: '1.2.5' },
    ];
    const extension = x.certificatePoliciesExtension(policies);
    expect(x.certificatePolicies({ extensions: [extension] })).toEqual(policies);
  });

  test.each<[string, Extension, boolean]>([
    ['keyUsage', x.keyUsageExtension(['cRLSign']), true],
    ['basicConstraints', x.basicConstraintsExtension({ cA: true }), true],
    ['nameConstraints', x.nameConstraintsExtension({ excludedSubtrees: [{ base: dns }] }), true],
    ['policyConstraints', x.policyConstraintsExtension({ requireExplicitPolicy: 0 }), true],
    ['inhibitAnyPolicy', x.inhibitAnyPolicyExtension(0), true],
    ['extKeyUsage', x.extKeyUsageExtension([x.keyPurposes.serverAuth]), false],
    ['subjectAltName', x.subjectAltNameExtension([dns]), false],
    ['subjectAltName of an empty subject', x.subjectAltNameExtension([dns], true), true],
    ['subjectKeyIdentifier', x.subjectKeyIdentifierExtension(Uint8Array.of(1)), false],
  ])('%s is critical: as RFC 5280 has it', (_name, extension, critical) => {
    expect(extension.critical).toBe(critical);
  });
});

describe('broken values', () => {
  test.each<[keyof typeof pairs, string, string, string]>([
    ['authorityKeyIdentifier', 'issuer without serial number', '3005a103820161', 'ERR_X509_EXTENSION'],
    ['authorityKeyIdentifier', 'unknown field', '30028300', 'ERR_DER_TRAILING_DATA'],
    ['subjectKeyIdentifier', 'bytes behind', '0401010500', 'ERR_DER_TRAILING_DATA'],
    ['keyUsage', 'no bit set', '03020700', 'ERR_X509_EXTENSION'],
    ['keyUsage', 'no octet', '030100', 'ERR_X509_EXTENSION'],
    ['keyUsage', 'unused bits that are set', '03020187', 'ERR_DER_BIT_STRING'],
    ['certificatePolicies', 'empty list', '3000', 'ERR_X509_EXTENSION'],
    ['certificatePolicies', 'a policy twice', '300c3004' + '06022a03' + '3004' + '06022a03', 'ERR_X509_EXTENSION'],
    ['certificatePolicies', 'empty qualifiers', '30083006' + '06022a03' + '3000', 'ERR_X509_EXTENSION'],
    ['policyMappings', 'empty list', '3000', 'ERR_X509_EXTENSION'],
    ['subjectAltName', 'empty list', '3000', 'ERR_X509_GENERAL_NAME'],
    ['subjectAltName', 'address of 3 octets', '30058703000000', 'ERR_X509_GENERAL_NAME'],
    ['issuerAltName', 'empty list', '3000', 'ERR_X509_GENERAL_NAME'],
    ['subjectDirectoryAttributes', 'attribute without values', '30083006' + '06022a03' + '3100', 'ERR_X509_EXTENSION'],
    ['basicConstraints', 'BOOLEAN of 01', '3003010101', 'ERR_DER_BOOLEAN'],
    ['basicConstraints', 'negative pathLenConstraint', '30060101ff0201ff', 'ERR_X509_EXTENSION'],
    ['basicConstraints', 'third field', '30080101ff0201000500', 'ERR_DER_TRAILING_DATA'],
    ['nameConstraints', 'empty sequence', '3000', 'ERR_X509_EXTENSION'],
    ['nameConstraints', 'empty permittedSubtrees', '3002a000', 'ERR_X509_EXTENSION'],
    ['nameConstraints', 'minimum of 1', '300a' + 'a0083006820161' + '800101', 'ERR_X509_EXTENSION'],
    ['nameConstraints', 'a maximum', '300a' + 'a0083006820161' + '810101', 'ERR_X509_EXTENSION'],
    ['nameConstraints', 'mask with holes', '300e' + 'a00c300a8708' + '0a000000ff00ff00', 'ERR_X509_EXTENSION'],
    ['nameConstraints', 'address without mask', '300a' + 'a00830068704' + '0a000000', 'ERR_X509_GENERAL_NAME'],
    ['policyConstraints', 'empty sequence', '3000', 'ERR_X509_EXTENSION'],
    ['policyConstraints', 'negative number', '30038001ff', 'ERR_X509_EXTENSION'],
    ['extKeyUsage', 'empty list', '3000', 'ERR_X509_EXTENSION'],
    ['cRLDistributionPoints', 'empty list', '3000', 'ERR_X509_EXTENSION'],
    ['cRLDistributionPoints', 'point with reasons alone', '3006300481020640', 'ERR_X509_EXTENSION'],
    ['inhibitAnyPolicy', 'negative number', '0201ff', 'ERR_X509_EXTENSION'],
    ['freshestCRL', 'empty list', '3000', 'ERR_X509_EXTENSION'],
    ['authorityInfoAccess', 'empty list', '3000', 'ERR_X509_EXTENSION'],
    ['subjectInfoAccess', 'empty list', '3000', 'ERR_X509_EXTENSION'],
    ['signedCertificateTimestamps', 'empty list', '04020000', 'ERR_X509_EXTENSION'],
    ['signedCertificateTimestamps', 'length past the end', '04020001', 'ERR_X509_EXTENSION'],
    [
      'signedCertificateTimestamps',
      'bytes behind the list',
      '0407' + '0004' + '0002' + '0107' + '00',
      'ERR_X509_EXTENSION',
    ],
    ['tlsFeature', 'empty list', '3000', 'ERR_X509_EXTENSION'],
    ['tlsFeature', 'number of three octets', '30050203010000', 'ERR_X509_EXTENSION'],
  ])('%s: %s', (name, _state, hex, code) => {
    const { id, read } = pairs[name];
    expect(() => read(having(id, hex))).toThrow(
      expect.objectContaining({ code, path: expect.stringMatching(new RegExp(`^${name}`)) }),
    );
  });

  test('cA FALSE written out is read', () => {
    expect(x.basicConstraints(having('2.5.29.19', '3003010100'))).toEqual({ cA: false });
  });

  test('display texts of more than 200 characters are read, and not written', () => {
    const explicitText = { value: 'a'.repeat(201), stringType: 'utf8String' as const };
    const value = encode(
      sequence(
        sequence(oid('1.2.3'), sequence(sequence(oid('1.3.6.1.5.5.7.2.2'), sequence(utf8String(explicitText.value))))),
      ),
    );
    const policies = x.certificatePolicies(having('2.5.29.32', toHex(value)))!;
    expect(policies[0]!.policyQualifiers).toEqual([{ type: 'userNotice', explicitText }]);
    expect(() => x.certificatePoliciesExtension(policies)).toThrow(RangeError);
  });

  test('trailing zero bits of keyUsage are read', () => {
    expect(x.keyUsage(having('2.5.29.15', '0303070600'))).toEqual(new Set(['keyCertSign', 'cRLSign']));
  });
});

test.each([
  ['keyUsage', () => x.keyUsageExtension([])],
  ['certificatePolicies', () => x.certificatePoliciesExtension([])],
  [
    'certificatePolicies with a policy twice',
    () => x.certificatePoliciesExtension([{ policyIdentifier: '1.2.3' }, { policyIdentifier: '1.2.3' }]),
  ],
  ['policyMappings', () => x.policyMappingsExtension([])],
  ['subjectAltName', () => x.subjectAltNameExtension([])],
  ['subjectDirectoryAttributes', () => x.subjectDirectoryAttributesExtension([{ type: '1.2.3', values: [] }])],
  [
    'basicConstraints with pathLenConstraint and no cA',
    () => x.basicConstraintsExtension({ cA: false, pathLenConstraint: 0 }),
  ],
  ['nameConstraints', () => x.nameConstraintsExtension({})],
  ['policyConstraints', () => x.policyConstraintsExtension({})],
  ['extKeyUsage', () => x.extKeyUsageExtension([])],
  ['cRLDistributionPoints', () => x.cRLDistributionPointsExtension([{}])],
  ['inhibitAnyPolicy', () => x.inhibitAnyPolicyExtension(-1)],
  ['authorityInfoAccess', () => x.authorityInfoAccessExtension([])],
  ['signedCertificateTimestamps', () => x.signedCertificateTimestampsExtension([])],
  ['tlsFeature', () => x.tlsFeatureExtension([65_536])],
])('%s without what it needs is not written', (_name, write) => {
  expect(write).toThrow(RangeError);
});

test('unhandled critical extensions', () => {
  const extensions = [
    x.keyUsageExtension(['cRLSign']),
    x.inhibitAnyPolicyExtension(0),
    x.extKeyUsageExtension([x.keyPurposes.serverAuth]),
  ];
  expect(x.unhandledCritical({ extensions }, [x.idCeKeyUsage])).toEqual([x.idCeInhibitAnyPolicy]);
});
