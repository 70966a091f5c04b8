/** Every algorithm, with a fixed key, and every provider that has it. */

import type { KeyAlgorithm, SignatureScheme } from '@mayfly/keys';
import { softwareKey, verifyWithNoble } from '@mayfly/keys/noble';
import { fromPkcs8 as nodeKey, verifyWithNode } from '@mayfly/keys/node';
import { verifyWithWebCrypto, fromPkcs8 as webCryptoKey } from '@mayfly/keys/webcrypto';
import { type PrivateKeyInfo, parsePrivateKeyInfo } from '@mayfly/pkcs8';
import type { SigningKey, VerifySignature } from '@mayfly/x509/signed';
import { derOf } from '../vectors/read-vectors.js';

/** A signature algorithm with a key of the vectors. */
export interface Algorithm {
  readonly name: string;
  readonly key: KeyAlgorithm;
  readonly scheme: SignatureScheme;
  /** What makes the openssl command sign that way. */
  readonly opensslOptions: readonly string[];
}

const pss = (hash: string): readonly string[] => [
  hash,
  ...['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:digest'],
];

export const algorithms: readonly Algorithm[] = [
  { name: 'P-256', key: 'P-256', scheme: 'ecdsa-with-SHA256', opensslOptions: ['-sha256'] },
  { name: 'P-384', key: 'P-384', scheme: 'ecdsa-with-SHA384', opensslOptions: ['-sha384'] },
  { name: 'P-521', key: 'P-521', scheme: 'ecdsa-with-SHA512', opensslOptions: ['-sha512'] },
  { name: 'Ed25519', key: 'Ed25519', scheme: 'Ed25519', opensslOptions: [] },
  { name: 'RSA-2048', key: 'RSA-2048', scheme: 'sha256WithRSAEncryption', opensslOptions: ['-sha256'] },
  { name: 'RSA-3072', key: 'RSA-3072', scheme: 'sha384WithRSAEncryption', opensslOptions: ['-sha384'] },
  { name: 'RSA-4096', key: 'RSA-4096', scheme: 'sha512WithRSAEncryption', opensslOptions: ['-sha512'] },
  { name: 'RSA-2048 PSS', key: 'RSA-2048', scheme: 'RSASSA-PSS-SHA256', opensslOptions: pss('-sha256') },
  { name: 'RSA-3072 PSS', key: 'RSA-3072', scheme: 'RSASSA-PSS-SHA384', opensslOptions: pss('-sha384') },
  { name: 'RSA-4096 PSS', key: 'RSA-4096', scheme: 'RSASSA-PSS-SHA512', opensslOptions: pss('-sha512') },
];

/** Each kind of key once. */
export const keyAlgorithms: readonly KeyAlgorithm[] = [...new Set(algorithms.map(({ key }) => key))];

/** The key's name among the vectors. */
const vectorOf = (key: KeyAlgorithm): string => key.toLowerCase().replace('-', '');

/** DER of the PrivateKeyInfo. */
export const pkcs8Of = (key: KeyAlgorithm): Uint8Array => derOf(`keys/${vectorOf(key)}.pem`);

export const privateKeyInfoOf = (key: KeyAlgorithm): PrivateKeyInfo => parsePrivateKeyInfo(pkcs8Of(key));

/** DER of the SubjectPublicKeyInfo, as openssl wrote it. */
export const publicKeyOf = (key: KeyAlgorithm): Uint8Array => derOf(`keys/${vectorOf(key)}-public.pem`);

export type ExportableKey = SigningKey & { exportPkcs8(): Uint8Array | Promise<Uint8Array> };

export interface Provider {
  readonly name: string;
  readonly verify: VerifySignature;
  has(key: KeyAlgorithm): boolean;
  /** The key of the vectors unless another one is given. */
  load(algorithm: Algorithm, pkcs8?: Uint8Array): ExportableKey | Promise<ExportableKey>;
}

export const providers: readonly Provider[] = [
  {
    name: 'node',
    verify: verifyWithNode,
    has: () => true,
    load: ({ key, scheme }, pkcs8 = pkcs8Of(key)) => nodeKey(pkcs8, { scheme }),
  },
  {
    name: 'webcrypto',
    verify: verifyWithWebCrypto,
    has: () => true,
    load: ({ key, scheme }, pkcs8 = pkcs8Of(key)) => webCryptoKey(pkcs8, { scheme, extractable: true }),
  },
  {
    name: 'noble',
    verify: verifyWithNoble,
    has: (key) => !key.startsWith('RSA'), // software keys are elliptic
    load: ({ key }, pkcs8 = pkcs8Of(key)) => softwareKey(pkcs8),
  },
];

/** Every algorithm with every provider that has it, and a name for the table. */
export const combinations: readonly {
  readonly name: string;
  readonly algorithm: Algorithm;
  readonly provider: Provider;
}[] = algorithms.flatMap((algorithm) =>
  providers
    .filter(({ has }) => has(algorithm.key))
    .map((provider) => ({ name: `${algorithm.name} by ${provider.name}`, algorithm, provider })),
);
