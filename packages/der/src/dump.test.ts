import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { dump, dumpLines } from './dump.js';
import { encode, fromHex, integer, octetString, raw, sequence } from './index.js';
import { decodePem } from './pem.js';

const pem = execFileSync(
  'openssl',
  ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-keyout', '/dev/null', '-days', '1', '-subj', '/CN=web'],
  { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
);

test('shows the elements that openssl asn1parse shows, at their places', () => {
  const der = decodePem(pem);
  const theirs = execFileSync('openssl', ['asn1parse', '-inform', 'PEM'], { input: pem, encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => Number(line.slice(0, line.indexOf(':'))));
  const ours = dumpLines(der).map(({ offset }) => offset);
  expect(theirs.filter((offset) => !ours.includes(offset))).toEqual([]);
});

test('looks into strings that carry DER, and not into those that do not', () => {
  expect(dump(fromHex('3008040330010004013106'.slice(0, 20)))).toBe(
    ['    0    10  SEQUENCE', '    2     5    OCTET STRING 300100', '    7     3    OCTET STRING 31'].join('\n'),
  );
});

test('looks into each string once, and not deeper than 32 levels', () => {
  let nested = sequence(integer(1));
  for (let level = 0; level < 1000; level++) nested = raw(encode(sequence(octetString(nested))));
  const lines = dumpLines(encode(nested));
  expect(lines.map(({ depth }) => depth)).toEqual(Array.from({ length: 32 }, (_, depth) => depth));
  expect(lines.at(-1)?.value).toMatch(/octets\)$/);
});
