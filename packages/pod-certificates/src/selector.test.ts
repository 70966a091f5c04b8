import { expect, test } from 'vitest';
import { type LabelSelector, matchesLabels } from './selector.js';

const labels = { track: 'live', tier: '' };

test.each<[string, LabelSelector | undefined, boolean]>([
  ['absent: nothing', undefined, false],
  ['empty: everything', {}, true],
  ['a label that is there', { matchLabels: { track: 'live' } }, true],
  ['a label with another value', { matchLabels: { track: 'old' } }, false],
  ['an empty value', { matchLabels: { tier: '' } }, true],
  ['an empty value of a label that is not there', { matchLabels: { zone: '' } }, false],
  ['a label of every object in JavaScript', { matchExpressions: [{ key: 'toString', operator: 'Exists' }] }, false],
  ['In', { matchExpressions: [{ key: 'track', operator: 'In', values: ['canary', 'live'] }] }, true],
  ['In, absent', { matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }, false],
  ['NotIn', { matchExpressions: [{ key: 'track', operator: 'NotIn', values: ['live'] }] }, false],
  ['NotIn, absent', { matchExpressions: [{ key: 'zone', operator: 'NotIn', values: ['a'] }] }, true],
  ['Exists', { matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, true],
  ['DoesNotExist', { matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] }, false],
  ['DoesNotExist, absent', { matchExpressions: [{ key: 'zone', operator: 'DoesNotExist', values: [] }] }, true],
  [
    'all parts at once',
    { matchLabels: { track: 'live' }, matchExpressions: [{ key: 'tier', operator: 'DoesNotExist' }] },
    false,
  ],
])('%s', (_name, selector, expected) => expect(matchesLabels(selector, labels)).toBe(expected));

test.each<[string, LabelSelector]>([
  ['In without values', { matchExpressions: [{ key: 'a', operator: 'In' }] }],
  ['Exists with values', { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] }],
])('refuses %s', (_name, selector) => expect(() => matchesLabels(selector, labels)).toThrow(RangeError));
