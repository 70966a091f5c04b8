import { describe, expect, test } from 'vitest';
import { cA, issue, toyAlgorithms, toyKey, toyName, verifyToy } from '../../testing/toy-chain.js';
import { createCRLSync, indexCRL, parseCRL } from '../crl.js';
import {
  authorityKeyIdentifierExtension,
  cRLNumberExtension,
  extKeyUsageExtension,
  keyPurposes,
  keyUsageExtension,
  subjectKeyIdentifierExtension,
} from '../extensions.js';
import type { Certificate, Extension } from '../index.js';
import { type RevocationOptions, type RevocationSource, validatePath, validatePathSync } from '../path.js';

const aki = authorityKeyIdentifierExtension({ keyIdentifier: Uint8Array.of(1) });
const authority = [
  cA,
  keyUsageExtension(['keyCertSign', 'cRLSign']),
  subjectKeyIdentifierExtension(Uint8Array.of(1)),
  aki,
];
const forLists = [keyUsageExtension(['cRLSign']), aki];
const root = issue('Root', 'Root', authority);
const ca = issue('CA', 'Root', authority);
const leaf = issue('leaf', 'CA', [aki]);

/** A list in the name of an issuer, signed by the key of that name unless another one is given. */
const list = (issuer: string, revoked: readonly Certificate[], thisUpdate = 1400, key = issuer) =>
  indexCRL(
    parseCRL(
      createCRLSync(
        {
          issuer: toyName(issuer),
          thisUpdate,
          nextUpdate: 1900,
          revocations: revoked.map(({ serialNumber }) => ({
            serialNumber,
            revocationDate: 1300,
            reason: 'keyCompromise',
          })),
          extensions: [aki, cRLNumberExtension(1n)],
        },
        toyKey(key),
      ),
    ),
  );
const rootList = list('Root', []);

const options = { anchors: [root], at: 1500, algorithms: toyAlgorithms, verify: verifyToy } as const;
const validate = (
  intermediates: readonly Certificate[],
  revocation: Omit<RevocationOptions, 'mode'>,
  more: { readonly extKeyUsage?: string } = {},
  of = leaf,
) => validatePathSync(of, { ...options, intermediates, revocation: { mode: 'hard-fail', ...revocation }, ...more });
const revoked = { ok: false, reason: 'Revoked' };

describe('who speaks of whom', () => {
  const signer = issue('CA', 'CA', forLists, { key: 'list key' });

  test('a second key of the issuer may sign its lists', () => {
    const crls = [rootList, list('CA', []), list('CA', [], 1450, 'list key')];
    expect(validate([ca, signer], { crls })).toMatchObject({ ok: true });
    expect(validate([ca, signer], { crls: [rootList, list('CA', [leaf], 1450, 'list key')] })).toMatchObject(revoked);
  });

  test('a revoked signer of lists clears neither itself nor others', () => {
    const thief = list('CA', [], 1450, 'list key');
    expect(validate([ca, signer], { crls: [rootList, list('CA', [signer, leaf]), thief] })).toMatchObject(revoked);
    expect(validate([ca, signer], { crls: [rootList, list('CA', [signer]), thief] }, {}, signer)).toMatchObject(
      revoked,
    );
  });

  test('a namesake below the same anchor takes back nothing that the issuer revoked', () => {
    const evil = issue('Evil', 'Root', authority);
    const namesake = issue('CA', 'Evil', forLists, { key: 'namesake' });
    const crls = [rootList, list('Evil', []), list('CA', [leaf]), list('CA', [], 1450, 'namesake')];
    expect(validate([ca, evil, namesake], { crls })).toMatchObject(revoked);
  });

  test('what signers of lists need not have, authorities on the path still must', () => {
    const { serverAuth, emailProtection } = keyPurposes;
    const purpose = (oid: string): Extension => extKeyUsageExtension([oid]);
    const gone = issue('A', 'Root', authority, { key: 'A' });
    const mail = issue('A', 'Root', [...authority, purpose(emailProtection)], { key: 'A' });
    const server = issue('server', 'A', [aki, purpose(serverAuth)], { issuerKey: 'A' });
    const decoy = issue('Root', 'A', forLists, { key: 'decoy' });
    const crls = [list('A', [decoy]), list('Root', [gone]), list('Root', [], 1450, 'decoy')];
    const result = validate([gone, mail, decoy], { crls }, { extKeyUsage: serverAuth }, server);
    expect(result.ok).toBe(false);
  });
});

describe('sources', () => {
  test('are asked once for each certificate and key, however many paths there are', () => {
    const many = (subject: string, issuer: string) =>
      Array.from({ length: 6 }, () => issue(subject, issuer, authority));
    const intermediates = [...many('A', 'Root'), ...many('B', 'A'), ...many('C', 'B')];
    const asked = new Map<Certificate, number>();
    const source: RevocationSource = ({ certificate }) => {
      asked.set(certificate, (asked.get(certificate) ?? 0) + 1);
      return { status: 'unknown', reason: 'CRLNotFound', message: 'nothing' };
    };
    expect(validate(intermediates, { sources: [source] }, {}, issue('leaf', 'C', [aki]))).toMatchObject({
      reason: 'RevocationUnknown',
    });
    expect(Math.max(...asked.values())).toBe(1);
  });

  test('may answer with a promise of their own kind', async () => {
    const status = { status: 'revoked', revocationDate: 1300, reason: 'keyCompromise' } as const;
    // biome-ignore lint/suspicious/noThenProperty: that is what libraries have
    const thenable = { then: (resolve: (value: typeof status) => void) => resolve(status) };
    const source = (() => thenable) as unknown as RevocationSource;
    const revocation = { mode: 'soft-fail', sources: [source] } as const;
    await expect(validatePath(leaf, { ...options, intermediates: [ca], revocation })).resolves.toMatchObject(revoked);
  });

  test('answer with one of three words', () => {
    const source = (() => ({})) as unknown as RevocationSource;
    expect(() => validate([ca], { sources: [source] })).toThrow(TypeError);
  });

  test.each([Number.NaN, -1])('a maxAge of %s is none', (maxAge) => {
    expect(() => validate([ca], { crls: [rootList], maxAge })).toThrow(RangeError);
  });
});
