import { formatDistinguishedName, parseName } from '@mayfly/x509/name';
import { expect, test } from 'vitest';
import { generalNamesOf, nameFault, splitNames, subjectFault, subjectOf } from './request-fields.js';

test.each([
  ['country', 'DE', undefined],
  ['country', 'de', 'capital'],
  ['country', 'DEU', 'Two'],
  ['commonName', 'x'.repeat(64), undefined],
  ['commonName', 'x'.repeat(65), '65 characters; 64 at most'],
  ['organization', ' Example', 'space'],
  ['organization', '', undefined],
] as const)('%s %j', (type, text, fault) => {
  const found = subjectFault(type, text);
  if (fault === undefined) expect(found).toBeUndefined();
  else expect(found).toContain(fault);
});

test.each([
  ['DNS', 'orders.example.org', undefined],
  ['DNS', '*.example.org', undefined],
  ['DNS', 'a.*.example.org', 'first label'],
  ['DNS', '192.0.2.7', 'choose IP'],
  ['DNS', 'user@example.org', 'choose email'],
  ['DNS', 'spiffe://example.org/x', 'choose URI'],
  ['DNS', 'under_score.example', 'no DNS name'],
  ['IP', '2001:db8::1', undefined],
  ['IP', '192.0.2.256', 'no IPv4'],
  ['email', 'user@example.org', undefined],
  ['email', 'user', 'no mailbox'],
  ['URI', 'spiffe://example.org/ns/shop', undefined],
  ['URI', 'orders', 'no URI'],
  ['URI', '', undefined],
] as const)('%s %j', (kind, text, fault) => {
  const found = nameFault({ kind, text });
  if (fault === undefined) {
    expect(found).toBeUndefined();
    expect(generalNamesOf([{ kind, text }])).toHaveLength(text === '' ? 0 : 1);
  } else expect(found).toContain(fault);
});

test('a list that is pasted becomes names of their kinds', () => {
  expect(splitNames('DNS:a.example, IP:192.0.2.1\nspiffe://example.org/b; user@example.org')).toEqual([
    { kind: 'DNS', text: 'a.example' },
    { kind: 'IP', text: '192.0.2.1' },
    { kind: 'URI', text: 'spiffe://example.org/b' },
    { kind: 'email', text: 'user@example.org' },
  ]);
});

test('the subject is written from the country down to the common name', () => {
  const name = parseName(subjectOf({ commonName: 'orders', organization: 'Example', country: 'DE', locality: '' }));
  expect(formatDistinguishedName(name)).toBe('CN=orders,O=Example,C=DE');
});
