/** What is read from a stranger costs work in proportion to its size: octets that are looked at are counted, not seconds. */
import { describe, expect, test } from 'vitest';
import { counted } from '../testing/counted-octets.js';
import { issue } from '../testing/toy-chain.js';
import { parseCertificate } from './certificate.js';
import { encodeTBSCertList } from './crl/certificate-list.js';
import { indexCRL, parseCRL, type RevokedCertificate, revokedCertificates } from './crl.js';
import type { Extension } from './extension.js';
import {
  certificateIssuerExtension,
  invalidityDateExtension,
  issuingDistributionPointExtension,
  reasonCodeExtension,
  subjectAltName,
  subjectAltNameExtension,
} from './extensions.js';
import { lintCertificate, lintCRL } from './lint.js';
import { buildName, encodeName } from './name.js';
import { assemble } from './signed.js';

const issuer = encodeName(buildName({ commonName: 'CA' }));
const signature = { algorithm: '1.2.3' };
const listOf = (entries: readonly RevokedCertificate[], extensions: readonly Extension[] = []): Uint8Array => {
  const tbs = { signature, issuer, thisUpdate: 1000, nextUpdate: 2000, revokedCertificates: entries, extensions };
  return assemble({ tbs: encodeTBSCertList(tbs), signatureAlgorithm: signature, signatureValue: Uint8Array.of(1) });
};
const unknown = (count: number): readonly Extension[] =>
  Array.from({ length: count }, (_, i) => ({ extnID: `1.2.3.${i}`, critical: false, extnValue: Uint8Array.of(5, 0) }));
const entries = (
  count: number,
  entry: (i: number) => Partial<RevokedCertificate> = () => ({}),
): readonly RevokedCertificate[] =>
  Array.from({ length: count }, (_, i) => ({
    userCertificate: BigInt(i) * 0x9e3779b97f4a7c15n + 1n,
    revocationDate: 999,
    extensions: [],
    ...entry(i),
  }));
const indirect = [issuingDistributionPointExtension({ indirectCRL: true })];
const named = (i: number) =>
  certificateIssuerExtension([{ type: 'directoryName', value: encodeName(buildName({ commonName: `Issuer ${i}` })) }]);

/** Octets that are looked at by some work on a file. */
const looks = (file: Uint8Array, work: (octets: Uint8Array) => unknown): number => {
  const { octets, looks: count } = counted(file);
  work(octets);
  return count();
};

const indexed = (octets: Uint8Array) => indexCRL(parseCRL(octets));

describe('twice as much takes at most 2.3 times the work', () => {
  test.each<readonly [string, (count: number) => Uint8Array, (octets: Uint8Array) => unknown]>([
    ['entries of a list', (n) => listOf(entries(n)), parseCRL],
    [
      'entries with a reason',
      (n) => listOf(entries(n, () => ({ extensions: [reasonCodeExtension('keyCompromise')] }))),
      parseCRL,
    ],
    [
      'entries with other extensions',
      (n) => listOf(entries(n, (i) => ({ extensions: [invalidityDateExtension(i)] }))),
      parseCRL,
    ],
    ['entries with many extensions each', (n) => listOf(entries(n, () => ({ extensions: unknown(20) }))), parseCRL],
    ['extensions of one entry', (n) => listOf(entries(1, () => ({ extensions: unknown(n) }))), parseCRL],
    ['extensions of a list', (n) => listOf(entries(1), unknown(n)), parseCRL],
    ['entries one by one', (n) => listOf(entries(n)), (octets) => [...revokedCertificates(parseCRL(octets))]],
    ['entries in an index', (n) => listOf(entries(n)), indexed],
    [
      'entries that the index cannot tell apart at once',
      (n) => listOf(entries(n, (i) => ({ userCertificate: BigInt(i + 1) << 32n }))),
      indexed,
    ],
    ['entries with the same serial number', (n) => listOf(entries(n, () => ({ userCertificate: 7n }))), indexed],
    [
      'entries that name an issuer each',
      (n) =>
        listOf(
          entries(n, (i) => ({ extensions: [named(i)] })),
          indirect,
        ),
      indexed,
    ],
    [
      'entries below one issuer, all looked up',
      (n) =>
        listOf(
          entries(n, (i) => (i === 0 ? { extensions: [named(0)] } : {})),
          indirect,
        ),
      (octets) => {
        const list = indexed(octets);
        for (const { userCertificate } of entries(Math.round(octets.length / 25))) list.find(userCertificate);
      },
    ],
    ['extensions of a certificate', (n) => issue('Leaf', 'A', unknown(n)).der, parseCertificate],
    [
      'names of a certificate',
      (n) =>
        issue('Leaf', 'A', [
          subjectAltNameExtension(Array.from({ length: n }, (_, i) => ({ type: 'dNSName', value: `n${i}.example` }))),
        ]).der,
      (octets) => subjectAltName(parseCertificate(octets)),
    ],
    [
      'extensions of a certificate under the lints',
      (n) => issue('Leaf', 'A', unknown(n)).der,
      (octets) => lintCertificate(parseCertificate(octets)),
    ],
    ['entries of a list under the lints', (n) => listOf(entries(n)), (octets) => lintCRL(parseCRL(octets))],
  ])('%s', (_name, make, work) => {
    const counts = [125, 250, 500, 1000].map((count) => looks(make(count), work));
    for (let i = 1; i < counts.length; i++) expect(counts[i]! / counts[i - 1]!).toBeLessThanOrEqual(2.3);
  });

  test('one look-up among so many costs hardly more than among few', () => {
    const lookUp = (count: number): number => {
      const { octets, looks: count_ } = counted(listOf(entries(count)));
      const list = indexed(octets);
      const before = count_();
      for (const { userCertificate } of entries(100)) expect(list.find(userCertificate)).toHaveLength(1);
      return count_() - before;
    };
    expect(lookUp(4000) / lookUp(250)).toBeLessThanOrEqual(1.5);
  });
});
