import { DerError, type Oid } from '@mayfly/der';
import { Pkcs8Error } from '@mayfly/pkcs8';
import type { EncryptedPrivateKeyInfo } from '@mayfly/pkcs8/encrypted';
import { algorithmName, type Derivation } from '@mayfly/pkcs8/password-based';
import { idPbes2, parsePbes2 } from '@mayfly/pkcs8/pbes2';
import type { AlgorithmIdentifier } from '@mayfly/x509';
import { friendlyName, type HasAttributes, localKeyId, trustedKeyUsage } from './attribute.js';
import { Pkcs12Error } from './errors.js';
import { bagAllowance, type ImportLimits, resolveLimits } from './limits.js';
import { macScheme } from './mac.js';
import { type MacData, readSealedPfx } from './pfx.js';
import type { SealedBag } from './safe-bag.js';

/** How something is encrypted. */
export interface EncryptionDescription {
  /** OID, and a name where it is known. */
  readonly algorithm: string;
  readonly cipher?: string;
  readonly derivation?: Derivation;
  /** Octets of ciphertext. */
  readonly byteLength: number;
  /** Why no more can be told. */
  readonly fault?: string;
}

/** How the MAC is made. */
export interface MacDescription {
  /** `HMAC` is that of RFC 7292, `PBMAC1` that of RFC 9579. */
  readonly scheme?: 'HMAC' | 'PBMAC1';
  readonly hash?: string;
  readonly derivation?: Derivation;
  readonly fault?: string;
}

/** A bag as far as it stands in the open. */
export interface BagDescription {
  readonly type: SealedBag['type'];
  readonly friendlyName?: string;
  readonly localKeyId?: Uint8Array;
  readonly isTrusted: boolean;
  /** Of all attributes. */
  readonly attributes: readonly Oid[];
  /** DER, of a certificate. */
  readonly certificate?: Uint8Array;
  /** Of a key that is shrouded. */
  readonly encryption?: EncryptionDescription;
  /** Of a bag within which there are others. */
  readonly safeBags?: readonly BagDescription[];
}

export interface ContentsDescription {
  /** When they are encrypted; then their bags cannot be told. */
  readonly encryption?: EncryptionDescription;
  readonly safeBags?: readonly BagDescription[];
}

/** What can be told of a file without its password. Nobody has vouched for it: no MAC was checked. */
export interface PfxDescription {
  /** `undefined`: there is none. */
  readonly mac: MacDescription | undefined;
  readonly contents: readonly ContentsDescription[];
}

/**
 * Tells structure and algorithms of a file, without its password and without any derivation.
 * @throws {@link Pkcs12Error}, {@link DerError} as `readPfx` for what is no PKCS#12.
 */
export function describePfx(
  file: Uint8Array,
  { limits: given }: { readonly limits?: ImportLimits } = {},
): PfxDescription {
  const limits = resolveLimits(given);
  const { macData, contents } = readSealedPfx(file, limits, bagAllowance(limits));
  return {
    mac: macData && describeMac(macData),
    contents: contents.map((one) =>
      one.type === 'encrypted'
        ? { encryption: describeEncryption(one.encrypted) }
        : { safeBags: one.safeBags.map(describeBag) },
    ),
  };
}

function describeMac(macData: MacData): MacDescription {
  try {
    const { name, hash, derivation } = macScheme(macData);
    return { scheme: name, hash, derivation };
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

function describeEncryption({ encryptionAlgorithm, encryptedData }: EncryptedPrivateKeyInfo): EncryptionDescription {
  const { algorithm } = encryptionAlgorithm;
  const byteLength = encryptedData.length;
  if (algorithm !== idPbes2) return { algorithm: algorithmName(algorithm), byteLength };
  return { algorithm: `${algorithm} (PBES2)`, byteLength, ...describePbes2(encryptionAlgorithm) };
}

function describePbes2(algorithm: AlgorithmIdentifier): Omit<EncryptionDescription, 'algorithm' | 'byteLength'> {
  try {
    const { cipher, keyDerivation } = parsePbes2(algorithm);
    return { cipher, derivation: keyDerivation };
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

function faultOf(error: unknown): string {
  if (error instanceof Pkcs12Error || error instanceof Pkcs8Error || error instanceof DerError)
    return `${error.message} (${error.code})`;
  throw error;
}

function describeBag(bag: SealedBag): BagDescription {
  const name = tolerant(bag, friendlyName);
  const id = tolerant(bag, localKeyId);
  return {
    type: bag.type,
    isTrusted: tolerant(bag, trustedKeyUsage) !== undefined,
    attributes: bag.attributes.map(({ attrId }) => attrId),
    ...(name !== undefined && { friendlyName: name }),
    ...(id && { localKeyId: id }),
    ...(bag.type === 'certificate' && { certificate: bag.certificate }),
    ...(bag.type === 'shrouded' && { encryption: describeEncryption(bag.encrypted) }),
    ...(bag.type === 'safeContents' && { safeBags: bag.safeBags.map(describeBag) }),
  };
}

/** An attribute, or nothing where it is broken: the rest is worth telling. */
function tolerant<T>(bag: HasAttributes, of: (bag: HasAttributes) => T | undefined): T | undefined {
  try {
    return of(bag);
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
