import { equalBytes } from '@mayfly/der';
import type { Certificate } from '@mayfly/x509';
import { basicConstraints, keyUsage, subjectKeyIdentifier } from '@mayfly/x509/extensions';
import type { SigningKey, SyncSigningKey, VerifySignature } from '@mayfly/x509/signed';
import { CaError } from './errors.js';

/** A CA certificate with its key. */
export interface Issuer {
  readonly certificate: Certificate;
  /** Sent after the leaf: the issuer first unless it is itself the anchor, then towards the root; never the root. */
  readonly chain: readonly Certificate[];
  readonly key: SigningKey;
  /** When given, each fresh signature is checked before it leaves (catches a wrong or faulty key). */
  readonly verify?: VerifySignature;
  /** First octet of serial numbers, 1 to 127: tells several signers under one name apart. Default 1. */
  readonly instance?: number;
}

/** An issuer whose key signs without waiting. */
export interface SyncIssuer extends Issuer {
  readonly key: SyncSigningKey;
}

/**
 * Checks that a certificate and key can issue.
 * @throws {@link CaError} `ERR_CA_ISSUER`: not a CA, no keyCertSign, no subjectKeyIdentifier, or the key of another.
 */
export function defineIssuer<T extends Issuer>(issuer: T): T {
  const { certificate, key, instance = 1 } = issuer;
  const refuse = (state: string): never => {
    throw new CaError(
      'ERR_CA_ISSUER',
      `Cannot issue from certificate ${certificate.serialNumber.toString(16)}: ${state}`,
    );
  };
  if (basicConstraints(certificate)?.cA !== true) refuse('basicConstraints does not say cA');
  if (keyUsage(certificate)?.has('keyCertSign') !== true) refuse('keyUsage lacks keyCertSign');
  if (subjectKeyIdentifier(certificate) === undefined) refuse('subjectKeyIdentifier is absent');
  if (certificate.subject.length === 2) refuse('subject is empty');
  if (!equalBytes(certificate.subjectPublicKeyInfo, key.subjectPublicKeyInfo))
    refuse('the key belongs to another certificate');
  if (!Number.isInteger(instance) || instance < 1 || instance > 127) refuse(`instance ${instance} is not 1 to 127`);
  return issuer;
}
