import { describe, expect, test } from 'vitest';
import { kernels } from '../kernels.js';
import { declassifications, publicExports } from './policy.js';
import { audit } from './taint.js';

test('the policy speaks of kernels that there are', () => {
  const names = new Set(kernels.map(({ name }) => name));
  expect([...publicExports, ...declassifications].filter(({ kernel }) => !names.has(kernel))).toEqual([]);
});

describe.each(kernels.flatMap((kernel) => [true, false].map((simd) => ({ ...kernel, simd }))))(
  'kernel $name, SIMD $simd',
  ({ name, build, simd }) => {
    const { bytes, functionNames } = build({ simd });
    const isPublic = publicExports.filter(({ kernel }) => kernel === name).map((entry) => entry.name);
    const report = audit(bytes, { functionNames, publicExports: isPublic });

    test('no branch, address, shift or division depends on a secret', () => {
      expect(report.findings).toEqual([]);
    });

    test('nothing is made public but what the policy lists', () => {
      const listed = declassifications.filter(({ kernel }) => kernel === name);
      expect([...report.declassified].sort()).toEqual(
        listed.map(({ function: within, count }) => [within, count]).sort(),
      );
    });

    test('every function is reached from an export', () => {
      expect(report.unreached).toEqual([]);
    });
  },
);
