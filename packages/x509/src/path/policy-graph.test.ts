import { describe, expect, test } from 'vitest';
import { anyPolicy } from '../extensions/certificate-policies.js';
import {
  addPolicies,
  initialPolicyGraph,
  mapPolicies,
  type PolicyGraph,
  userConstrainedPolicies,
} from './policy-graph.js';

const policy = (name: string): string => (name === 'any' ? anyPolicy : `1.2.${name}`);
const policies = (names: string): readonly string[] => (names === '' ? [] : names.split(' ').map(policy));

/** `1 2` are policies of a certificate, `1>3 2>3` its mappings, `none` no extension. */
function graphOf(...certificates: readonly string[]): PolicyGraph | undefined {
  let graph: PolicyGraph | undefined = initialPolicyGraph();
  for (const certificate of certificates) {
    const words = certificate.split(' ');
    const mappings = words.flatMap((word) => {
      const [issuerDomainPolicy, subjectDomainPolicy] = word.split('>');
      return subjectDomainPolicy === undefined
        ? []
        : [{ issuerDomainPolicy: policy(issuerDomainPolicy!), subjectDomainPolicy: policy(subjectDomainPolicy) }];
    });
    const own = words.filter((word) => !word.includes('>'));
    graph = graph && addPolicies(graph, own[0] === 'none' ? undefined : policies(own.join(' ')), true);
    graph = graph && (mappings.length > 0 ? mapPolicies(graph, mappings, true) : graph);
  }
  return graph;
}

describe('policies of a path', () => {
  test.each([
    ['one policy throughout', ['1', '1'], 'any', '1'],
    ['no policy in common', ['1', '2'], 'any', ''],
    ['no extension', ['1', 'none', '1'], 'any', ''],
    ['anyPolicy above', ['any', '1 2'], 'any', '1 2'],
    ['anyPolicy throughout', ['any', 'any'], 'any', 'any'],
    ['anyPolicy throughout, some wanted', ['any', 'any'], '1 2', '1 2'],
    ['anyPolicy below takes what was expected', ['1 2', 'any'], 'any', '1 2'],
    ['what is wanted', ['1 2', '1 2'], '2 3', '2'],
    ['a mapped policy goes by its first name', ['1 1>2', '2'], 'any', '1'],
    ['a mapped policy under its old name', ['1 1>2', '1'], 'any', ''],
    ['one mapped to two', ['1 1>2 1>3', '3'], 'any', '1'],
    ['two mapped to one', ['1 2 1>3 2>3', '3'], 'any', '1 2'],
    ['mapped twice', ['1 1>2', '2 2>3', '3'], 'any', '1'],
    ['mapped out of anyPolicy', ['any 1>2', '2'], 'any', '1'],
    ['mapped out of anyPolicy, and others still any', ['any 1>2', '2 5'], 'any', '1 5'],
    ['a mapping of what is not there', ['1 4>2', '2'], 'any', ''],
  ])('%s', (_name, certificates, wanted, expected) => {
    expect(userConstrainedPolicies(graphOf(...certificates), policies(wanted))).toEqual(policies(expected));
  });

  test('mapping that is forbidden drops the policy', () => {
    const graph = addPolicies(initialPolicyGraph(), policies('1 2'), true)!;
    const mapping = { issuerDomainPolicy: policy('1'), subjectDomainPolicy: policy('3') };
    const mapped = mapPolicies(graph, [mapping], false);
    expect(userConstrainedPolicies(mapped, policies('any'))).toEqual(policies('2'));
  });

  test('anyPolicy that does not count is nothing', () => {
    expect(addPolicies(initialPolicyGraph(), policies('any'), false)).toBeUndefined();
  });

  test('a path that doubles a tree at every certificate stays small', () => {
    // RFC 9618 §1: each policy maps to both of the next certificate.
    let graph: PolicyGraph | undefined = initialPolicyGraph();
    const mappings = ['1', '2'].flatMap((from) =>
      ['1', '2'].map((to) => ({ issuerDomainPolicy: policy(from), subjectDomainPolicy: policy(to) })),
    );
    for (let i = 0; i < 60; i++) {
      graph = graph && addPolicies(graph, policies('1 2'), true);
      graph = graph && mapPolicies(graph, mappings, true);
    }
    expect(graph?.levels.map((level) => level.size)).toEqual([1, ...Array.from({ length: 60 }, () => 2)]);
    expect(userConstrainedPolicies(graph, policies('any'))).toEqual(policies('1 2'));
  });
});
