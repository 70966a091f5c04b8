import { equalBytes } from '@mayfly/der';
import { describe, expect, test } from 'vitest';
import { cA, issue, toyAlgorithms, toyKey, toySpki, verifyToy as verify } from '../testing/toy-chain.js';
import { type Certificate, parseCertificate } from './certificate.js';
import { createCertificateSync } from './create.js';
import type { Extension } from './extension.js';
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  extKeyUsageExtension,
  keyPurposes,
  keyUsageExtension,
  nameConstraintsExtension,
  policyConstraintsExtension,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
} from './extensions.js';
import { buildName, encodeName } from './name.js';
import { type PathOptions, validatePath } from './path.js';
import type { SyncVerifySignature } from './signed.js';

const root = issue('Root', 'Root');
const intermediate = issue('A', 'Root');
const leaf = issue('Leaf', 'A', []);
const validate = (one: Certificate, options: Partial<PathOptions> = {}) =>
  validatePath(one, {
    anchors: [root],
    intermediates: [intermediate],
    at: 1500,
    mode: 'path',
    algorithms: toyAlgorithms,
    verify,
    ...options,
  });

describe('accepts', () => {
  test.each<[string, Certificate, Partial<PathOptions>, readonly Certificate[]]>([
    ['a leaf below an intermediate', leaf, {}, [leaf, intermediate, root]],
    ['an anchor itself', root, {}, [root]],
    ['the first and the last second', leaf, { at: 1000 }, [leaf, intermediate, root]],
    ['the last second', leaf, { at: 2000 }, [leaf, intermediate, root]],
    ['an intermediate that is an anchor', leaf, { anchors: [intermediate], intermediates: [] }, [leaf, intermediate]],
    [
      'useless and duplicate intermediates',
      leaf,
      { intermediates: [issue('X', 'Root'), leaf, root, intermediate, intermediate] },
      [leaf, intermediate, root],
    ],
    [
      'an issuer of the same name and another key beside',
      leaf,
      { intermediates: [issue('A', 'Root', [cA], { key: 'B' }), intermediate] },
      [leaf, intermediate, root],
    ],
    ['names that match but are not the same', issue('Leaf', 'a', [], { issuerKey: 'A' }), {}, []],
  ])('%s', async (_name, one, options, chain) => {
    const result = await validate(one, options);
    if (!result.ok) throw new Error(result.message);
    if (chain.length > 0) expect(result.chain).toEqual(chain);
  });

  test('self-issued intermediates do not count against pathLenConstraint', async () => {
    const short = issue('A', 'Root', [basicConstraintsExtension({ cA: true, pathLenConstraint: 0 })], { key: 'old' });
    const rolledOver = issue('A', 'A', [cA], { key: 'A', issuerKey: 'old' });
    expect(await validate(leaf, { intermediates: [short, rolledOver] })).toMatchObject({ ok: true });
  });

  test('a purpose that is said, any purpose, and no purpose', async () => {
    for (const purposes of [[keyPurposes.clientAuth], [keyPurposes.anyExtendedKeyUsage]]) {
      const one = issue('Leaf', 'A', [extKeyUsageExtension(purposes)]);
      expect(await validate(one, { extKeyUsage: keyPurposes.clientAuth })).toMatchObject({ ok: true });
    }
    expect(await validate(leaf, { extKeyUsage: keyPurposes.clientAuth })).toMatchObject({ ok: true });
  });

  test('the key identifier that is asked for is tried first', async () => {
    const named = (byte: number) => subjectKeyIdentifierExtension(Uint8Array.of(byte));
    const right = issue('A', 'Root', [cA, named(1)]);
    const wrong = Array.from({ length: 20 }, (_, i) => issue('A', 'Root', [cA, named(2)], { key: `wrong ${i}` }));
    const one = issue('Leaf', 'A', [authorityKeyIdentifierExtension({ keyIdentifier: Uint8Array.of(1) })]);
    expect(await validate(one, { intermediates: [...wrong, right], limits: { signatures: 2 } })).toMatchObject({
      ok: true,
    });
  });
});

describe('refuses', () => {
  const deep = Array.from({ length: 8 }, (_, i) => issue(`D${i}`, i === 0 ? 'Root' : `D${i - 1}`));
  const withIssuer = (...extensions: readonly Extension[]): Partial<PathOptions> => ({
    intermediates: [issue('A', 'Root', extensions)],
  });

  test.each<[string, string, Certificate, Partial<PathOptions>]>([
    ['NotYetValid', 'a leaf before its time', leaf, { at: 999 }],
    ['Expired', 'a leaf after its time', leaf, { at: 2001 }],
    ['Expired', 'an expired intermediate', leaf, { intermediates: [issue('A', 'Root', [cA], { notAfter: 1499 })] }],
    ['Expired', 'an expired anchor', leaf, { anchors: [issue('Root', 'Root', [cA], { notAfter: 1499 })] }],
    ['IssuerNotFound', 'a missing intermediate', leaf, { intermediates: [] }],
    ['IssuerNotFound', 'a missing anchor', leaf, { anchors: [] }],
    ['IssuerNotFound', 'a self-signed leaf', issue('Self', 'Self'), { intermediates: [] }],
    ['SignatureInvalid', 'a signature of another key', issue('Leaf', 'A', [], { issuerKey: 'Other' }), {}],
    [
      'SignatureInvalid',
      'an anchor of the same name and another key',
      leaf,
      { anchors: [issue('Root', 'Root', [cA], { key: 'Other', issuerKey: 'Other' })] },
    ],
    ['IssuerNotCA', 'an issuer without basicConstraints', leaf, withIssuer()],
    ['IssuerNotCA', 'an issuer with cA FALSE', leaf, withIssuer(basicConstraintsExtension({ cA: false }))],
    ['IssuerNotCA', 'an anchor that is no authority', leaf, { anchors: [issue('Root', 'Root', [])] }],
    [
      'KeyCertSignMissing',
      'an issuer that may not sign certificates',
      leaf,
      withIssuer(cA, keyUsageExtension(['cRLSign'])),
    ],
    [
      'PathLenExceeded',
      'an intermediate too many',
      leaf,
      { anchors: [issue('Root', 'Root', [basicConstraintsExtension({ cA: true, pathLenConstraint: 0 })])] },
    ],
    [
      'PolicyNotAcceptable',
      'policy constraints of an issuer, critical or not',
      leaf,
      withIssuer(cA, { ...policyConstraintsExtension({ requireExplicitPolicy: 0 }), critical: false }),
    ],
    [
      'NameExcluded',
      'name constraints, critical or not',
      issue('Leaf', 'A', [subjectAltNameExtension([{ type: 'dNSName', value: 'a.example' }])]),
      withIssuer(
        cA,
        nameConstraintsExtension({ excludedSubtrees: [{ base: { type: 'dNSName', value: 'a.example' } }] }, false),
      ),
    ],
    [
      'UnhandledCriticalExtension',
      'a critical extension in the leaf',
      issue('Leaf', 'A', [{ extnID: '1.2.3.4', critical: true, extnValue: Uint8Array.of(5, 0) }]),
      {},
    ],
    [
      'UnhandledCriticalExtension',
      'a critical extension in an issuer',
      leaf,
      withIssuer(cA, { extnID: '1.2.3.4', critical: true, extnValue: Uint8Array.of(5, 0) }),
    ],
    [
      'ExtKeyUsageMismatch',
      'a leaf for another purpose',
      issue('Leaf', 'A', [extKeyUsageExtension([keyPurposes.serverAuth])]),
      { extKeyUsage: keyPurposes.clientAuth },
    ],
    [
      'ExtKeyUsageMismatch',
      'an issuer for another purpose',
      leaf,
      { ...withIssuer(cA, extKeyUsageExtension([keyPurposes.serverAuth])), extKeyUsage: keyPurposes.clientAuth },
    ],
    [
      'BadExtension',
      'a broken extension in the leaf',
      issue('Leaf', 'A', [{ extnID: '2.5.29.17', critical: false, extnValue: Uint8Array.of(0x30, 0) }]),
      {},
    ],
    [
      'BadExtension',
      'a broken extension in an issuer',
      leaf,
      withIssuer({ extnID: '2.5.29.19', critical: true, extnValue: Uint8Array.of(5, 0) }),
    ],
    ['PathTooDeep', 'nine certificates', issue('Leaf', 'D6', []), { intermediates: deep }],
  ])('%s: %s', async (reason, _name, one, options) => {
    const result = await validate(one, options);
    expect(result).toMatchObject({ ok: false, reason });
  });

  test('eight certificates are not too deep', async () => {
    expect(await validate(issue('Leaf', 'D5', []), { intermediates: deep })).toMatchObject({ ok: true });
  });

  test('a maze of cross-signed authorities costs no more than the budget', async () => {
    const names = Array.from({ length: 10 }, (_, i) => `M${i}`);
    const maze = names.flatMap((subject) => names.map((issuer) => issue(subject, issuer)));
    let checks = 0;
    const result = await validate(issue('Leaf', 'M0', []), {
      intermediates: maze,
      verify: (signed, spki) => {
        checks++;
        return verify(signed, spki);
      },
    });
    expect(result).toMatchObject({ ok: false, reason: 'CandidateBudgetExhausted' });
    expect(checks).toBeLessThanOrEqual(100);
  });

  test('a crowd under one name costs no more signatures than the budget', async () => {
    let checks = 0;
    const crowd = Array.from({ length: 101 }, (_, i) => issue('A', 'Root', [cA], { key: `wrong ${i}` }));
    const result = await validate(leaf, {
      intermediates: crowd,
      verify: () => {
        checks++;
        return false;
      },
    });
    expect(result).toMatchObject({ ok: false, reason: 'SignatureBudgetExhausted', rule: 'limit' });
    expect(checks).toBe(100);
  });

  test('two authorities that sign each other are visited once each', async () => {
    let checks = 0;
    const result = await validate(issue('Leaf', 'A', []), {
      intermediates: [issue('A', 'B'), issue('B', 'A')],
      verify: (signed, spki) => {
        checks++;
        return verify(signed, spki);
      },
    });
    expect(result).toMatchObject({ ok: false, reason: 'IssuerNotFound' });
    expect(checks).toBe(2);
  });

  test('what the verifier throws is thrown', async () => {
    const failing = () => Promise.reject(new Error('no such algorithm'));
    await expect(validate(leaf, { verify: failing })).rejects.toThrow('no such algorithm');
  });

  test('an issuer whose key cannot be judged by hides no other', async () => {
    const strange = issue('A', 'Root', [cA], { key: 'strange' });
    const picky: PathOptions['verify'] = (signed, spki) => {
      if (equalBytes(spki, toySpki('strange'))) throw new Error('no such key');
      return verify(signed, spki);
    };
    for (const intermediates of [
      [strange, intermediate],
      [intermediate, strange],
    ])
      expect(await validate(leaf, { intermediates, verify: picky })).toMatchObject({ ok: true });
    await expect(validate(leaf, { intermediates: [strange], verify: picky })).rejects.toThrow('no such key');
  });

  test.each([Number.NaN, 1500.5, undefined as unknown as number])('%s is no moment', async (at) => {
    await expect(validate(leaf, { at })).rejects.toThrow(RangeError);
  });

  test('a budget that is no number is none', async () => {
    await expect(validate(leaf, { limits: { signatures: Number.NaN } })).rejects.toThrow(RangeError);
  });
});

test('nobody is issued by somebody without a name', async () => {
  const contents = { validity: { notBefore: 1000, notAfter: 2000 }, subjectPublicKeyInfo: toySpki('Nobody') };
  const key = toyKey('Nobody');
  const nameless = encodeName([]);
  const make = (subject: Uint8Array, extensions: readonly Extension[]) =>
    parseCertificate(
      createCertificateSync({ ...contents, serialNumber: 1n, issuer: nameless, subject, extensions }, key),
    );
  const nobody = make(nameless, [cA]);
  const below = make(encodeName(buildName({ commonName: 'Leaf' })), []);
  expect(await validate(below, { anchors: [nobody] })).toMatchObject({ ok: false, reason: 'IssuerUnnamed' });
});

test('thousands of candidates that fail before a signature are not all looked at', async () => {
  const crowd = Array.from({ length: 1500 }, () => issue('A', 'Root', []));
  let checked = 0;
  const counting: SyncVerifySignature = (signed, spki) => {
    checked++;
    return verify(signed, spki);
  };
  const result = await validate(leaf, { intermediates: crowd, limits: { candidates: 1000 }, verify: counting });
  expect(result).toMatchObject({ ok: false, reason: 'CandidateBudgetExhausted' });
  expect(checked).toBe(0);
});
