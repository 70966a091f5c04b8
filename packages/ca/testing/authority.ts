import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { type Certificate, encodeTBSCertificate, parseCertificate } from '@mayfly/x509';
import { basicConstraintsExtension, keyUsageExtension, subjectKeyIdentifierExtension } from '@mayfly/x509/extensions';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { buildName, encodeName } from '@mayfly/x509/name';
import { assemble, type SignedParts, type SyncSigningKey } from '@mayfly/x509/signed';
import type { Surroundings } from '../src/index.js';

/** 2027-01-15T08:00:00Z. */
export const NOW = 1_800_000_000;

/** A P-256 key that signs through node:crypto. */
export function keyPair(): { key: SyncSigningKey; privateKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key: SyncSigningKey = {
    signatureAlgorithm: { algorithm: '1.2.840.10045.4.3.2' },
    subjectPublicKeyInfo: new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })),
    sign: (tbs) => new Uint8Array(sign('sha256', tbs, privateKey)),
  };
  return { key, privateKey };
}

/** Verifies what {@link keyPair} signs. */
export const verifyEcdsa = ({ tbs, signatureValue }: SignedParts, spki: Uint8Array): boolean =>
  verify('sha256', tbs, createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }), signatureValue);

/** A self-signed root of ten days that began an hour ago. */
export function root(key: SyncSigningKey, notAfter: number = NOW + 10 * 86_400): Certificate {
  const name = encodeName(buildName({ commonName: 'Test Root' }));
  const tbs = encodeTBSCertificate({
    version: 3,
    serialNumber: 1n,
    signature: key.signatureAlgorithm,
    issuer: name,
    validity: { notBefore: NOW - 3600, notAfter },
    subject: name,
    subjectPublicKeyInfo: key.subjectPublicKeyInfo,
    extensions: [
      basicConstraintsExtension({ cA: true }),
      keyUsageExtension(['keyCertSign', 'cRLSign']),
      subjectKeyIdentifierExtension(rfc7093KeyIdentifier(key.subjectPublicKeyInfo)),
    ],
  });
  return parseCertificate(assemble({ tbs, signatureAlgorithm: key.signatureAlgorithm, signatureValue: key.sign(tbs) }));
}

/** Random octets that a seed decides: the test's runs are the same, its serials differ. */
export function surroundings(now: number = NOW): Surroundings {
  let state = 7;
  return {
    now: () => now,
    randomBytes: (length) =>
      Uint8Array.from({ length }, () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return state >>> 24;
      }),
  };
}
