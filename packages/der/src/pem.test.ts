import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeBase64, decodePem, encodeBase64, encodePem, parsePem } from './pem.js';

const block = '-----BEGIN X-----\nAAEC\n-----END X-----\n';

test('reads blocks with text around, any line length, CRLF, and headers', () => {
  const text = `Bag Attributes\n  friendlyName: web\n${block}then\r\n-----BEGIN EC PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-128-CBC,00\r\n\r\nAA\r\nEC\r\n-----END EC PRIVATE KEY-----`;
  expect(parsePem(text).map(({ label, line, headers, bytes }) => [label, line, headers, [...bytes]])).toEqual([
    ['X', 3, [], [0, 1, 2]],
    [
      'EC PRIVATE KEY',
      7,
      [
        ['Proc-Type', '4,ENCRYPTED'],
        ['DEK-Info', 'AES-128-CBC,00'],
      ],
      [0, 1, 2],
    ],
  ]);
});

describe('refuses', () => {
  test.each([
    ['a BEGIN without its END', '-----BEGIN X-----\nAAEC\n', 'ERR_PEM_BOUNDARY', 1],
    ['an END without its BEGIN', 'x\n-----END X-----\n', 'ERR_PEM_BOUNDARY', 2],
    ['another END', '-----BEGIN X-----\nAAEC\n-----END Y-----\n', 'ERR_PEM_BOUNDARY', 1],
    ['a BEGIN within a block', `-----BEGIN X-----\nAAEC\n${block}`, 'ERR_PEM_BOUNDARY', 1],
    ['a stranger in the base64', '-----BEGIN X-----\nAA!C\n-----END X-----\n', 'ERR_PEM_BASE64', 2],
    ['stray bits', '-----BEGIN X-----\nAAEC\nAB==\n-----END X-----\n', 'ERR_PEM_BASE64', 3],
    ['missing padding', '-----BEGIN X-----\nAA\n-----END X-----\n', 'ERR_PEM_BASE64', 2],
    ['padding in the middle', '-----BEGIN X-----\nAA==AAEC\n-----END X-----\n', 'ERR_PEM_BASE64', 2],
    ['too much padding', '-----BEGIN X-----\nAAEC====\n-----END X-----\n', 'ERR_PEM_BASE64', 2],
  ])('%s', (_name, text, code, line) => {
    expect(() => parsePem(text)).toThrow(expect.objectContaining({ code, line }));
  });
});

test('a line too long for a boundary is none, however it looks', () => {
  expect(parsePem(`-----BEGIN ${'A-'.repeat(10_000_000)}A-----\n${block}`)).toHaveLength(1);
});

test('decodePem wants a block, and the label asked for', () => {
  expect([...decodePem(block)]).toEqual([0, 1, 2]);
  expect(() => decodePem('')).toThrow(expect.objectContaining({ code: 'ERR_PEM_MISSING' }));
  expect(() => decodePem(block, 'Y')).toThrow(expect.objectContaining({ code: 'ERR_PEM_LABEL' }));
});

test('what is written comes back, and is what Node writes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
      expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
      expect(decodePem(encodePem('SOME DATA', bytes), 'SOME DATA')).toEqual(bytes);
    }),
    { seed: 7468, numRuns: 500 },
  );
});
