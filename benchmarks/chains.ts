import { randomBytes } from 'node:crypto';
import type { Seconds } from '@mayfly/der';
import { generateKeySync } from '@mayfly/keys/node';
import { parseCertificate } from '@mayfly/x509';
import { createCertificateSync, intermediateContents, rootContents } from '@mayfly/x509/create';
import {
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  extKeyUsageExtension,
  keyPurposes,
  keyUsageExtension,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
} from '@mayfly/x509/extensions';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { buildName, encodeName } from '@mayfly/x509/name';

/** Chains of three certificates under one root and one intermediate, all P-256, as DER. */
export interface ChainJob {
  readonly root: Uint8Array;
  readonly intermediate: Uint8Array;
  /** More than any cache here keeps. */
  readonly leaves: readonly Uint8Array[];
  readonly dNSName: string;
  readonly at: Seconds;
}

const HOUR: Seconds = 3600;

const serialNumber = (): bigint => BigInt(`0x1${randomBytes(15).toString('hex')}`);

/** Makes the authorities and so many leaves below them. */
export function chainJob(leaves: number = 1000): ChainJob {
  const at = Math.floor(Date.now() / 1000);
  const validity = { notBefore: at - HOUR, notAfter: at + 24 * HOUR };
  const [rootKey, issuingKey, leafKey] = [generateKeySync('P-256'), generateKeySync('P-256'), generateKeySync('P-256')];
  const authority = (commonName: string, spki: Uint8Array) => ({
    serialNumber: serialNumber(),
    validity,
    subject: encodeName(buildName({ organization: 'Example', commonName })),
    subjectKeyIdentifier: rfc7093KeyIdentifier(spki),
  });
  const root = createCertificateSync(
    rootContents(authority('Example Root', rootKey.subjectPublicKeyInfo), rootKey),
    rootKey,
  );
  const issuing = createCertificateSync(
    intermediateContents(
      authority('Example Issuing', issuingKey.subjectPublicKeyInfo),
      issuingKey.subjectPublicKeyInfo,
      parseCertificate(root),
    ),
    rootKey,
  );
  const dNSName = 'web.shop.example.org';
  const contents = {
    issuer: parseCertificate(issuing).subject,
    validity,
    subject: encodeName(buildName({ organization: 'Example', commonName: dNSName })),
    subjectPublicKeyInfo: leafKey.subjectPublicKeyInfo,
    extensions: [
      authorityKeyIdentifierExtension({ keyIdentifier: rfc7093KeyIdentifier(issuingKey.subjectPublicKeyInfo) }),
      subjectKeyIdentifierExtension(rfc7093KeyIdentifier(leafKey.subjectPublicKeyInfo)),
      basicConstraintsExtension({ cA: false }),
      keyUsageExtension(['digitalSignature']),
      extKeyUsageExtension([keyPurposes.serverAuth, keyPurposes.clientAuth]),
      subjectAltNameExtension([{ type: 'dNSName', value: dNSName }]),
    ],
  };
  const made = Array.from({ length: leaves }, () =>
    createCertificateSync({ ...contents, serialNumber: serialNumber() }, issuingKey),
  );
  return { root, intermediate: issuing, leaves: made, dNSName, at };
}
