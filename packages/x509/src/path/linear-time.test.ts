import { expect, test } from 'vitest';
import { cA, issue, toyAlgorithms, toyKey, toyName, verifyToy } from '../../testing/toy-chain.js';
import { type Certificate, parseCertificate } from '../certificate.js';
import { createCertificateSync } from '../create.js';
import type { Extension } from '../extension.js';
import {
  certificatePoliciesExtension,
  nameConstraintsExtension,
  policyMappingsExtension,
  subjectAltNameExtension,
} from '../extensions.js';
import { encodeName } from '../name.js';
import { type PathOptions, validatePathSync } from '../path.js';
import { budgetOf } from './limits.js';
import { Link } from './link.js';
import { nameFault } from './name-constraints.js';
import { NameKeys } from './name-keys.js';
import { isFault } from './refusal.js';

const dNSNames = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ type: 'dNSName', value: `n${i}.example` }) as const);
const excluded = (count: number) =>
  nameConstraintsExtension({
    excludedSubtrees: Array.from({ length: count }, (_, i) => ({ base: { type: 'dNSName', value: `x${i}.test` } })),
  });
const permitted = (count: number) =>
  nameConstraintsExtension({ permittedSubtrees: dNSNames(count).map((base) => ({ base })) });
const root = issue('Root', 'Root');

/** Comparisons that names cost under constraints. */
function comparisons(names: number, constraints: number): number {
  const keys = new NameKeys();
  const leaf = new Link(issue('Leaf', 'A', [subjectAltNameExtension(dNSNames(names))]), keys);
  const authority = new Link(issue('A', 'Root', [cA, excluded(constraints)]), keys);
  const budget = budgetOf({ nameComparisons: 100_000_000 });
  if (isFault(leaf.constrainedNames) || isFault(authority.constraints)) throw new Error('a fault in what was made');
  nameFault(leaf.constrainedNames, authority.constraints, budget);
  return 100_000_000 - budget.nameComparisons;
}

test.each([
  ['names', (n: number) => comparisons(n, 250), [125, 250, 500, 1000]],
  ['constraints', (n: number) => comparisons(250, n), [125, 250, 500, 1000]],
])('twice as many %s take at most 2.3 times the comparisons', (_name, count, sizes) => {
  const counts = sizes.map(count);
  for (let i = 1; i < counts.length; i++) expect(counts[i]! / counts[i - 1]!).toBeLessThanOrEqual(2.3);
});

const validate = (leaf: Certificate, options: Partial<PathOptions> = {}) => {
  let signatures = 0;
  const result = validatePathSync(leaf, {
    anchors: [root],
    at: 1500,
    mode: 'path',
    algorithms: toyAlgorithms,
    ...options,
    verify: (signed, key) => {
      signatures++;
      return verifyToy(signed, key);
    },
  });
  return { result, signatures };
};

test('twice as many useless intermediates take no more than twice the signatures', () => {
  const counts = [5, 10, 20, 40].map((count) => {
    const crowd = Array.from({ length: count }, (_, i) => issue('A', 'Root', [cA], { key: `wrong ${i}` }));
    return validate(issue('Leaf', 'A', []), { intermediates: crowd }).signatures;
  });
  expect(counts).toEqual([5, 10, 20, 40]);
});

test('a longer path takes a signature for each certificate', () => {
  const chain = Array.from({ length: 6 }, (_, i) => issue(`D${i}`, i === 0 ? 'Root' : `D${i - 1}`));
  for (const length of [1, 2, 4, 6]) {
    const { result, signatures } = validate(issue('Leaf', `D${length - 1}`, []), { intermediates: chain });
    expect(result.ok).toBe(true);
    expect(signatures).toBe(length + 1);
  }
});

test('many unknown extensions and policies are read once each', () => {
  const unknown = (count: number): Extension[] =>
    Array.from({ length: count }, (_, i) => ({
      extnID: `1.2.3.4.${i}`,
      critical: false,
      extnValue: Uint8Array.of(5, 0),
    }));
  expect(validate(issue('Leaf', 'Root', unknown(2000))).result.ok).toBe(true);
  const policies = Array.from({ length: 500 }, (_, i) => `1.2.${i}`);
  const carried = certificatePoliciesExtension(policies.map((policyIdentifier) => ({ policyIdentifier })));
  const mapped = policyMappingsExtension(
    policies.map((issuerDomainPolicy, i) => ({ issuerDomainPolicy, subjectDomainPolicy: `1.2.${(i + 1) % 500}` })),
  );
  const chain = Array.from({ length: 6 }, (_, i) =>
    issue(`P${i}`, i === 0 ? 'Root' : `P${i - 1}`, [cA, carried, mapped]),
  );
  const { result } = validate(issue('Leaf', 'P5', [carried]), { intermediates: chain });
  expect(result).toMatchObject({ ok: true, policies: expect.objectContaining({ length: 500 }) });
});

/** A subject whose one RDN has so many attributes. */
const oneLevelWith = (count: number): Certificate => {
  const rdn = Array.from({ length: count }, (_, i) => ({
    type: `2.5.4.${1000 + i}`,
    value: 'x',
    stringType: 'utf8String' as const,
  }));
  const key = toyKey('A');
  return parseCertificate(
    createCertificateSync(
      {
        serialNumber: 1n,
        issuer: toyName('A'),
        validity: { notBefore: 1000, notAfter: 2000 },
        subject: encodeName([rdn]),
        subjectPublicKeyInfo: key.subjectPublicKeyInfo,
        extensions: [],
      },
      key,
    ),
  );
};

test('each limit has its reason', () => {
  const many = issue('Leaf', 'A', [subjectAltNameExtension(dNSNames(900))]);
  const narrow = issue('A', 'Root', [cA, permitted(900)]);
  expect(validate(many, { intermediates: [narrow] }).result).toMatchObject({
    reason: 'NameComparisonBudgetExhausted',
    rule: 'limit',
  });
  expect(validate(many, { limits: { names: 100 } }).result).toMatchObject({ reason: 'TooManyNames' });
  expect(validate(oneLevelWith(1500)).result).toMatchObject({ reason: 'TooManyNames' });
  expect(validate(many, { limits: { certificateLength: 1000 } }).result).toMatchObject({
    reason: 'CertificateTooLarge',
  });
  expect(
    validate(issue('Leaf', 'A', []), { intermediates: [issue('A', 'Root')], limits: { depth: 2 } }).result,
  ).toMatchObject({
    reason: 'PathTooDeep',
  });
});
