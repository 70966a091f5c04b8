import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { dump, dumpLines } from './dump.js';
import { fromHex } from './index.js';
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
