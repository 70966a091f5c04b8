import { DerError, encode } from '@mayfly/der';
import { KeysError } from '@mayfly/keys';
import { fromPkcs8 } from '@mayfly/keys/node';
import { encodePrivateKeyInfo, Pkcs8Error, parsePrivateKeyInfo } from '@mayfly/pkcs8';
import { ecToPrivateKeyInfo } from '@mayfly/pkcs8/ec';
import { parseEncryptedPrivateKeyInfo } from '@mayfly/pkcs8/encrypted';
import { parsePbes2 } from '@mayfly/pkcs8/pbes2';
import {
  encodeRSAPublicKey,
  readRSAPrivateKeyInfo,
  rsaAlgorithm,
  rsaEncryption,
  rsaToPrivateKeyInfo,
} from '@mayfly/pkcs8/rsa';
import { type AlgorithmIdentifier, subjectPublicKeyInfoNode } from '@mayfly/x509';
import { oidText } from '@mayfly/x509/oid-names';
import { type Facts, facts } from './description.js';
import { publicKeyFacts } from './public-key.js';

/** The forms of a private key by the labels of their PEM blocks. */
export type PrivateKeyForm = 'PRIVATE KEY' | 'EC PRIVATE KEY' | 'RSA PRIVATE KEY';

/**
 * What may be told of a private key: its kind, its form and its public half. No fact holds octets of the key.
 * @throws {@link DerError}, {@link Pkcs8Error} when it cannot be read; nothing in their messages is of the key.
 */
export function privateKeyFacts(der: Uint8Array, form: PrivateKeyForm): Facts {
  const privateKeyInfo = toPrivateKeyInfo(der, form);
  try {
    const { privateKeyAlgorithm } = parsePrivateKeyInfo(privateKeyInfo);
    const { subjectPublicKeyInfo, fault } = publicHalf(privateKeyInfo);
    return facts({
      form: forms[form],
      algorithm: oidText(privateKeyAlgorithm.algorithm),
      fault,
      subjectPublicKeyInfo: subjectPublicKeyInfo && publicKeyFacts(subjectPublicKeyInfo),
      privateKey: 'not shown',
    });
  } finally {
    privateKeyInfo.fill(0);
  }
}

const forms: Readonly<Record<PrivateKeyForm, string>> = {
  'PRIVATE KEY': 'PKCS#8 (RFC 5958)',
  'EC PRIVATE KEY': 'SEC 1 (RFC 5915)',
  'RSA PRIVATE KEY': 'PKCS#1 (RFC 8017)',
};

/** A copy, which the caller wipes. */
function toPrivateKeyInfo(der: Uint8Array, form: PrivateKeyForm): Uint8Array {
  switch (form) {
    case 'PRIVATE KEY':
      return Uint8Array.from(der);
    case 'EC PRIVATE KEY':
      return encodePrivateKeyInfo(ecToPrivateKeyInfo(der));
    case 'RSA PRIVATE KEY':
      return encodePrivateKeyInfo(rsaToPrivateKeyInfo(der));
  }
}

/** The public key that OpenSSL computes, or else the one that an RSA key carries, and what is wrong with the key. */
function publicHalf(privateKeyInfo: Uint8Array): {
  readonly subjectPublicKeyInfo?: Uint8Array;
  readonly fault?: string;
} {
  try {
    return { subjectPublicKeyInfo: fromPkcs8(privateKeyInfo).subjectPublicKeyInfo };
  } catch (error) {
    if (!(error instanceof KeysError || error instanceof Pkcs8Error || error instanceof DerError)) throw error;
    const fault = `${error.message} (${error.code})`;
    const info = parsePrivateKeyInfo(privateKeyInfo);
    if (info.privateKeyAlgorithm.algorithm !== rsaEncryption || !(error instanceof KeysError)) return { fault };
    const subjectPublicKey = encodeRSAPublicKey(readRSAPrivateKeyInfo(info));
    return {
      subjectPublicKeyInfo: encode(subjectPublicKeyInfoNode({ algorithm: rsaAlgorithm(), subjectPublicKey })),
      fault,
    };
  }
}

/**
 * How a private key is encrypted.
 * @throws {@link DerError} when it is no EncryptedPrivateKeyInfo.
 */
export function encryptedPrivateKeyFacts(der: Uint8Array): Facts {
  const { encryptionAlgorithm, encryptedData } = parseEncryptedPrivateKeyInfo(der);
  return facts({
    form: 'encrypted PKCS#8 (RFC 5958)',
    encryptionAlgorithm: oidText(encryptionAlgorithm.algorithm),
    ...encryptionFacts(encryptionAlgorithm),
    byteLength: encryptedData.length,
    privateKey: 'not decrypted',
  });
}

function encryptionFacts(algorithm: AlgorithmIdentifier): Facts {
  try {
    const { keyDerivation, cipher } = parsePbes2(algorithm);
    const { salt } = keyDerivation;
    if (keyDerivation.type === 'pbkdf2') {
      const { prf, iterationCount } = keyDerivation;
      return { cipher, keyDerivation: `PBKDF2 with HMAC-${prf}`, iterationCount, saltLength: salt.length };
    }
    const { costParameter, blockSize, parallelizationParameter } = keyDerivation;
    const scrypt = { costParameter, blockSize, parallelizationParameter };
    return { cipher, keyDerivation: 'scrypt', ...scrypt, saltLength: salt.length };
  } catch (error) {
    if (!(error instanceof Pkcs8Error || error instanceof DerError)) throw error;
    return { fault: `${error.message} (${error.code})` };
  }
}
