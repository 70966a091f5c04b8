import type { Seconds } from '@mayfly/der';
import type { Extension } from '../extension.js';
import { certificateIssuerExtension } from '../extensions/certificate-issuer.js';
import { invalidityDateExtension } from '../extensions/invalidity-date.js';
import { type CRLReason, reasonCodeExtension } from '../extensions/reason-code.js';
import type { GeneralName } from '../general-name/codec.js';
import { assemble, type SigningKey, type SyncSigningKey } from '../signed.js';
import { encodeTBSCertList } from './certificate-list.js';
import type { RevokedCertificate } from './entries.js';

/** One certificate on a list to be. */
export interface Revocation {
  readonly serialNumber: bigint;
  readonly revocationDate: Seconds;
  /** Default none, which means `unspecified`. */
  readonly reason?: CRLReason;
  readonly invalidityDate?: Seconds;
  /** Who issued the certificate, on an indirect list; it counts for the entries behind it too. */
  readonly certificateIssuer?: readonly GeneralName[];
}

/** All that a list says; the algorithm comes from the key that signs. */
export interface CRLContents {
  /** DER of the Name of whoever signs: the subject of its certificate, octet by octet. */
  readonly issuer: Uint8Array;
  readonly thisUpdate: Seconds;
  readonly nextUpdate: Seconds;
  readonly revocations: Iterable<Revocation>;
  /** RFC 5280 §5.2 demands authorityKeyIdentifier and cRLNumber. */
  readonly extensions: readonly Extension[];
}

/**
 * Writes the part of a list that is signed.
 * @throws RangeError when nextUpdate is not after thisUpdate, a serial number is not above zero or takes more than 20 octets,
 * an extension stands there twice, or a certificate is there twice for one issuer.
 */
export function encodeCRLContents(
  { issuer, thisUpdate, nextUpdate, revocations, extensions }: CRLContents,
  { signatureAlgorithm }: Pick<SigningKey, 'signatureAlgorithm'>,
): Uint8Array<ArrayBuffer> {
  if (nextUpdate <= thisUpdate) throw new RangeError('Cannot create CRL: nextUpdate is not after thisUpdate');
  if (new Set(extensions.map(({ extnID }) => extnID)).size < extensions.length)
    throw new RangeError('Cannot create CRL: an extension stands there twice');
  return encodeTBSCertList({
    signature: signatureAlgorithm,
    issuer,
    thisUpdate,
    nextUpdate,
    revokedCertificates: entriesOf(revocations),
    extensions,
  });
}

/**
 * Makes a revocation list that `key` signs.
 * @returns DER; the caller owns it.
 * @throws RangeError as {@link encodeCRLContents}; rejects with what the key rejects with.
 */
export async function createCRL(contents: CRLContents, key: SigningKey): Promise<Uint8Array<ArrayBuffer>> {
  const tbs = encodeCRLContents(contents, key);
  return assemble({ tbs, signatureAlgorithm: key.signatureAlgorithm, signatureValue: await key.sign(tbs) });
}

/** {@link createCRL} for a key that signs without waiting. */
export function createCRLSync(contents: CRLContents, key: SyncSigningKey): Uint8Array<ArrayBuffer> {
  const tbs = encodeCRLContents(contents, key);
  return assemble({ tbs, signatureAlgorithm: key.signatureAlgorithm, signatureValue: key.sign(tbs) });
}

const MAX_SERIAL_NUMBER: bigint = 1n << 159n;

function* entriesOf(revocations: Iterable<Revocation>): Generator<RevokedCertificate, void> {
  let seen = new Set<bigint>();
  for (const { serialNumber, revocationDate, reason, invalidityDate, certificateIssuer } of revocations) {
    if (certificateIssuer !== undefined) seen = new Set();
    if (serialNumber <= 0n || serialNumber >= MAX_SERIAL_NUMBER)
      throw new RangeError('Cannot create CRL: a serial number is not above zero or takes more than 20 octets');
    if (seen.has(serialNumber)) throw new RangeError('Cannot create CRL: a certificate is there twice');
    seen.add(serialNumber);
    const extensions = [
      ...(reason === undefined ? [] : [reasonCodeExtension(reason)]),
      ...(invalidityDate === undefined ? [] : [invalidityDateExtension(invalidityDate)]),
      ...(certificateIssuer === undefined ? [] : [certificateIssuerExtension(certificateIssuer)]),
    ];
    yield { userCertificate: serialNumber, revocationDate, extensions };
  }
}
