import type { PathOptions } from '@mayfly/x509/path';
import { expect, test } from 'vitest';
import { answer, type ChainCase, poolOf, withDSA } from './chains.js';
import { isPresent, loadDifferences, loadFile, orMissing, unexpected } from './suite.js';

/** What a suite is asked with, beside what its cases say. */
const SUITES: Readonly<Record<string, Partial<PathOptions>>> = {
  'x509-limbo': {},
  // The certificates of PKITS keep to RFC 3280, whose policyConstraints need not be critical.
  pkits: { mode: 'path', algorithms: withDSA },
  'openssl-verify': { mode: 'path', constrainCommonName: true },
};

for (const [suite, options] of Object.entries(SUITES))
  test.skipIf(!isPresent(suite))(`${suite}${orMissing(suite)}`, { timeout: 60_000 }, () => {
    const { pool: octets, cases } = loadFile<ChainCase>(suite);
    const pool = poolOf(octets);
    const failures = new Map<string, string>();
    for (const one of cases) {
      const { accepted, state, policies } = answer(
        one,
        pool,
        one.features?.includes('strict') ? { ...options, mode: 'rfc5280' } : options,
      );
      if (accepted !== (one.expect === 'accept')) failures.set(one.id, state);
      else if (
        accepted &&
        one.expectPolicies !== undefined &&
        policies?.join() !== [...one.expectPolicies].sort().join()
      )
        failures.set(one.id, `policies are ${policies}, not ${one.expectPolicies}`);
    }
    expect(unexpected(failures, loadDifferences(suite))).toEqual({ failures: [], passes: [] });
  });
