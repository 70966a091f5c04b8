import { createHash } from 'node:crypto';
import { concatBytes, equalBytes } from '@mayfly/der';
import { type Certificate, type Extension, encodeSubjectPublicKeyInfo, parseCertificate } from '@mayfly/x509';
import { createCertificateSync } from '@mayfly/x509/create';
import { basicConstraintsExtension } from '@mayfly/x509/extensions';
import { buildName, encodeName } from '@mayfly/x509/name';
import { type AlgorithmPolicy, modernAlgorithms } from '@mayfly/x509/path';
import type { SyncSigningKey, SyncVerifySignature } from '@mayfly/x509/signed';

/** The algorithm of toy keys and signatures. */
const TOY = '1.2.3';

/** A signature that everybody can make: the hash of key and message. Enough to see which key was asked. */
const toySignature = (tbs: Uint8Array, spki: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(concatBytes(spki, tbs)).digest());

export const verifyToy: SyncVerifySignature = ({ tbs, signatureValue }, spki) =>
  equalBytes(toySignature(tbs, spki), signatureValue);

/** Accepts toy keys and signatures alone. */
export const toyAlgorithms: AlgorithmPolicy = {
  ...modernAlgorithms,
  signatureAlgorithms: [TOY],
  publicKeyAlgorithms: [TOY],
};

export const toySpki = (key: string): Uint8Array =>
  encodeSubjectPublicKeyInfo({ algorithm: { algorithm: TOY }, subjectPublicKey: new TextEncoder().encode(key) });

/** Signs with the key that has this name. */
export const toyKey = (key: string): SyncSigningKey => ({
  signatureAlgorithm: { algorithm: TOY },
  subjectPublicKeyInfo: toySpki(key),
  sign: (tbs) => toySignature(tbs, toySpki(key)),
});

export const toyName = (commonName: string): Uint8Array =>
  commonName === '' ? encodeName([]) : encodeName(buildName({ commonName }));

export const cA: Extension = basicConstraintsExtension({ cA: true });

/** What a certificate has beside names. */
export interface ToyFields {
  readonly key?: string;
  readonly issuerKey?: string;
  readonly notBefore?: number;
  readonly notAfter?: number;
}

let serialNumber = 0n;

/**
 * A certificate for a name, and a key of that name unless another is given, signed by the key of the issuer's name; valid from
 * second 1000 through 2000.
 */
export function issue(
  subject: string,
  issuer: string,
  extensions: readonly Extension[] = [cA],
  { key = subject, issuerKey = issuer, notBefore = 1000, notAfter = 2000 }: ToyFields = {},
): Certificate {
  serialNumber++;
  return parseCertificate(
    createCertificateSync(
      {
        serialNumber,
        issuer: toyName(issuer),
        validity: { notBefore, notAfter },
        subject: toyName(subject),
        subjectPublicKeyInfo: toySpki(key),
        extensions,
      },
      toyKey(issuerKey),
    ),
  );
}
