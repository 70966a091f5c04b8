import { signatureAlgorithm } from '@mayfly/keys';
import { accessMethods, idCeSubjectAltName, idPeTLSFeature, keyPurposes } from '@mayfly/x509/extensions';
import { attributeTypes } from '@mayfly/x509/name';
import { expect, test } from 'vitest';
import { oidName, oidText } from './oid-names.js';

test('names agree with those of the packages', () => {
  for (const table of [keyPurposes, accessMethods])
    for (const [name, oid] of Object.entries(table)) expect(oidName(oid)).toBe(name);
  for (const [name, { type }] of Object.entries(attributeTypes)) expect(oidName(type)).toBe(name);
  for (const scheme of ['ecdsa-with-SHA384', 'Ed25519', 'sha256WithRSAEncryption'] as const)
    expect(oidName(signatureAlgorithm(scheme).algorithm)).toBe(scheme);
  expect([idCeSubjectAltName, idPeTLSFeature].map(oidName)).toEqual(['subjectAltName', 'tlsFeature']);
});

test('what has no name is its own', () => {
  expect(oidName('1.2.3')).toBeUndefined();
  expect(oidText('1.2.3')).toBe('1.2.3');
  expect(oidName('constructor')).toBeUndefined();
});
