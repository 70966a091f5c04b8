import { bitString, encode, oid, sequence } from '@mayfly/der';
import { encodeTBSCertificate, type Validity } from '@mayfly/x509';
import { assemble } from '@mayfly/x509/signed';

/**
 * Makes a certificate that parses and that no key has signed: for tests of what happens over time.
 * @returns DER, owned by the caller.
 */
export function unsignedCertificate(validity: Validity, serialNumber: bigint = 1n): Uint8Array<ArrayBuffer> {
  const signatureAlgorithm = { algorithm: '1.2.840.10045.4.3.2' };
  const nobody = encode(sequence());
  const tbs = encodeTBSCertificate({
    version: 3,
    serialNumber,
    signature: signatureAlgorithm,
    issuer: nobody,
    validity,
    subject: nobody,
    subjectPublicKeyInfo: encode(
      sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bitString(new Uint8Array(65).fill(4))),
    ),
    extensions: [],
  });
  return assemble({ tbs, signatureAlgorithm, signatureValue: new Uint8Array(8) });
}
