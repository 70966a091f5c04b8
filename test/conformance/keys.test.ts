import { createHash } from 'node:crypto';
import { DerError } from '@mayfly/der';
import { KeysError } from '@mayfly/keys';
import { fromPkcs8 } from '@mayfly/keys/node';
import {
  encodePrivateKeyInfo,
  Pkcs8Error,
  type PrivateKeyInfo,
  parsePrivateKeyInfo,
  readCurvePrivateKey,
} from '@mayfly/pkcs8';
import { ecFromPrivateKeyInfo, ecToPrivateKeyInfo, encodeECPrivateKey, parseECPrivateKey } from '@mayfly/pkcs8/ec';
import { decryptPrivateKeyInfo } from '@mayfly/pkcs8/encrypted';
import { legacy } from '@mayfly/pkcs8/legacy';
import {
  encodeRSAPrivateKey,
  encodeRSAPublicKey,
  parseRSAPrivateKey,
  parseRSAPublicKey,
  rsaAlgorithm,
  rsaEncryption,
  rsaToPrivateKeyInfo,
} from '@mayfly/pkcs8/rsa';
import { encodeSubjectPublicKeyInfo, parseSubjectPublicKeyInfo } from '@mayfly/x509';
import { expect, test } from 'vitest';
import { bytesOf, type Case, isPresent, loadCases, loadDifferences, orMissing, unexpected } from './suite.js';

interface KeyCase extends Case {
  readonly type: 'pkcs8' | 'encryptedPkcs8' | 'sec1' | 'pkcs1' | 'pkcs1pub' | 'spki';
  readonly der: string;
  readonly password?: string;
  readonly facts?: { readonly spkiSha256: string; readonly alg?: string };
  readonly features?: readonly string[];
}

/** What reading gave: the bytes that encoding again gives, and the SubjectPublicKeyInfo where Mayfly can tell. */
interface Reading {
  readonly again?: Uint8Array;
  readonly subjectPublicKeyInfo?: Uint8Array;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const isRefusal = (error: unknown): error is DerError | Pkcs8Error | KeysError =>
  error instanceof DerError || error instanceof Pkcs8Error || error instanceof KeysError;

/** Whether the key is of an algorithm that signs here; of all others the container alone is read. */
const signs = ({ features = [], facts }: KeyCase): boolean =>
  !features.includes('other-alg') && ['rsaEncryption', 'id-ecPublicKey', 'ED25519'].includes(facts?.alg ?? '');

function publicKeyOf(one: KeyCase, info: PrivateKeyInfo): Uint8Array | undefined {
  if (!signs(one)) {
    if (info.privateKeyAlgorithm.algorithm.startsWith('1.3.101.')) readCurvePrivateKey(info);
    return undefined;
  }
  try {
    return fromPkcs8(encodePrivateKeyInfo(info)).subjectPublicKeyInfo;
  } catch (error) {
    // Moduli of 512 and 1024 bits do not sign, but are read.
    if (!(error instanceof KeysError) || info.privateKeyAlgorithm.algorithm !== rsaEncryption) throw error;
    const subjectPublicKey = encodeRSAPublicKey(parseRSAPrivateKey(info.privateKey));
    return encodeSubjectPublicKeyInfo({ algorithm: rsaAlgorithm(), subjectPublicKey });
  }
}

async function readCase(one: KeyCase): Promise<Reading> {
  const der = bytesOf(one.der);
  const reading = (again: Uint8Array, info: PrivateKeyInfo): Reading => {
    const subjectPublicKeyInfo = publicKeyOf(one, info);
    return { again, ...(subjectPublicKeyInfo && { subjectPublicKeyInfo }) };
  };
  switch (one.type) {
    case 'pkcs8': {
      const info = parsePrivateKeyInfo(der);
      return reading(encodePrivateKeyInfo(info), info);
    }
    case 'encryptedPkcs8': {
      const info = parsePrivateKeyInfo(await decryptPrivateKeyInfo(der, one.password ?? '', { legacy }));
      return reading(der, info);
    }
    case 'sec1': {
      const info = ecToPrivateKeyInfo(der);
      expect(sha256(ecFromPrivateKeyInfo(info))).toBe(sha256(der));
      return reading(encodeECPrivateKey(parseECPrivateKey(der)), info);
    }
    case 'pkcs1':
      return reading(encodeRSAPrivateKey(parseRSAPrivateKey(der)), rsaToPrivateKeyInfo(der));
    case 'pkcs1pub': {
      const subjectPublicKey = encodeRSAPublicKey(parseRSAPublicKey(der));
      const subjectPublicKeyInfo = encodeSubjectPublicKeyInfo({ algorithm: rsaAlgorithm(), subjectPublicKey });
      return { again: subjectPublicKey, subjectPublicKeyInfo };
    }
    case 'spki': {
      const again = encodeSubjectPublicKeyInfo(parseSubjectPublicKeyInfo(der));
      return { again, subjectPublicKeyInfo: again };
    }
  }
}

/** What is wrong with a case, if anything is. */
async function faultOf(one: KeyCase): Promise<string | undefined> {
  let reading: Reading;
  try {
    reading = await readCase(one);
  } catch (error) {
    if (!isRefusal(error)) return `not a typed refusal: ${error}`;
    return one.expect === 'accept' ? `${error.code} ${error.message}` : undefined;
  }
  if (one.expect === 'reject' && one.level !== 'strict') return 'accepted';
  if (one.expect !== 'accept') return undefined;
  if (reading.again !== undefined && sha256(reading.again) !== sha256(bytesOf(one.der))) return 'encodes otherwise';
  const { subjectPublicKeyInfo } = reading;
  if (subjectPublicKeyInfo !== undefined && sha256(subjectPublicKeyInfo) !== one.facts?.spkiSha256)
    return 'has another public key';
  return undefined;
}

for (const suite of ['keys', 'rfc9500-keys'])
  test.skipIf(!isPresent(suite))(`${suite}${orMissing(suite)}`, { timeout: 120_000 }, async () => {
    const failures = new Map<string, string>();
    for (const one of loadCases<KeyCase>(suite)) {
      const fault = await faultOf(one);
      if (fault !== undefined) failures.set(one.id, fault);
    }
    expect(unexpected(failures, loadDifferences(suite))).toEqual({ failures: [], passes: [] });
  });
