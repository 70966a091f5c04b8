import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { encodeBase64 } from '@mayfly/der/pem';
import { createCertificationRequestSync } from '@mayfly/pkcs10';
import { buildName, encodeName } from '@mayfly/x509/name';
import type { SigningKey, SyncSigningKey } from '@mayfly/x509/signed';
import type { Json } from '../client.js';
import { newKey } from '../objects.js';

/** UID of the pod that the rows speak of. */
export const POD_UID = '8e0d2c3e-3b1c-4a6e-9d5b-1f2e3d4c5b6a';

const foreign = new Map<string, { publicKey: KeyObject; privateKey: KeyObject }>();

/** A key of node:crypto, one per name: kinds that Mayfly makes no keys of are among them. */
export function foreignKey(name: string): { publicKey: KeyObject; privateKey: KeyObject } {
  const known = foreign.get(name);
  if (known !== undefined) return known;
  const made = name.startsWith('RSA-')
    ? generateKeyPairSync('rsa', { modulusLength: Number(name.slice(4)) })
    : name === 'Ed25519'
      ? generateKeyPairSync('ed25519')
      : name === 'X25519'
        ? generateKeyPairSync('x25519')
        : generateKeyPairSync('ec', { namedCurve: name });
  foreign.set(name, made);
  return made;
}

const base64 = (bytes: Uint8Array): string => encodeBase64(new Uint8Array(bytes));

const spkiOf = (name: string): Uint8Array =>
  new Uint8Array(foreignKey(name).publicKey.export({ type: 'spki', format: 'der' }));

/** The pair with this proof, instead of a stub. */
export const pair = (name: string, proof: Uint8Array): Json => ({
  stubPKCS10Request: undefined,
  pkixPublicKey: base64(spkiOf(name)),
  proofOfPossession: base64(proof),
});

/** The proof of possession of a kubelet, or one with another message or salt. */
export function prove(
  name: string,
  message: string = POD_UID,
  saltLength: number = constants.RSA_PSS_SALTLEN_MAX_SIGN,
): Uint8Array {
  const key = foreignKey(name).privateKey;
  const rsa = name.startsWith('RSA') ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength } : {};
  return sign(name === 'Ed25519' ? null : 'sha256', Buffer.from(message), { key, ...rsa });
}

/** An empty request for a key of node:crypto. What no algorithm signs gets a signature of zeros. */
export function stubFor(name: string): string {
  const { privateKey } = foreignKey(name);
  const key: SyncSigningKey = {
    subjectPublicKeyInfo: spkiOf(name),
    signatureAlgorithm: algorithmOf(name),
    sign: (tbs) => (name === 'X25519' ? new Uint8Array(64) : new Uint8Array(sign('sha256', tbs, privateKey))),
  };
  return base64(createCertificationRequestSync({}, key));
}

const algorithmOf = (name: string): SigningKey['signatureAlgorithm'] =>
  newKey(name.startsWith('RSA') ? 'RSA-3072' : 'P-256').signatureAlgorithm;

/** A request that says something beside the key. */
export const filledStub = (): string =>
  base64(createCertificationRequestSync({ subject: encodeName(buildName({ commonName: 'admin' })) }, newKey()));
