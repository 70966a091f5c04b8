import { parseCertificate } from '@mayfly/x509';
import { expect, test } from 'vitest';
import { unsignedCertificate } from '../testing/index.js';
import { encodeAuthorities, parseAuthorities } from './state.js';
import type { Authority } from './succession.js';

const authority: Authority = {
  certificate: parseCertificate(unsignedCertificate({ notBefore: 1000, notAfter: 9999 }, 7n)),
  state: 'active',
  since: 1200,
  lastLeafNotAfter: 5000,
};

test('reads what it wrote', () => {
  const all = [authority, { ...authority, state: 'retiring' } as const];
  expect(parseAuthorities(encodeAuthorities(all))).toEqual(all);
  expect(parseAuthorities(encodeAuthorities([]))).toEqual([]);
});

const altered = (change: object) => {
  const state = JSON.parse(encodeAuthorities([authority]));
  return JSON.stringify({ ...state, authorities: [{ ...state.authorities[0], ...change }] });
};
test.each([
  ['no JSON', '{', 'the text'],
  ['another version', '{"version":2,"authorities":[]}', 'version'],
  ['no list', '{"version":1}', 'authorities'],
  ['no object', '{"version":1,"authorities":[5]}', 'authorities[0]'],
  ['an unknown state', altered({ state: 'lost' }), 'authorities[0].state'],
  ['half a second', altered({ since: 1.5 }), 'authorities[0].since'],
  ['no last leaf', altered({ lastLeafNotAfter: null }), 'authorities[0].lastLeafNotAfter'],
  ['no certificate', altered({ certificate: 5 }), 'authorities[0].certificate'],
  ['a broken certificate', altered({ certificate: 'x' }), 'authorities[0].certificate'],
  ['two active', encodeAuthorities([authority, authority]), 'authorities'],
])('refuses %s', (_name, json, place) => {
  expect(() => parseAuthorities(json)).toThrow(
    expect.objectContaining({
      code: 'ERR_ROTATION_STATE',
      message: expect.stringMatching(
        new RegExp(`^Cannot read the authorities at ${place.replaceAll(/[[\]]/g, '\\$&')}: `),
      ),
    }),
  );
});
