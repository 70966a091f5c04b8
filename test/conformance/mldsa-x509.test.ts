/** Certificates and keys of ML-DSA that other implementations made. */
import { createHash } from 'node:crypto';
import { DerError } from '@mayfly/der';
import { KeysError } from '@mayfly/keys';
import { softwareKey, verifyWithMLDSA } from '@mayfly/keys/ml-dsa';
import { Pkcs8Error } from '@mayfly/pkcs8';
import { parseCertificate, parseSubjectPublicKeyInfo, signedParts, X509Error } from '@mayfly/x509';
import { expect, test } from 'vitest';
import { bytesOf, type Case, isPresent, loadCases, orMissing, unexpected } from './suite.js';

interface MLDSACase extends Case {
  readonly type: 'certificate' | 'pkcs8' | 'spki';
  readonly der: string;
  readonly selfSigned?: boolean;
  readonly facts?: { readonly spkiSha256?: string };
}

const suite = 'mldsa-x509';
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The SubjectPublicKeyInfo of a certificate or a key, with a signature by it verified. */
function read({ type, selfSigned }: MLDSACase, der: Uint8Array): Uint8Array {
  if (type === 'spki') {
    parseSubjectPublicKeyInfo(der);
    return der;
  }
  if (type === 'pkcs8') {
    const key = softwareKey(der);
    const tbs = Uint8Array.of(1, 2, 3);
    const { signatureAlgorithm, subjectPublicKeyInfo } = key;
    const signed = { tbs, signatureAlgorithm, signatureValue: key.sign(tbs) as Uint8Array };
    if (!verifyWithMLDSA(signed, subjectPublicKeyInfo)) throw new Error('What the key signs does not verify');
    return subjectPublicKeyInfo;
  }
  const certificate = parseCertificate(der);
  const { subjectPublicKeyInfo } = certificate;
  if (selfSigned && !verifyWithMLDSA(signedParts(certificate), subjectPublicKeyInfo))
    throw new Error('The certificate does not verify under its own key');
  return subjectPublicKeyInfo;
}

test.skipIf(!isPresent(suite))(`${suite}${orMissing(suite)}`, { timeout: 60_000 }, () => {
  const failures = new Map<string, string>();
  for (const one of loadCases<MLDSACase>(suite)) {
    let verdict: string;
    try {
      const spki = sha256(read(one, bytesOf(one.der)));
      verdict = (one.facts?.spkiSha256 ?? spki) === spki ? 'accept' : 'another public key';
    } catch (error) {
      if (
        !(
          error instanceof KeysError ||
          error instanceof Pkcs8Error ||
          error instanceof DerError ||
          error instanceof X509Error
        )
      )
        throw error;
      verdict = one.expect === 'reject' ? 'reject' : error.message;
    }
    if (verdict !== one.expect) failures.set(one.id, verdict);
  }
  expect(unexpected(failures, {})).toEqual({ failures: [], passes: [] });
});
