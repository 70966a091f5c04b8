/** One root, leaf and request, and what every reader is to find in them. */

import { encode, utf8String } from '@mayfly/der';
import { encodePem } from '@mayfly/der/pem';
import { type Attribute, createCertificationRequest } from '@mayfly/pkcs10';
import type { Extension } from '@mayfly/x509';
import { createCertificate, rootContents } from '@mayfly/x509/create';
import {
  accessMethods,
  authorityInfoAccessExtension,
  authorityKeyIdentifierExtension,
  basicConstraintsExtension,
  certificatePoliciesExtension,
  cRLDistributionPointsExtension,
  extKeyUsageExtension,
  keyPurposes,
  keyUsageExtension,
  subjectAltNameExtension,
  subjectKeyIdentifierExtension,
} from '@mayfly/x509/extensions';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { buildName, encodeName } from '@mayfly/x509/name';
import type { SigningKey } from '@mayfly/x509/signed';

/** Names of several levels, one of them with two attributes, and letters beyond ASCII. */
export const rootName: Uint8Array = encodeName(
  buildName({ country: 'DE', organization: 'Mayfly', commonName: 'Root' }),
);
export const leafName: Uint8Array = encodeName(
  buildName([
    ['country', 'DE'],
    ['organization', 'Müller & Söhne'],
    [
      ['organizationalUnit', 'Web'],
      ['commonName', 'web.example'],
    ],
  ]),
);
export const rootText = 'CN=Root,O=Mayfly,C=DE';
export const leafText = 'CN=web.example+OU=Web,O=Müller & Söhne,C=DE';

export const notBefore: number = Date.UTC(2026, 0, 1) / 1000;
export const notAfter: number = Date.UTC(2056, 0, 1) / 1000; // beyond 2049, so one time of each type
const serialNumber = 0x80_00_00_00_00_00_00_01n;

export const names: Extension = subjectAltNameExtension([
  { type: 'dNSName', value: 'web.example' },
  { type: 'dNSName', value: '*.web.example' },
  { type: 'iPAddress', value: Uint8Array.of(192, 0, 2, 1) },
  { type: 'uniformResourceIdentifier', value: 'spiffe://example/ns/default/sa/web' },
  { type: 'rfc822Name', value: 'web@example.com' },
]);
export const usages: readonly Extension[] = [
  keyUsageExtension(['digitalSignature']),
  extKeyUsageExtension([keyPurposes.serverAuth, keyPurposes.clientAuth]),
];

export const challengePassword: Attribute = {
  type: '1.2.840.113549.1.9.7',
  values: [encode(utf8String('not a secret'))],
};

export interface Artefacts {
  readonly root: Uint8Array;
  readonly leaf: Uint8Array;
  readonly request: Uint8Array;
}

/** All three signed by one key, which the leaf and the request carry too. */
export async function makeArtefacts(key: SigningKey): Promise<Artefacts> {
  const keyIdentifier = rfc7093KeyIdentifier(key.subjectPublicKeyInfo);
  const root = rootContents(
    {
      serialNumber: 1n,
      validity: { notBefore, notAfter },
      subject: rootName,
      subjectKeyIdentifier: keyIdentifier,
      pathLenConstraint: 0,
    },
    key,
  );
  const leaf = {
    serialNumber,
    issuer: rootName,
    validity: { notBefore, notAfter },
    subject: leafName,
    subjectPublicKeyInfo: key.subjectPublicKeyInfo,
    extensions: [
      basicConstraintsExtension({ cA: false }),
      ...usages,
      subjectKeyIdentifierExtension(keyIdentifier),
      authorityKeyIdentifierExtension({ keyIdentifier }),
      names,
      certificatePoliciesExtension([{ policyIdentifier: '2.23.140.1.2.1' }]),
      cRLDistributionPointsExtension([
        { distributionPoint: { fullName: [{ type: 'uniformResourceIdentifier', value: 'http://example/crl' }] } },
      ]),
      authorityInfoAccessExtension([
        {
          accessMethod: accessMethods.caIssuers,
          accessLocation: { type: 'uniformResourceIdentifier', value: 'http://example/ca' },
        },
      ]),
    ],
  };
  const requestContents = { subject: leafName, extensions: [names, ...usages], attributes: [challengePassword] };
  return {
    root: await createCertificate(root, key),
    leaf: await createCertificate(leaf, key),
    request: await createCertificationRequest(requestContents, key),
  };
}

export const certificatePem = (der: Uint8Array): string => encodePem('CERTIFICATE', der);
export const requestPem = (der: Uint8Array): string => encodePem('CERTIFICATE REQUEST', der);
