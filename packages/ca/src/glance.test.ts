import { encode, sequence } from '@mayfly/der';
import type { GeneralName } from '@mayfly/x509/general-name';
import { encodeName } from '@mayfly/x509/name';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keyPair, NOW, root, surroundings } from '../testing/authority.js';
import { isPlain } from './glance.js';
import {
  type CompiledProfile,
  compile,
  type IssuanceRequest,
  lint,
  type Prepared,
  type Profile,
  prepare,
} from './index.js';
import { arePlainNames } from './plain-names.js';
import { podClient, podPeer, spiffeWorkload, subCa } from './profiles.js';

const authority = keyPair();
const issuer = { certificate: root(authority.key), chain: [], key: authority.key };
const compiled = compile(podPeer(), issuer);
const dns = (value: string): GeneralName => ({ type: 'dNSName', value });
const uri = (value: string): GeneralName => ({ type: 'uniformResourceIdentifier', value });
const named = (...attributes: readonly (readonly [type: string, value: string])[]): Uint8Array =>
  encodeName(attributes.map(([type, value]) => [{ type, value, stringType: 'utf8String' }]));
const [COMMON_NAME, ORGANIZATION, LOCALITY] = ['2.5.4.3', '2.5.4.10', '2.5.4.7'];
const request: IssuanceRequest = {
  subjectPublicKeyInfo: keyPair().key.subjectPublicKeyInfo,
  subject: named([ORGANIZATION, 'Shop'], [COMMON_NAME, 'web']),
  subjectAltName: [dns('web.shop.svc'), uri('spiffe://example.org/ns/shop/sa/web')],
  lifetime: 3600,
};
const prepared = (change: Partial<IssuanceRequest> = {}, profile: Profile = podPeer()): Prepared =>
  prepare(compile(profile, issuer), { ...request, ...change }, surroundings());

/** What reads everything at length: nothing that was judged before ever stands in a certificate. */
function forgetful<C extends CompiledProfile>(of: C): C {
  const signature = { ...of.judged.parts.signature, der: Uint8Array.of(0xff) };
  return { ...of, judged: { ...of.judged, parts: { signature, extensions: [] } } };
}

describe('known at a glance', () => {
  const empty = encode(sequence());
  test.each<[string, Prepared, boolean, Profile?]>([
    ['a leaf with a subject, host names and a URI', prepared(), true],
    ['a leaf without a subject', prepared({ subject: empty }), true],
    ['a leaf without other names', prepared({ subjectAltName: [] }), true],
    [
      'a long list of names',
      prepared({ subjectAltName: Array.from({ length: 200 }, (_, i) => dns(`pod-${i}.svc`)) }),
      true,
    ],
    ['a label of 63 octets', prepared({ subjectAltName: [dns(`${'a'.repeat(63)}.svc`)] }), true],
    [
      'an empty subject where the profile wants it',
      prepared({}, podPeer({ subject: 'empty' })),
      true,
      podPeer({ subject: 'empty' }),
    ],
    ['a subject where the profile wants none', prepared(), false, podPeer({ subject: 'empty' })],
    ['neither subject nor other names', prepared({ subject: empty, subjectAltName: [] }), false],
    ['a label of 64 octets', prepared({ subjectAltName: [dns(`${'a'.repeat(64)}.svc`)] }), false],
    ['a name that is no host', prepared({ subjectAltName: [dns('-a.svc')] }), false],
    ['an address in disguise', prepared({ subjectAltName: [dns('10.0.0.1')] }), false],
    ['a wildcard, which lint takes', prepared({ subjectAltName: [dns('*.shop.svc')] }), false],
    ['a scheme alone', prepared({ subjectAltName: [uri('spiffe:')] }), false],
    [
      'an address, which lint takes',
      prepared({ subjectAltName: [{ type: 'iPAddress', value: new Uint8Array(4) }] }),
      false,
    ],
    ['letters beyond ASCII, which lint takes', prepared({ subject: named([COMMON_NAME, 'wéb']) }), false],
    ['65 characters', prepared({ subject: named([COMMON_NAME, 'a'.repeat(65)]) }), false],
    ['the leaf of another profile', prepared({}, podClient()), false],
    ['the leaf of a longer life', prepared({}), false, podPeer({ maxLifetime: 60 })],
    ['what reads more than its octets', prepared({}, spiffeWorkload()), false, spiffeWorkload()],
    ['a CA', prepared({ subjectAltName: [] }, subCa()), false, subCa()],
  ])('%s', (_name, leaf, expected, profile = podPeer()) => {
    expect(isPlain(compile(profile, issuer), leaf, NOW)).toBe(expected);
  });

  test.each([-1, 60, 301])('only at the time: %d s later than it begins', (later) => {
    const leaf = prepared();
    expect(isPlain(compiled, leaf, leaf.notBefore + later)).toBe(later === 60);
  });
});

test('not a leaf that names another algorithm than the key that signs now', () => {
  const signatureAlgorithm = { algorithm: '1.2.840.10045.4.3.3' };
  const renewed = { ...compiled, issuer: { ...issuer, key: { ...issuer.key, signatureAlgorithm } } };
  expect(isPlain(compiled, prepared(), NOW)).toBe(true);
  expect(isPlain(renewed, prepared(), NOW)).toBe(false);
  expect(lint(renewed, prepared(), NOW)?.rule).toBe('signature-algorithm');
});

test('as many names as are written, and not one more', () => {
  const name = Uint8Array.of(0x82, 3, ...new TextEncoder().encode('a.b'));
  const names = (count: number) => Uint8Array.from({ length: count * name.length }, (_, i) => name[i % name.length]!);
  const known = (count: number) => arePlainNames(names(count), 0, count * name.length);
  expect([known(1000), known(1001)]).toEqual([true, false]);
});

test('not a leaf that outlives its issuer', () => {
  const leaf = prepared();
  const until = (notAfter: number) => compile(podPeer(), { ...issuer, certificate: root(authority.key, notAfter) });
  expect(isPlain(until(leaf.notAfter), leaf, NOW)).toBe(true);
  expect(isPlain(until(leaf.notAfter - 1), leaf, NOW)).toBe(false);
});

test('whatever is known at a glance, lint finds nothing in when it reads it', () => {
  const text = fc.oneof(
    fc.stringMatching(/^[a-zA-Z0-9.*:/-]{0,70}$/),
    fc.stringMatching(/^[a-z]{1,9}(\.[a-z]{1,9}){0,3}$/),
    fc.stringMatching(/^[a-z][a-z0-9-]{0,9}(\.[a-z0-9-]{1,9}){0,3}$/),
    fc.stringMatching(/^[a-z]{1,6}:[!-~]{0,20}$/),
  );
  const alternative = text.map((value) => (value.includes(':') ? uri(value) : dns(value)));
  const type = fc.constantFrom(COMMON_NAME, ORGANIZATION, LOCALITY);
  const subject = fc
    .array(
      fc.tuple(type, fc.oneof({ weight: 5, arbitrary: text }, { weight: 1, arbitrary: fc.string({ maxLength: 70 }) })),
      { maxLength: 2 },
    )
    .map((attributes) => named(...attributes));
  const change = fc.option(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { freq: 1 });
  const reader = forgetful(compiled);
  let plain = 0;
  fc.assert(
    fc.property(fc.array(alternative, { maxLength: 2 }), subject, change, (subjectAltName, name, changed) => {
      const leaf = prepared({ subject: name, subjectAltName });
      const tbsCertificate = leaf.tbsCertificate.slice();
      if (changed !== null) tbsCertificate[changed[0] % tbsCertificate.length]! ^= changed[1];
      if (!isPlain(compiled, { ...leaf, tbsCertificate }, NOW)) return;
      plain++;
      expect(lint(reader, { ...leaf, tbsCertificate }, NOW)).toBeUndefined();
    }),
    { seed: 11, numRuns: 3000 },
  );
  expect(plain).toBeGreaterThan(300);
});
