import { type Certificate, encodeTBSCertificate } from './certificate.js';
import type { Extension } from './extension.js';
import { authorityKeyIdentifierExtension } from './extensions/authority-key-identifier.js';
import { basicConstraintsExtension } from './extensions/basic-constraints.js';
import { keyUsageExtension } from './extensions/key-usage.js';
import { subjectKeyIdentifier, subjectKeyIdentifierExtension } from './extensions/subject-key-identifier.js';
import { assemble, type SigningKey, type SyncSigningKey } from './signed.js';
import type { Validity } from './validity.js';

/** All that a certificate says; the algorithm comes from the key that signs. Nothing is added. */
export interface CertificateContents {
  /** Above zero and at most 20 octets; random, so that nobody can tell it in advance. */
  readonly serialNumber: bigint;
  /** DER of the Name of whoever signs: the subject of its certificate, octet by octet. */
  readonly issuer: Uint8Array;
  readonly validity: Validity;
  /** DER of a Name. */
  readonly subject: Uint8Array;
  /** DER. */
  readonly subjectPublicKeyInfo: Uint8Array;
  readonly extensions: readonly Extension[];
}

const MAX_SERIAL_NUMBER: bigint = 1n << 159n;

/**
 * Writes and checks the part that is signed.
 * @throws RangeError for a serial number that is not above zero or takes more than 20 octets, a validity that ends before
 * it begins, and an extension that stands there twice.
 */
export function encodeCertificateContents(
  contents: CertificateContents,
  { signatureAlgorithm }: Pick<SigningKey, 'signatureAlgorithm'>,
): Uint8Array<ArrayBuffer> {
  const { serialNumber, validity, extensions } = contents;
  if (serialNumber <= 0n || serialNumber >= MAX_SERIAL_NUMBER)
    throw new RangeError('Cannot create certificate: serialNumber is not above zero or takes more than 20 octets');
  if (validity.notAfter < validity.notBefore)
    throw new RangeError('Cannot create certificate: notAfter is before notBefore');
  if (new Set(extensions.map(({ extnID }) => extnID)).size < extensions.length)
    throw new RangeError('Cannot create certificate: an extension stands there twice');
  return encodeTBSCertificate({ ...contents, version: 3, signature: signatureAlgorithm });
}

/**
 * Makes a certificate that `key` signs.
 * @returns DER; the caller owns it.
 * @throws RangeError as {@link encodeCertificateContents}; rejects with what the key rejects with.
 */
export async function createCertificate(
  contents: CertificateContents,
  key: SigningKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const tbs = encodeCertificateContents(contents, key);
  return assemble({ tbs, signatureAlgorithm: key.signatureAlgorithm, signatureValue: await key.sign(tbs) });
}

/** {@link createCertificate} for a key that signs without waiting. */
export function createCertificateSync(contents: CertificateContents, key: SyncSigningKey): Uint8Array<ArrayBuffer> {
  const tbs = encodeCertificateContents(contents, key);
  return assemble({ tbs, signatureAlgorithm: key.signatureAlgorithm, signatureValue: key.sign(tbs) });
}

/** What an authority's certificate says, beside who issues it and the extensions that all authorities have. */
export interface AuthorityContents {
  readonly serialNumber: bigint;
  readonly validity: Validity;
  /** DER of a Name that is not empty. */
  readonly subject: Uint8Array;
  /** See `@mayfly/x509/key-identifier`. */
  readonly subjectKeyIdentifier: Uint8Array;
  /** Most intermediates that may follow below this one. Default any number. */
  readonly pathLenConstraint?: number;
  /** Further extensions, for example name constraints. */
  readonly extensions?: readonly Extension[];
}

/**
 * What a root certificate says: an authority that names and signs itself (RFC 5280 §3.2).
 * Sign it with {@link createCertificate} and the same key.
 * @throws RangeError for a negative pathLenConstraint.
 */
export const rootContents = (
  contents: AuthorityContents,
  { subjectPublicKeyInfo }: Pick<SigningKey, 'subjectPublicKeyInfo'>,
): CertificateContents => authorityContents(contents, contents.subject, subjectPublicKeyInfo);

/**
 * What the certificate of an intermediate authority says, or that of an authority which another one cross-signs: `issuer` is
 * the certificate of whoever signs, `subjectPublicKeyInfo` the key that is certified.
 * @throws TypeError when the issuer has no subjectKeyIdentifier; RangeError for a negative pathLenConstraint.
 */
export function intermediateContents(
  contents: AuthorityContents,
  subjectPublicKeyInfo: Uint8Array,
  issuer: Pick<Certificate, 'subject' | 'extensions'>,
): CertificateContents {
  const keyIdentifier = subjectKeyIdentifier(issuer);
  if (keyIdentifier === undefined)
    throw new TypeError('Cannot create certificate: the issuer has no subjectKeyIdentifier');
  return authorityContents(contents, issuer.subject, subjectPublicKeyInfo, keyIdentifier);
}

/** RFC 5280 §4.2.1: critical basicConstraints and keyUsage, key identifiers, then the further extensions. */
function authorityContents(
  { subjectKeyIdentifier, pathLenConstraint, extensions = [], ...contents }: AuthorityContents,
  issuer: Uint8Array,
  subjectPublicKeyInfo: Uint8Array,
  keyIdentifier?: Uint8Array,
): CertificateContents {
  return {
    ...contents,
    issuer,
    subjectPublicKeyInfo,
    extensions: [
      basicConstraintsExtension({ cA: true, ...(pathLenConstraint !== undefined && { pathLenConstraint }) }),
      keyUsageExtension(['keyCertSign', 'cRLSign']),
      subjectKeyIdentifierExtension(subjectKeyIdentifier),
      ...(keyIdentifier ? [authorityKeyIdentifierExtension({ keyIdentifier })] : []),
      ...extensions,
    ],
  };
}
