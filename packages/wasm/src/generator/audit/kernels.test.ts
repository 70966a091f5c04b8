import { describe, expect, test } from 'vitest';
import { kernels } from '../kernels.js';
import { declassifications, publicExports } from './policy.js';
import { audit } from './taint.js';

describe.each(kernels.flatMap((kernel) => [true, false].map((simd) => ({ ...kernel, simd }))))(
  'kernel $name, SIMD $simd',
  ({ name, build, simd }) => {
    const { bytes, functionNames } = build({ simd });
    const isPublic = publicExports.filter(({ kernel }) => kernel === name).flatMap(({ names }) => names);
    const listed = declassifications.filter(({ kernel }) => kernel === name);
    const options = { functionNames, publicExports: isPublic.includes('all') ? 'all' : isPublic } as const;
    const report = audit(bytes, options);

    test('no branch, address, shift, division or result depends on a secret', () => {
      expect(report.findings).toEqual([]);
    });

    test('nothing is made public but what the policy lists', () => {
      // commitMany is of the build with SIMD alone.
      const there = listed.filter(({ function: within }) => functionNames.includes(within));
      expect([...report.declassified].sort()).toEqual(
        there.map(({ function: within, count }) => [within, count]).sort(),
      );
      if (simd) expect(there).toEqual(listed);
    });

    test('every function is reached from an export', () => {
      expect(report.unreached).toEqual([]);
    });

    test('without the policy it would be found', () => {
      const blind = functionNames.map((each) => (each === 'declassify' ? 'identity' : each));
      const { findings } = audit(bytes, { functionNames: blind });
      const found = new Set(findings.map((each) => each.function));
      for (const { function: within } of listed) if (functionNames.includes(within)) expect(found).toContain(within);
      if (isPublic.length > 0) expect(findings).not.toEqual([]);
    });
  },
);
