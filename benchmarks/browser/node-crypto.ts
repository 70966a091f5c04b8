import type { webcrypto as WebCrypto } from 'node:crypto';
import { equalBytes } from '@mayfly/der';
import { nobleBackend } from '@mayfly/keys/noble';
import { generateKey, softwareKey, verifyWith } from '@mayfly/keys/software';
import { parsePrivateKeyInfo } from '@mayfly/pkcs8';
import { readECPrivateKey } from '@mayfly/pkcs8/ec';
import { parseCertificate, parseSubjectPublicKeyInfo, signedParts } from '@mayfly/x509';
import { extKeyUsage, subjectAltName } from '@mayfly/x509/extensions';
import { attributeTypes, attributeValues, parseName } from '@mayfly/x509/name';
import { Buffer } from 'buffer';

// Of node:crypto what makes the inputs of the benchmarks and checks their results: by noble, which is slow and nobody's contender. What
// node:crypto itself would be timed with is never called in a page.

export const webcrypto: WebCrypto.Crypto = globalThis.crypto;

export const randomBytes = (length: number): Buffer => Buffer.from(crypto.getRandomValues(new Uint8Array(length)));

const verifies = verifyWith(nobleBackend);

/** A key as `createPrivateKey` and `createPublicKey` give it. */
class Key {
  readonly spki: Uint8Array;
  readonly pkcs8: Uint8Array | undefined;

  constructor(spki: Uint8Array, pkcs8?: Uint8Array) {
    this.spki = spki;
    this.pkcs8 = pkcs8;
  }

  export({ format, type }: { readonly format: 'der' | 'jwk'; readonly type?: 'pkcs8' | 'spki' }): object {
    if (format === 'der') return Buffer.from(type === 'pkcs8' ? this.pkcs8! : this.spki); // of a private key
    const octets = parseSubjectPublicKeyInfo(this.spki).subjectPublicKey;
    const half = (octets.length - 1) / 2;
    const isPoint = octets.length > 32;
    const [x, y] = isPoint ? [octets.subarray(1, 1 + half), octets.subarray(1 + half)] : [octets];
    return {
      x: base64(x!),
      ...(y && { y: base64(y) }),
      ...(this.pkcs8 && { d: base64(secretOf(this.pkcs8, isPoint)) }),
    };
  }
}

const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');

/** The scalar, or behind the two octets of its OCTET STRING the seed of an Ed25519 key. */
function secretOf(pkcs8: Uint8Array, isPoint: boolean): Uint8Array {
  const info = parsePrivateKeyInfo(pkcs8);
  return isPoint ? readECPrivateKey(info).privateKey : info.privateKey.subarray(2);
}

interface Encoded {
  readonly key: Uint8Array;
}

export const createPrivateKey = ({ key }: Encoded): Key =>
  new Key(softwareKey(new Uint8Array(key), nobleBackend).subjectPublicKeyInfo, new Uint8Array(key));

export const createPublicKey = (from: Encoded | Key): Key =>
  new Key(from instanceof Key ? from.spki : new Uint8Array(from.key));

export function generateKeyPairSync(
  _: 'ec',
  { namedCurve }: { readonly namedCurve: 'P-256' },
): {
  readonly privateKey: Key;
  readonly publicKey: Key;
} {
  const key = generateKey(namedCurve, nobleBackend);
  const { subjectPublicKeyInfo } = key;
  return { privateKey: new Key(subjectPublicKeyInfo, key.exportPkcs8()), publicKey: new Key(subjectPublicKeyInfo) };
}

const algorithms = { sha256: '1.2.840.10045.4.3.2', sha384: '1.2.840.10045.4.3.3' } as const;

export const verify = (
  hash: keyof typeof algorithms | null,
  tbs: Uint8Array,
  { spki }: Key,
  signatureValue: Uint8Array,
): boolean =>
  verifies(
    {
      tbs: new Uint8Array(tbs),
      signatureAlgorithm: { algorithm: hash === null ? '1.3.101.112' : algorithms[hash] },
      signatureValue: new Uint8Array(signatureValue),
    },
    spki,
  );

export const sign = (): never => {
  throw new Error('Cannot sign: there is no node:crypto in a page');
};

/** A certificate as the checks look at it. */
export class X509Certificate {
  readonly #certificate;
  readonly #names;
  readonly publicKey: Key;

  constructor(der: Uint8Array) {
    this.#certificate = parseCertificate(new Uint8Array(der));
    this.#names = subjectAltName(this.#certificate) ?? [];
    this.publicKey = new Key(this.#certificate.subjectPublicKeyInfo);
  }

  get subject(): string {
    const name = parseName(this.#certificate.subject);
    const of = (type: string) => attributeValues(name, type)[0];
    return `O=${of(attributeTypes.organization.type)}\nCN=${of(attributeTypes.commonName.type)}`;
  }

  get subjectAltName(): string {
    return this.#names.map(({ type, value }) => `${type === 'dNSName' ? 'DNS' : 'URI'}:${String(value)}`).join(', ');
  }

  get keyUsage(): readonly string[] {
    return [...(extKeyUsage(this.#certificate) ?? [])];
  }

  get validFrom(): string {
    return new Date(this.#certificate.validity.notBefore * 1000).toISOString();
  }

  get validTo(): string {
    return new Date(this.#certificate.validity.notAfter * 1000).toISOString();
  }

  checkHost(host: string): string | undefined {
    return this.#names.some(({ type, value }) => type === 'dNSName' && value === host) ? host : undefined;
  }

  checkIssued(issuer: X509Certificate): boolean {
    return equalBytes(this.#certificate.issuer, issuer.#certificate.subject);
  }

  verify({ spki }: Key): boolean {
    return verifies(signedParts(this.#certificate), spki);
  }
}
