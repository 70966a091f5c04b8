import assert from 'node:assert/strict';
import { createPublicKey, verify, type webcrypto, X509Certificate } from 'node:crypto';
import type { Seconds } from '@mayfly/der';
import { parseCertificationRequest } from '@mayfly/pkcs10';
import { subjectAltName } from '@mayfly/x509/extensions';
import { attributeTypes, attributeValues, parseName } from '@mayfly/x509/name';

/** Whom a certificate or a request is for. */
export interface Identity {
  readonly organization: string;
  readonly commonName: string;
  readonly dNSNames: readonly string[];
  readonly uri: string;
}

/** What every implementation has to find in a certificate. */
export interface LeafFacts extends Identity {
  readonly notBefore: Seconds;
  readonly notAfter: Seconds;
}

/** A key pair in the forms that the peers take; imported once. */
export interface KeyForms {
  /** DER of a PrivateKeyInfo. */
  readonly pkcs8: Uint8Array;
  /** DER of a SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
}

/** What an issuing implementation starts from. */
export interface IssueJob {
  readonly identity: Identity;
  /** DER of the key that is certified. */
  readonly spki: Uint8Array;
  /** DER of the CA's certificate, and its key. */
  readonly issuer: Uint8Array;
  readonly issuerKey: KeyForms;
  readonly lifetime: Seconds;
}

/** What the workloads of a service mesh are called. */
export const identity: Identity = {
  organization: 'Example Payments',
  commonName: 'ledger.payments.svc',
  dNSNames: ['ledger.payments.svc', 'ledger.payments.svc.cluster.local'],
  uri: 'spiffe://cluster.example/ns/payments/sa/ledger',
};

/** Checks a request with a reader and a verifier that did not make it. */
export function checkRequest(der: Uint8Array, spki: Uint8Array): void {
  const request = parseCertificationRequest(der);
  const name = parseName(request.subject);
  assert.deepEqual(attributeValues(name, attributeTypes.commonName.type), [identity.commonName]);
  assert.deepEqual(attributeValues(name, attributeTypes.organization.type), [identity.organization]);
  assert.deepEqual(
    subjectAltName(request)?.map((alternative) => alternative.value),
    [...identity.dNSNames, identity.uri],
  );
  assert.deepEqual(Buffer.from(request.subjectPublicKeyInfo), Buffer.from(spki));
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  assert.ok(verify('sha256', request.certificationRequestInfo, key, request.signature));
}

/** Checks a certificate with node:crypto. */
export function checkIssued(der: Uint8Array, { issuer, spki, lifetime }: IssueJob): void {
  const certificate = new X509Certificate(der);
  const ca = new X509Certificate(issuer);
  assert.ok(certificate.checkIssued(ca) && certificate.verify(ca.publicKey));
  for (const name of identity.dNSNames) assert.equal(certificate.checkHost(name), name);
  assert.match(certificate.subject, new RegExp(`CN=${identity.commonName}`));
  assert.match(certificate.subject, new RegExp(`O=${identity.organization}`));
  assert.equal(
    certificate.subjectAltName,
    [...identity.dNSNames.map((name) => `DNS:${name}`), `URI:${identity.uri}`].join(', '),
  );
  assert.deepEqual(certificate.publicKey.export({ format: 'der', type: 'spki' }), Buffer.from(spki));
  assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']); // what node calls extKeyUsage
  const seconds = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 1000;
  assert.equal(seconds, lifetime);
}
