import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Seconds, toHex } from '@mayfly/der';
import { encodePem } from '@mayfly/der/pem';
import { type Extension, encodeTBSCertificate } from '@mayfly/x509';
import { basicConstraintsExtension, subjectAltNameExtension } from '@mayfly/x509/extensions';
import type { GeneralName } from '@mayfly/x509/general-name';
import { buildName, encodeName } from '@mayfly/x509/name';
import { assemble } from '@mayfly/x509/signed';
import { type Credentials, type CredentialTexts, type LiveCredentials, parseCredentials } from '../src/credentials.js';

/** Names of files, as the volumes of Kubernetes have them, to their texts. */
export type Files = Readonly<Record<string, string>>;

/** What an authority signs. */
export interface LeafOptions {
  readonly dNSName?: string;
  readonly spiffeId?: string;
  /** Seconds from now. Default 3600. */
  readonly expiresIn?: Seconds;
  /** Seconds from now. Default -60. */
  readonly startsIn?: Seconds;
}

/** A CA that lives in memory. */
export interface Authority {
  readonly pem: string;
  issue(options?: LeafOptions): { readonly privateKey: string; readonly certificateChain: string };
  /** A CA below this one; what it issues comes with its certificate. */
  intermediate(name: string): Authority;
}

/** Makes a CA with a new key. */
export function createAuthority(name: string): Authority {
  const keys = newKeys();
  return authority(name, keys.privateKey, certificate(name, keys, name, keys.privateKey, ca), '');
}

const ca: Certified = { extensions: [basicConstraintsExtension({ cA: true })], expiresIn: 86_400, startsIn: -3600 };
const ecdsaWithSHA256 = { algorithm: '1.2.840.10045.4.3.2' } as const;

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

interface Certified {
  readonly extensions: readonly Extension[];
  readonly expiresIn: Seconds;
  readonly startsIn: Seconds;
}

const newKeys = (): KeyPair => generateKeyPairSync('ec', { namedCurve: 'P-256' });

function authority(name: string, key: KeyObject, pem: string, chain: string): Authority {
  return {
    pem,
    issue({ dNSName = 'localhost', spiffeId, expiresIn = 3600, startsIn = -60 } = {}) {
      const names: GeneralName[] = [{ type: 'dNSName', value: dNSName }];
      if (spiffeId !== undefined) names.push({ type: 'uniformResourceIdentifier', value: spiffeId });
      const leaf = newKeys();
      const extensions = [subjectAltNameExtension(names)];
      return {
        privateKey: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        certificateChain: certificate('leaf', leaf, name, key, { extensions, expiresIn, startsIn }) + chain,
      };
    },
    intermediate(subject) {
      const keys = newKeys();
      const own = certificate(subject, keys, name, key, ca);
      return authority(subject, keys.privateKey, own, own + chain);
    },
  };
}

function certificate(subject: string, keys: KeyPair, issuer: string, issuerKey: KeyObject, of: Certified): string {
  const now = Math.floor(Date.now() / 1000);
  const tbs = encodeTBSCertificate({
    version: 3,
    serialNumber: BigInt('0x7f' + toHex(randomBytes(12))),
    signature: ecdsaWithSHA256,
    issuer: encodeName(buildName({ commonName: issuer })),
    validity: { notBefore: now + of.startsIn, notAfter: now + of.expiresIn },
    subject: encodeName(buildName({ commonName: subject })),
    subjectPublicKeyInfo: keys.publicKey.export({ type: 'spki', format: 'der' }),
    extensions: of.extensions,
  });
  const signatureValue = sign('sha256', tbs, issuerKey);
  return encodePem('CERTIFICATE', assemble({ tbs, signatureAlgorithm: ecdsaWithSHA256, signatureValue }));
}

/** The three files of a credential directory. */
export const filesOf = (texts: CredentialTexts): Files => ({
  'tls.key': texts.privateKey,
  'tls.crt': texts.certificateChain,
  ...(texts.trustBundle !== undefined && { 'ca.crt': texts.trustBundle }),
});

/** A new directory of its own under the system's temporary one. */
export const temporaryDirectory = (): string => mkdtempSync(join(tmpdir(), 'mayfly-tls-'));

/** Replaces all files of a volume at once, as the atomic writer of Kubernetes does. */
export function swap(directory: string, files: Files): void {
  const generation = `..${toHex(randomBytes(6))}`;
  mkdirSync(join(directory, generation), { mode: 0o700 });
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(directory, generation, name), text, { mode: 0o600 });
  const old = readlinkOf(join(directory, '..data'));
  symlinkSync(generation, join(directory, '..data_tmp'));
  renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
  for (const name of Object.keys(files))
    if (readlinkOf(join(directory, name)) === undefined) symlinkSync(join('..data', name), join(directory, name));
  if (old !== undefined) rmSync(join(directory, old), { recursive: true });
}

function readlinkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    // Not there, or no link: the caller makes one.
    return undefined;
  }
}

/** Credentials that a test changes by hand. */
export interface ManualCredentials extends LiveCredentials {
  set(texts: CredentialTexts): Credentials;
}

/** Credentials in memory, without any files. */
export function manualCredentials(texts: CredentialTexts): ManualCredentials {
  const listeners = new Set<(credentials: Credentials, previous: Credentials) => void>();
  let current = parseCredentials(texts, 1);
  return {
    get current() {
      return current;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    set(next) {
      const previous = current;
      current = parseCredentials(next, previous.sequence + 1);
      for (const listener of listeners) listener(current, previous);
      return current;
    },
  };
}

/** Waits until a condition holds, at most five seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 5000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('Cannot go on: the condition did not come true within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
