import { DerError } from '@mayfly/der';
import { X509Error } from '@mayfly/x509';
import { type Name, namesMatch, parseName, withinSubtree } from '@mayfly/x509/name';
import { expect, test } from 'vitest';
import { bytesOf, type Case, isPresent, loadCases, loadDifferences, orMissing, unexpected } from './suite.js';

interface NameCase extends Case {
  readonly op: 'match' | 'subtree';
  readonly a: string;
  readonly b: string;
}

/** Malformed names match nothing, themselves included. */
function answer({ op, a, b }: NameCase): boolean {
  let names: readonly [Name, Name];
  try {
    names = [parseName(bytesOf(a)), parseName(bytesOf(b))];
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return false;
    throw error;
  }
  return op === 'match' ? namesMatch(...names) : withinSubtree(...names);
}

test.skipIf(!isPresent('name-match'))(`name-match${orMissing('name-match')}`, () => {
  const failures = new Map<string, string>();
  for (const one of loadCases<NameCase>('name-match')) {
    const found = answer(one);
    if (one.expect !== 'any' && found !== (one.expect === 'accept')) failures.set(one.id, `${one.op} is ${found}`);
  }
  expect(unexpected(failures, loadDifferences('name-match'))).toEqual({ failures: [], passes: [] });
});
