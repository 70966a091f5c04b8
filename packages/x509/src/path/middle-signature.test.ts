import { describe, expect, test } from 'vitest';
import { cA, issue, toyAlgorithms, toySpki, verifyToy } from '../../testing/toy-chain.js';
import { type Certificate, parseCertificate } from '../certificate.js';
import {
  authorityKeyIdentifierExtension,
  extKeyUsageExtension,
  keyPurposes,
  keyUsageExtension,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
} from '../extensions.js';
import { parseGeneralName } from '../general-name.js';
import { type PathMode, TrustStore, validatePath, validatePathSync } from '../path.js';
import { type SyncVerifySignature, withKnownKeys } from '../signed.js';

const aki = authorityKeyIdentifierExtension({ keyIdentifier: Uint8Array.of(1) });
const ski = subjectKeyIdentifierExtension(Uint8Array.of(1));
const signs = keyUsageExtension(['keyCertSign']);
const authority = [cA, ski, aki, signs];
const root = issue('Root', 'Root', [cA, ski, signs]);
const upper = issue('Upper', 'Root', authority);
const lower = issue('Lower', 'Upper', authority);
const leaf = issue('a.example', 'Lower', [
  ...[aki, extKeyUsageExtension([keyPurposes.serverAuth])],
  subjectAltNameExtension([parseGeneralName('DNS:a.example')]),
]);

/** The same certificate with the last octet of its signature changed: nothing else tells it from the genuine one. */
const withBrokenSignature = ({ der }: Certificate): Certificate =>
  parseCertificate(der.map((octet, i) => (i === der.length - 1 ? octet ^ 1 : octet)));
const faults: readonly (readonly [string, readonly Certificate[]])[] = [
  ['the upper signature is broken', [withBrokenSignature(upper), lower]],
  ['the lower signature is broken', [upper, withBrokenSignature(lower)]],
  ['both are', [withBrokenSignature(upper), withBrokenSignature(lower)]],
  ['the upper one is by another key', [issue('Upper', 'Root', authority, { issuerKey: 'Mallory' }), lower]],
  ['the lower one is by another key', [upper, issue('Lower', 'Upper', authority, { issuerKey: 'Mallory' })]],
  ['the lower one is by itself', [upper, issue('Lower', 'Upper', authority, { issuerKey: 'Lower' })]],
];
const modes: readonly PathMode[] = ['rfc5280', 'webpki', 'workload', 'path'];

/** A verifier whose keys are known, and a store that has accepted the genuine path in every mode before. */
function warm(): { readonly anchors: TrustStore; readonly verify: SyncVerifySignature } {
  const anchors = new TrustStore([root]);
  const verify = withKnownKeys({ verifier: (key) => (signed) => verifyToy(signed, key) });
  for (const mode of modes)
    for (const intermediates of [
      [upper, lower],
      [lower, upper],
    ])
      expect(
        validatePathSync(leaf, { anchors, intermediates, mode, at: 1500, algorithms: toyAlgorithms, verify }),
      ).toMatchObject({ ok: true, chain: { length: 4 } });
  return { anchors, verify };
}

describe.each(modes)('mode %s', (mode) => {
  const common = { mode, at: 1500, algorithms: toyAlgorithms } as const;

  test.each(faults)('refuses a path where %s', async (_name, intermediates) => {
    const known = warm();
    for (const [anchors, verify] of [
      [[root], verifyToy],
      [known.anchors, known.verify],
      [known.anchors, verifyToy],
    ] as const) {
      const options = { ...common, anchors, intermediates, verify };
      expect(validatePathSync(leaf, options)).toMatchObject({ ok: false, reason: 'SignatureInvalid' });
      const later = await validatePath(leaf, { ...options, verify: (...args) => Promise.resolve(verify(...args)) });
      expect(later).toMatchObject({ ok: false, reason: 'SignatureInvalid' });
    }
  });

  test('finds the genuine path among the others, and no other', () => {
    const known = warm();
    const intermediates = [...faults.flatMap(([, two]) => two), upper, lower].filter(
      (one) => one !== upper && one !== lower,
    );
    expect(validatePathSync(leaf, { ...common, ...known, intermediates })).toMatchObject({ ok: false });
    expect(
      validatePathSync(leaf, { ...common, ...known, intermediates: [...intermediates, upper, lower] }),
    ).toMatchObject({
      ok: true,
      chain: [leaf.der, lower.der, upper.der, root.der].map((der) => ({ der })),
    });
  });

  test('verifies every signature of a path that it has not seen before', () => {
    const signed: Uint8Array[] = [];
    const verify: SyncVerifySignature = (parts, key) => {
      signed.push(parts.tbs);
      return verifyToy(parts, key);
    };
    expect(validatePathSync(leaf, { ...common, anchors: [root], intermediates: [upper, lower], verify }).ok).toBe(true);
    expect(signed).toEqual([leaf, lower, upper].map(({ tbsCertificate }) => tbsCertificate));
  });

  test('trusts no key below an authority that a name and a key stand for', () => {
    const anchors = [{ subject: root.subject, subjectPublicKeyInfo: toySpki('Root') }];
    for (const [, intermediates] of faults)
      expect(validatePathSync(leaf, { ...common, anchors, intermediates, verify: verifyToy })).toMatchObject({
        reason: 'SignatureInvalid',
      });
  });
});
