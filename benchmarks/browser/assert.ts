import { Buffer } from 'buffer';

/** Of node:assert/strict what the checks of the benchmarks use. */
const assert = {
  ok(value: unknown, message: unknown = 'not so'): asserts value {
    if (!value) throw new Error(`Cannot accept the result: ${String(message)}`);
  },
  equal: (actual: unknown, expected: unknown, message = ''): void =>
    assert.ok(Object.is(actual, expected), `${message} ${String(actual)} instead of ${String(expected)}`),
  deepEqual: (actual: unknown, expected: unknown): void => assert.equal(text(actual), text(expected)),
  match: (actual: string, pattern: RegExp): void => assert.ok(pattern.test(actual), `${actual} is not ${pattern}`),
};
export default assert;

/** Octets in hexadecimal, whatever array they are in. */
const text = (value: unknown): string =>
  JSON.stringify(value, (_, member) =>
    member instanceof Uint8Array
      ? Buffer.from(member).toString('hex')
      : typeof member === 'bigint'
        ? `${member}n`
        : member,
  );
