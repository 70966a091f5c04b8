import { DerError } from '@mayfly/der';
import { Pkcs10Error, parseCertificationRequest } from '@mayfly/pkcs10';
import { type Certificate, inspectCertificate, parseCertificate, X509Error } from '@mayfly/x509';
import { indexCRL, parseCRL, revokedCertificates } from '@mayfly/x509/crl';
import { cRLNumber, reasonCode } from '@mayfly/x509/extensions';
import { formatDistinguishedName, parseName } from '@mayfly/x509/name';
import { describe, expect, test } from 'vitest';
import {
  type CertificateFacts,
  decodeEverything,
  decodeExtensions,
  disagreeing,
  extensionFacts,
  factsOf,
  nameFacts,
  rewritingDifferences,
  sha256,
} from './certificate-facts.js';
import { bytesOf, type Case, isPresent, loadCases, loadDifferences, orMissing, unexpected } from './suite.js';

interface ParseCase extends Case {
  readonly type: 'certificate' | 'csr' | 'crl';
  readonly der: string;
  readonly facts?: CertificateFacts;
}

/** What is wrong with the answer to a case; `undefined` when nothing is. Errors that are not ours are thrown. */
function judge(
  parse: (bytes: Uint8Array, facts: CertificateFacts) => readonly string[],
  one: ParseCase,
): string | undefined {
  let wrong: readonly string[];
  try {
    wrong = parse(bytesOf(one.der), one.facts ?? {});
  } catch (error) {
    if (!(error instanceof DerError || error instanceof X509Error || error instanceof Pkcs10Error)) throw error;
    return one.expect === 'accept' ? error.message : undefined;
  }
  if (one.expect === 'reject') return 'is accepted';
  return one.expect === 'accept' && wrong.length > 0 ? wrong.join('; ') : undefined;
}

/** Serial numbers that RFC 5280 forbids have a door of their own, for certificates that others made. */
function parse(bytes: Uint8Array): Certificate {
  try {
    return parseCertificate(bytes);
  } catch (error) {
    if (error instanceof X509Error && error.code === 'ERR_X509_SERIAL_NUMBER') return inspectCertificate(bytes);
    throw error;
  }
}

function certificate(bytes: Uint8Array, facts: CertificateFacts): readonly string[] {
  const parsed = parse(bytes);
  decodeEverything(parsed);
  return [...disagreeing(facts, factsOf(parsed)), ...rewritingDifferences(parsed)];
}

function request(
  bytes: Uint8Array,
  { signatureOk: _, ...facts }: CertificateFacts & { signatureOk?: boolean },
): readonly string[] {
  const parsed = parseCertificationRequest(bytes);
  formatDistinguishedName(parseName(parsed.subject));
  decodeExtensions(parsed);
  return disagreeing(facts, {
    ...nameFacts(parsed),
    extensions: extensionFacts(parsed),
    spkiSha256: sha256(parsed.subjectPublicKeyInfo),
    subjectSha256: sha256(parsed.subject),
    tbsSha256: sha256(parsed.certificationRequestInfo),
    sigAlg: parsed.signatureAlgorithm.algorithm,
  });
}

/** What the suite says of lists, and that looking up finds what reading finds. */
function list(bytes: Uint8Array, facts: CertificateFacts): readonly string[] {
  const parsed = parseCRL(bytes);
  formatDistinguishedName(parseName(parsed.issuer));
  decodeExtensions(parsed);
  const index = indexCRL(parsed);
  const lost = Array.from(revokedCertificates(parsed)).filter((entry) => {
    reasonCode(entry);
    return !index.find(entry.userCertificate).some((found) => found.revocationDate === entry.revocationDate);
  });
  const number = cRLNumber(parsed);
  const found = {
    issuerSha256: sha256(parsed.issuer),
    tbsSha256: sha256(parsed.tbsCertList),
    sigAlg: parsed.signatureAlgorithm.algorithm,
    thisUpdate: parsed.thisUpdate,
    nextUpdate: parsed.nextUpdate ?? null,
    revoked: parsed.entries.count,
    crlNumber: number?.toString(16) ?? null,
  };
  return [...disagreeing(facts, found as CertificateFacts), ...(lost.length > 0 ? ['entries are not found'] : [])];
}

describe.each(['x509-parse', 'mozilla-roots', 'fuzz-gnutls-certs'])('%s', (suite) => {
  test.skipIf(!isPresent(suite))(`certificates and requests${orMissing(suite)}`, () => {
    const failures = new Map<string, string>();
    for (const one of loadCases<ParseCase>(suite)) {
      if (one.type === 'crl') continue;
      const state = judge(one.type === 'certificate' ? certificate : request, one);
      if (state !== undefined) failures.set(one.id, state);
    }
    expect(unexpected(failures, loadDifferences(suite))).toEqual({ failures: [], passes: [] });
  });

  test.skipIf(!isPresent(suite))(`revocation lists${orMissing(suite)}`, () => {
    const failures = new Map<string, string>();
    for (const one of loadCases<ParseCase>(suite)) {
      if (one.type !== 'crl') continue;
      const state = judge(list, one);
      if (state !== undefined) failures.set(one.id, state);
    }
    expect(unexpected(failures, {})).toEqual({ failures: [], passes: [] });
  });
});
