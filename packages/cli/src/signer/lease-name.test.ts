import { expect, test } from 'vitest';
import { leaseNameOf } from './lease-name.js';

test('is named after its signer', () => {
  expect(leaseNameOf('example.com/workload')).toBe('mayfly.example.com.workload');
});

test.each([
  ['with the dot elsewhere', 'example.com/a.b', 'example.com.a/b'],
  ['that differ behind what fits', `example.com/${'a'.repeat(250)}-b`, `example.com/${'a'.repeat(250)}-c`],
  [
    'of which one is cut at a dot',
    `${'a.'.repeat(114)}a/${'b.'.repeat(60)}b`,
    `${'a.'.repeat(114)}a/${'b.'.repeat(60)}c`,
  ],
])('two signers %s have two Leases', (_name, a, b) => {
  const names = [leaseNameOf(a), leaseNameOf(b)];
  expect(new Set(names).size).toBe(2);
  for (const name of names)
    expect(name).toMatch(/^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/);
});
