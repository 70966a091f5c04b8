import { describe, expect, test } from 'vitest';
import { cA, issue, toyAlgorithms, toyKey, toyName, toySpki, verifyToy } from '../../testing/toy-chain.js';
import { type Certificate, parseCertificate } from '../certificate.js';
import { createCRLSync, indexCRL, parseCRL } from '../crl.js';
import type { Extension } from '../extension.js';
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  certificatePoliciesExtension,
  cRLNumberExtension,
  extKeyUsageExtension,
  keyPurposes,
  keyUsageExtension,
  nameConstraintsExtension,
  policyConstraintsExtension,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
} from '../extensions.js';
import { parseGeneralName } from '../general-name.js';
import { type PathOptions, type RevocationSource, TrustStore, validatePath, validatePathSync } from '../path.js';
import { withKnownKeys } from '../signed.js';

const aki = authorityKeyIdentifierExtension({ keyIdentifier: Uint8Array.of(1) });
const ski = subjectKeyIdentifierExtension(Uint8Array.of(1));
const san = (...names: readonly string[]) => subjectAltNameExtension(names.map(parseGeneralName));

const root = issue('Root', 'Root', [cA, ski]);
const authority = (...extensions: readonly Extension[]) => issue('A', 'Root', [cA, ski, aki, ...extensions]);
const leafOf = (...extensions: readonly Extension[]) => issue('Leaf', 'A', [aki, ...extensions]);

const validate = (leaf: Certificate, options: Partial<PathOptions> = {}) =>
  validatePathSync(leaf, {
    anchors: [root],
    intermediates: [authority()],
    at: 1500,
    algorithms: toyAlgorithms,
    ...options,
    verify: verifyToy,
  });
const reasonOf = (leaf: Certificate, options: Partial<PathOptions> = {}): string => {
  const result = validate(leaf, options);
  return result.ok ? 'ok' : result.reason;
};

describe('mode rfc5280', () => {
  test.each<[string, Certificate, Partial<PathOptions>, string]>([
    ['what conforms', leafOf(), {}, 'ok'],
    ['a leaf that does not tell the key of its issuer', issue('Leaf', 'A', []), {}, 'ExtensionMissing'],
    ['an authority that does not', leafOf(), { intermediates: [issue('A', 'Root', [cA, ski])] }, 'ExtensionMissing'],
    [
      'an authority without a name for its key',
      leafOf(),
      { intermediates: [issue('A', 'Root', [cA, aki])] },
      'ExtensionMissing',
    ],
    ['a root without one', leafOf(), { anchors: [issue('Root', 'Root')] }, 'ExtensionMissing'],
    [
      'an authority that is one uncritically',
      leafOf(),
      { intermediates: [issue('A', 'Root', [basicConstraintsExtension({ cA: true }, false), ski, aki])] },
      'ExtensionNotCritical',
    ],
    ['keyCertSign without cA', leafOf(keyUsageExtension(['keyCertSign'])), {}, 'KeyUsageForbidden'],
    ['an empty subject without names', issue('', 'A', [aki]), {}, 'ExtensionMissing'],
    ['an empty subject with uncritical names', issue('', 'A', [aki, san('DNS:a.example')]), {}, 'ExtensionNotCritical'],
    ['names in no syntax', leafOf(subjectAltNameExtension([{ type: 'dNSName', value: 'a_b' }])), {}, 'BadName'],
    [
      'name constraints in a leaf',
      leafOf(nameConstraintsExtension({ permittedSubtrees: [{ base: parseGeneralName('DNS:example') }] })),
      {},
      'ExtensionForbidden',
    ],
    [
      'uncritical name constraints',
      leafOf(),
      {
        intermediates: [
          authority(
            nameConstraintsExtension({ permittedSubtrees: [{ base: parseGeneralName('DNS:example') }] }, false),
          ),
        ],
      },
      'ExtensionNotCritical',
    ],
    [
      'uncritical policy constraints',
      leafOf(),
      { intermediates: [authority(policyConstraintsExtension({ inhibitPolicyMapping: 0 }, false))] },
      'ExtensionNotCritical',
    ],
    ['nothing of it in mode path', issue('Leaf', 'A', []), { mode: 'path', intermediates: [issue('A', 'Root')] }, 'ok'],
  ])('%s', (_name, leaf, options, expected) => {
    expect(reasonOf(leaf, options)).toBe(expected);
  });
});

describe('mode webpki', () => {
  const server = extKeyUsageExtension([keyPurposes.serverAuth]);
  const issuing = authority(keyUsageExtension(['keyCertSign']));
  const trusted = issue('Root', 'Root', [cA, ski, keyUsageExtension(['keyCertSign'])]);
  const named = (commonName: string, ...extensions: readonly Extension[]) =>
    issue(commonName, 'A', [aki, ...extensions]);
  test.each<[string, Certificate, string]>([
    ['what conforms', named('a.example', server, san('DNS:a.example')), 'ok'],
    [
      'a wildcard that covers the common name',
      named('a.example', server, san('DNS:*.example.org', 'DNS:a.example')),
      'ok',
    ],
    ['a common name that is no name', named('b.example', server, san('DNS:a.example')), 'BadName'],
    ['an address in another notation', named('0xC0A80101', server, san('IP:192.168.1.1')), 'BadName'],
    ['no purpose', named('a.example', san('DNS:a.example')), 'ExtensionMissing'],
    ['no names', named('a.example', server), 'ExtensionMissing'],
    ['names of another kind', named('a.example', server, san('DNS:a.example', 'URI:https://a.example')), 'BadName'],
    [
      'any purpose',
      named(
        'a.example',
        extKeyUsageExtension([keyPurposes.serverAuth, keyPurposes.anyExtendedKeyUsage]),
        san('DNS:a.example'),
      ),
      'ExtensionForbidden',
    ],
    ['an authority as leaf', named('a.example', cA, ski, server, san('DNS:a.example')), 'LeafIsCA'],
    [
      'critical names beside a subject',
      named('a.example', server, { ...san('DNS:a.example'), critical: true }),
      'ExtensionCritical',
    ],
  ])('%s', (_name, leaf, expected) => {
    expect(reasonOf(leaf, { mode: 'webpki', anchors: [trusted], intermediates: [issuing] })).toBe(expected);
  });
});

test('mode workload: no authorities, no policies, no long life', () => {
  const options = { mode: 'workload' } as const;
  expect(reasonOf(leafOf(san('URI:spiffe://example.org/web')), options)).toBe('ok');
  expect(reasonOf(leafOf(cA, ski), options)).toBe('LeafIsCA');
  const long = issue('Leaf', 'A', [aki], { notAfter: 1000 + 91 * 86_400 });
  expect(reasonOf(long, options)).toBe('LifetimeTooLong');
  expect(reasonOf(long, { ...options, maxLifetime: 100 * 86_400 })).toBe('ok');
  const constrained = authority(policyConstraintsExtension({ inhibitPolicyMapping: 0 }));
  expect(reasonOf(leafOf(), { ...options, intermediates: [constrained] })).toBe('ExtensionForbidden');
});

test('an anchor that is a name and a key, with constraints', () => {
  const anchor = { subject: toyName('Root'), subjectPublicKeyInfo: toySpki('Root') };
  const leaf = leafOf(san('DNS:a.example'));
  expect(validate(leaf, { anchors: [anchor] })).toMatchObject({ ok: true, anchor, chain: { length: 2 } });
  const only = (name: string) => ({ nameConstraints: { permittedSubtrees: [{ base: parseGeneralName(name) }] } });
  expect(reasonOf(leaf, { anchors: [{ ...anchor, ...only('DNS:example') }] })).toBe('ok');
  expect(reasonOf(leaf, { anchors: [{ ...anchor, ...only('DNS:test') }] })).toBe('NameNotPermitted');
  expect(reasonOf(leaf, { anchors: [{ ...anchor, pathLenConstraint: 0 }] })).toBe('PathLenExceeded');
  expect(reasonOf(leaf, { anchors: [{ ...anchor, subjectPublicKeyInfo: toySpki('Other') }] })).toBe('SignatureInvalid');
});

test('policies that are asked for', () => {
  const policies = (...oids: readonly string[]) =>
    certificatePoliciesExtension(oids.map((policyIdentifier) => ({ policyIdentifier })));
  const intermediates = [authority(policies('1.2.1', '1.2.2'))];
  const leaf = leafOf(policies('1.2.2', '1.2.3'));
  expect(validate(leaf, { intermediates })).toMatchObject({ ok: true, policies: ['1.2.2'] });
  const asked = (...initialPolicySet: string[]) => ({
    intermediates,
    policies: { initialPolicySet, requireExplicitPolicy: true },
  });
  expect(reasonOf(leaf, asked('1.2.2'))).toBe('ok');
  expect(reasonOf(leaf, asked('1.2.3'))).toBe('PolicyNotAcceptable');
  expect(reasonOf(leafOf(), asked('1.2.2'))).toBe('PolicyNotAcceptable');
});

describe('revocation', () => {
  const list = (issuer: string, serialNumbers: readonly bigint[], key = issuer) =>
    indexCRL(
      parseCRL(
        createCRLSync(
          {
            issuer: toyName(issuer),
            thisUpdate: 1400,
            nextUpdate: 1600,
            revocations: serialNumbers.map((serialNumber) => ({ serialNumber, revocationDate: 1400 })),
            extensions: [aki, cRLNumberExtension(1n)],
          },
          toyKey(key),
        ),
      ),
    );
  const leaf = leafOf();
  const issuing = authority();
  const asked = (
    mode: 'hard-fail' | 'soft-fail',
    ...crls: readonly ReturnType<typeof list>[]
  ): Partial<PathOptions> => ({
    intermediates: [issuing],
    revocation: { mode, crls },
  });

  test.each<[string, Partial<PathOptions>, string]>([
    ['lists of both authorities', asked('hard-fail', list('Root', []), list('A', [])), 'ok'],
    ['a revoked leaf', asked('soft-fail', list('Root', []), list('A', [leaf.serialNumber])), 'Revoked'],
    ['a revoked authority', asked('soft-fail', list('Root', [issuing.serialNumber]), list('A', [])), 'Revoked'],
    ['a list that is missing', asked('hard-fail', list('Root', [])), 'RevocationUnknown'],
    ['a list that is missing, passed', asked('soft-fail', list('Root', [])), 'ok'],
    ['a list of another key', asked('hard-fail', list('Root', []), list('A', [], 'Other')), 'RevocationUnknown'],
    ['nothing without being asked', { intermediates: [issuing] }, 'ok'],
  ])('%s', (_name, options, expected) => {
    expect(reasonOf(leaf, options)).toBe(expected);
  });

  test('sources are asked before lists, with the issuer of each certificate', async () => {
    const asked: string[] = [];
    const source: RevocationSource = ({ certificate, issuer }) => {
      asked.push(`${certificate.serialNumber === leaf.serialNumber ? 'leaf' : 'A'} by ${issuer.subject.length}`);
      return Promise.resolve({ status: 'good' });
    };
    const options = {
      anchors: [root],
      intermediates: [issuing],
      at: 1500,
      algorithms: toyAlgorithms,
      verify: verifyToy,
      revocation: { mode: 'hard-fail', sources: [source] },
    } as const;
    expect(await validatePath(leaf, options)).toMatchObject({ ok: true });
    expect(asked).toEqual([`A by ${root.subject.length}`, `leaf by ${issuing.subject.length}`]);
    expect(() => validatePathSync(leaf, options)).toThrow(TypeError);
  });
});

describe('a store of anchors', () => {
  test('remembers which key signed an authority, for each verifier by itself', () => {
    const anchors = new TrustStore([root]);
    let checked = 0;
    const verify: typeof verifyToy = (signed, key) => {
      checked++;
      return verifyToy(signed, key);
    };
    const options = { anchors, intermediates: [authority()], at: 1500, algorithms: toyAlgorithms } as const;
    for (let i = 0; i < 3; i++) expect(validatePathSync(leafOf(), { ...options, verify })).toMatchObject({ ok: true });
    expect(checked).toBe(2 + 1 + 1);
    expect(validatePathSync(leafOf(), { ...options, verify: () => false })).toMatchObject({
      reason: 'SignatureInvalid',
    });
    // Only what stood in an accepted path is remembered, and only by the very bytes.
    const forged = issue('A', 'Root', [cA, ski, aki], { issuerKey: 'Mallory' });
    expect(validatePathSync(leafOf(), { ...options, intermediates: [forged], verify })).toMatchObject({ ok: false });
  });

  test('does not mind what becomes of the input', () => {
    const anchors = new TrustStore([root]);
    const der = Uint8Array.from(authority().der);
    const options = { anchors, at: 1500, algorithms: toyAlgorithms, verify: verifyToy } as const;
    const again = parseCertificate(Uint8Array.from(der));
    expect(validatePathSync(leafOf(), { ...options, intermediates: [parseCertificate(der)] }).ok).toBe(true);
    der.fill(0);
    expect(validatePathSync(leafOf(), { ...options, intermediates: [again] }).ok).toBe(true);
  });

  test('remembers what was verified, whatever the input becomes while a verifier waits', async () => {
    const anchors = new TrustStore([root]);
    const buffer = Uint8Array.from(authority().der);
    const forged = issue('A', 'Root', [cA, ski, aki], { key: 'Evil', issuerKey: 'Evil' });
    const evil = Uint8Array.from(forged.der);
    const verify = async (...args: Parameters<typeof verifyToy>) => {
      const good = verifyToy(...args);
      await Promise.resolve();
      buffer.set(evil.subarray(0, buffer.length));
      return good;
    };
    const options = { anchors, at: 1500, algorithms: toyAlgorithms, verify } as const;
    await validatePath(leafOf(), { ...options, intermediates: [parseCertificate(buffer)] });
    const evilLeaf = issue('leaf', 'A', [aki], { issuerKey: 'Evil' });
    const after = await validatePath(evilLeaf, { ...options, intermediates: [forged] });
    expect(after).toMatchObject({ ok: false });
  });

  test('known keys are imported once', () => {
    let imported = 0;
    const verify = withKnownKeys(
      {
        verifier: (key) => {
          imported++;
          return (signed) => verifyToy(signed, key);
        },
      },
      { capacity: 4 },
    );
    const options = { anchors: [root], intermediates: [authority()], at: 1500, algorithms: toyAlgorithms, verify };
    for (let i = 0; i < 5; i++) expect(validatePathSync(leafOf(), options).ok).toBe(true);
    expect(imported).toBe(2);
  });
});

test('the refusal that tells most, and all that was tried', () => {
  const expired = issue('A', 'Root', [cA, ski, aki], { notAfter: 1499 });
  const wrong = issue('A', 'Root', [cA, ski, aki], { key: 'Wrong' });
  const result = validate(leafOf(), { intermediates: [wrong, expired], explain: true });
  expect(result).toMatchObject({
    ok: false,
    reason: 'Expired',
    certificate: { serialNumber: expired.serialNumber },
    chain: { length: 2 },
    attempt: {
      isAnchor: false,
      issuers: [{ fault: { reason: 'SignatureInvalid' } }, { fault: { reason: 'Expired' } }],
    },
  });
});

test('an algorithm that the verifier lacks is a refusal, its failure is thrown', () => {
  const throwing = (error: Error) => () => {
    throw error;
  };
  const lacking = Object.assign(new Error('no such algorithm'), { code: 'ERR_KEYS_UNSUPPORTED_ALGORITHM' });
  const options = { anchors: [root], intermediates: [authority()], at: 1500, algorithms: toyAlgorithms };
  expect(validatePathSync(leafOf(), { ...options, verify: throwing(lacking) })).toMatchObject({
    reason: 'SignatureUnverifiable',
    message: 'no such algorithm',
  });
  expect(() => validatePathSync(leafOf(), { ...options, verify: throwing(new Error('no connection')) })).toThrow(
    'no connection',
  );
});
