import { generateKeyPairSync, randomBytes, webcrypto } from 'node:crypto';
import {
  bufferedRandomBytes,
  compile,
  type IssuanceRequest,
  type Issuer,
  issue,
  type Surroundings,
  type SyncIssuer,
} from '@mayfly/ca';
import { podPeer } from '@mayfly/ca/profiles';
import type { Seconds } from '@mayfly/der';
import { fromPkcs8 } from '@mayfly/keys/node';
import { generateKey } from '@mayfly/keys/webcrypto';
import { parseCertificate } from '@mayfly/x509';
import { createCertificate, rootContents } from '@mayfly/x509/create';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { buildName, encodeName } from '@mayfly/x509/name';
import type { SigningKey } from '@mayfly/x509/signed';
import { type IssueJob, identity, type KeyForms, type LeafFacts } from './jobs.js';

const HOUR: Seconds = 3600;

const P256 = { name: 'ECDSA', namedCurve: 'P-256' };

/** The machine's clock and generator. */
export const around: Surroundings = {
  now: () => Math.floor(Date.now() / 1000),
  randomBytes: bufferedRandomBytes((length) => new Uint8Array(randomBytes(length))),
};

/** A new P-256 key in every form. */
export async function p256(): Promise<KeyForms> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pkcs8 = new Uint8Array(pair.privateKey.export({ format: 'der', type: 'pkcs8' }));
  const spki = new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }));
  const privateKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, P256, true, ['sign']);
  const publicKey = await webcrypto.subtle.importKey('spki', spki, P256, true, ['verify']);
  return { pkcs8, spki, privateKey, publicKey };
}

/** A root that signs with this key. */
async function authority<K extends SigningKey>(key: K): Promise<Issuer & { readonly key: K }> {
  const now = around.now();
  const subjectKeyIdentifier = rfc7093KeyIdentifier(key.subjectPublicKeyInfo);
  const contents = rootContents(
    {
      serialNumber: 1n,
      validity: { notBefore: now - HOUR, notAfter: now + 1000 * HOUR },
      subject: encodeName(buildName({ organization: 'Example', commonName: 'Example Workload CA' })),
      subjectKeyIdentifier,
    },
    key,
  );
  return { certificate: parseCertificate(await createCertificate(contents, key)), chain: [], key };
}

/** What the leaf of a pod asks for. */
export const leafRequest = (spki: Uint8Array): IssuanceRequest => ({
  subjectPublicKeyInfo: spki,
  subject: encodeName(buildName({ organization: identity.organization, commonName: identity.commonName })),
  subjectAltName: [
    ...identity.dNSNames.map((value) => ({ type: 'dNSName', value }) as const),
    { type: 'uniformResourceIdentifier', value: identity.uri },
  ],
  lifetime: HOUR,
});

/** A leaf of one hour and what stands in it. */
export async function leaf(
  algorithm: 'P-256' | 'RSA-2048',
): Promise<{ readonly der: Uint8Array; readonly facts: LeafFacts }> {
  const compiled = compile(podPeer(), await authority(await generateKey(algorithm)));
  const { subjectPublicKeyInfo } = await generateKey(algorithm);
  const { certificate, notBefore, notAfter } = await issue(compiled, leafRequest(subjectPublicKeyInfo), around);
  return { der: certificate, facts: { ...identity, notBefore, notAfter } };
}

/** A CA and a key to be certified for an hour. */
export async function issueJob(): Promise<IssueJob & { readonly authority: SyncIssuer }> {
  const issuerKey = await p256();
  const ca = await authority(fromPkcs8(issuerKey.pkcs8));
  const { spki } = await p256();
  return { authority: ca, identity, spki, issuer: ca.certificate.der, issuerKey, lifetime: HOUR };
}
