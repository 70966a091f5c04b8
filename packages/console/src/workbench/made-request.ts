import { equalBytes } from '@mayfly/der';
import { encodePem } from '@mayfly/der/pem';
import { generateKey, type WebCryptoKey } from '@mayfly/keys/webcrypto';
import { encryptPrivateKeyInfo } from '@mayfly/pkcs8/encrypted';
import { createCertificationRequest } from '@mayfly/pkcs10';
import { keyStore, writePfx } from '@mayfly/pkcs12';
import { parseCertificates } from '@mayfly/x509';
import { subjectAltNameExtension } from '@mayfly/x509/extensions';
import { generalNamesOf, type Subject, subjectOf, type TypedName } from './request-fields.js';

/** Keys that browsers make. */
export const keyChoices = ['P-256', 'P-384', 'P-521', 'Ed25519', 'RSA-2048', 'RSA-3072', 'RSA-4096'] as const;
export type KeyChoice = (typeof keyChoices)[number];

/** What the form says. */
export interface RequestForm {
  readonly keyType: KeyChoice;
  readonly isExtractable: boolean;
  readonly subject: Subject;
  readonly names: readonly TypedName[];
}

/** A key that was made here, and the request that it signed. */
export interface MadeRequest {
  readonly key: WebCryptoKey;
  readonly isExtractable: boolean;
  readonly der: Uint8Array<ArrayBuffer>;
  readonly pem: string;
  /** For file names: what the request is for. */
  readonly stem: string;
}

/** Makes a key and a request. @throws What the browser throws for keys that it cannot make. */
export async function makeRequest({ keyType, isExtractable, subject, names }: RequestForm): Promise<MadeRequest> {
  const key = await generateKey(keyType, { extractable: isExtractable });
  const alternatives = generalNamesOf(names);
  const subjectDer = subjectOf(subject);
  // RFC 5280 §4.2.1.6: critical exactly when there is no subject.
  const isCritical = Object.values(subject).every((value) => !value);
  const extensions = alternatives.length === 0 ? [] : [subjectAltNameExtension(alternatives, isCritical)];
  const der = await createCertificationRequest({ subject: subjectDer, extensions }, key);
  const label = subject.commonName || names.find(({ text }) => text !== '')?.text || 'key';
  return {
    key,
    isExtractable,
    der,
    pem: encodePem('CERTIFICATE REQUEST', der),
    stem: label.replace(/[^A-Za-z0-9.-]+/g, '-').replace(/^[-.]+/, '') || 'key',
  };
}

/** The private key as PEM, encrypted where there is a password. */
export async function privateKeyPem({ key }: MadeRequest, password: string): Promise<string> {
  const pkcs8 = await key.exportPkcs8();
  try {
    if (password === '') return encodePem('PRIVATE KEY', pkcs8);
    return encodePem('ENCRYPTED PRIVATE KEY', await encryptPrivateKeyInfo(pkcs8, password));
  } finally {
    pkcs8.fill(0);
  }
}

/**
 * The key and, where there are some, the certificates that were issued for it, as a PKCS#12 file.
 * @throws RangeError when the first certificate is for another key; what reading the certificates throws.
 */
export async function pkcs12File(
  { key, stem }: MadeRequest,
  password: string,
  certificatesPem: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const chain = certificatesPem.trim() === '' ? [] : parseCertificates(certificatesPem);
  const [leaf] = chain;
  if (leaf !== undefined && !equalBytes(leaf.subjectPublicKeyInfo, key.subjectPublicKeyInfo))
    throw new RangeError('The first certificate is for another key than the one that was made here.');
  const privateKeyInfo = await key.exportPkcs8();
  try {
    const certificates = chain.map(({ der }) => der);
    return await writePfx(keyStore({ keys: [{ friendlyName: stem, privateKeyInfo, certificates }] }), password);
  } finally {
    privateKeyInfo.fill(0);
  }
}
