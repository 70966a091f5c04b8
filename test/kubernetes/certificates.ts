import { createPublicKey, randomBytes } from 'node:crypto';
import { encodePem } from '@mayfly/der/pem';
import { generateKeySync, type NodeSigningKey } from '@mayfly/keys/node';
import { type Certificate, parseCertificate, type Validity } from '@mayfly/x509';
import { createCertificateSync, rootContents } from '@mayfly/x509/create';
import {
  authorityKeyIdentifierExtension,
  extKeyUsageExtension,
  keyPurposes,
  keyUsageExtension,
  subjectAltNameExtension,
  subjectKeyIdentifier,
} from '@mayfly/x509/extensions';
import type { GeneralName } from '@mayfly/x509/general-name';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { buildName, encodeName, type NameAttributes } from '@mayfly/x509/name';
import type { SyncSigningKey } from '@mayfly/x509/signed';

/** A certificate and its key, in PEM. */
export interface Credential {
  readonly certificate: string;
  readonly privateKey: string;
}

/** The authority of one cluster: it vouches for the API server and for its clients. */
export interface ClusterAuthority {
  readonly credential: Credential;
  /** A certificate for a client: `commonName` is the user, `organization` the groups. */
  client(commonName: string, organization?: readonly string[]): Credential;
  /** A certificate for a server on these names. */
  server(commonName: string, names: readonly GeneralName[]): Credential;
}

const DAY = 86_400;

/** Makes the authority of a cluster, valid for a day from an hour ago. */
export function createClusterAuthority(): ClusterAuthority {
  const now = Math.floor(Date.now() / 1000);
  const validity = { notBefore: now - 3600, notAfter: now + DAY };
  const { root, key } = createRoot('Cluster CA', validity);
  const issue = (subject: NameAttributes, purpose: string, names: readonly GeneralName[]): Credential => {
    const leafKey = generateKeySync('P-256');
    const leaf = {
      serialNumber: serialNumber(),
      issuer: root.subject,
      validity,
      subject: encodeName(buildName(subject)),
      subjectPublicKeyInfo: leafKey.subjectPublicKeyInfo,
      extensions: [
        keyUsageExtension(['digitalSignature']),
        extKeyUsageExtension([purpose]),
        authorityKeyIdentifierExtension({ keyIdentifier: keyIdentifierOf(root) }),
        ...(names.length > 0 ? [subjectAltNameExtension(names)] : []),
      ],
    };
    return credential(createCertificateSync(leaf, key), leafKey);
  };
  return {
    credential: credential(root.der, key),
    client: (commonName, organization = []) => issue({ organization, commonName }, keyPurposes.clientAuth, []),
    server: (commonName, names) => issue({ commonName }, keyPurposes.serverAuth, names),
  };
}

/** Makes a root for workloads, valid for a month. */
export function createWorkloadAuthority(): Credential {
  const now = Math.floor(Date.now() / 1000);
  const { root, key } = createRoot('Workload Root', { notBefore: now - 60, notAfter: now + 30 * DAY });
  return credential(root.der, key);
}

function createRoot(
  commonName: string,
  validity: Validity,
): { readonly root: Certificate; readonly key: NodeSigningKey } {
  const key = generateKeySync('P-256');
  const contents = rootContents(
    {
      serialNumber: serialNumber(),
      validity,
      subject: encodeName(buildName({ commonName })),
      subjectKeyIdentifier: rfc7093KeyIdentifier(key.subjectPublicKeyInfo),
    },
    key,
  );
  return { root: parseCertificate(createCertificateSync(contents, key)), key };
}

/** The key pair that signs the tokens of service accounts. */
export function createTokenKey(): { readonly privateKey: string; readonly publicKey: string } {
  const privateKey = encodePem('PRIVATE KEY', generateKeySync('P-256').exportPkcs8());
  return { privateKey, publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString() };
}

const credential = (der: Uint8Array, key: SyncSigningKey & { exportPkcs8(): Uint8Array }): Credential => ({
  certificate: encodePem('CERTIFICATE', der),
  privateKey: encodePem('PRIVATE KEY', key.exportPkcs8()),
});

function keyIdentifierOf(certificate: Certificate): Uint8Array {
  const identifier = subjectKeyIdentifier(certificate);
  if (identifier === undefined) throw new Error('Cannot issue: the authority has no subjectKeyIdentifier');
  return identifier;
}

const serialNumber = (): bigint => BigInt(`0x40${randomBytes(15).toString('hex')}`);
