import { expect, test } from 'vitest';
import { accessMethods, idCeSubjectAltName, idPeTLSFeature, keyPurposes } from './extensions.js';
import { attributeTypes } from './name.js';
import { oidName, oidText } from './oid-names.js';

test('names agree with those of the packages', () => {
  for (const table of [keyPurposes, accessMethods])
    for (const [name, oid] of Object.entries(table)) expect(oidName(oid)).toBe(name);
  for (const [name, { type }] of Object.entries(attributeTypes)) expect(oidName(type)).toBe(name);
  expect(['1.2.840.10045.4.3.3', '1.3.101.112'].map(oidName)).toEqual(['ecdsa-with-SHA384', 'Ed25519']);
  expect([idCeSubjectAltName, idPeTLSFeature].map(oidName)).toEqual(['subjectAltName', 'tlsFeature']);
});

test('what has no name is its own', () => {
  expect(oidName('1.2.3')).toBeUndefined();
  expect(oidText('1.2.3')).toBe('1.2.3');
  expect(oidName('constructor')).toBeUndefined();
});
