import { contextConstructedTag, contextTag, type DerReader, type Oid, read } from '@mayfly/der';
import { joinSegments, normalizeBer } from '@mayfly/der/ber';
import type { EncryptedPrivateKeyInfo } from '@mayfly/pkcs8/encrypted';
import { type AlgorithmIdentifier, readAlgorithmIdentifier } from '@mayfly/x509';
import { Pkcs12Error } from './errors.js';
import type { ImportLimits } from './limits.js';
import { type BagAllowance, readSafeContents, type SafeBag, type SealedBag } from './safe-bag.js';

/** RFC 7292 §4, without what protects it. */
export interface Pfx {
  readonly authenticatedSafe: readonly SafeContents[];
}

/** Bags that stand together. */
export interface SafeContents {
  /** Whether they are encrypted as a whole. */
  readonly encrypted: boolean;
  readonly safeBags: readonly SafeBag[];
}

/** RFC 7292 §4, MacData. */
export interface MacData {
  readonly digestAlgorithm: AlgorithmIdentifier;
  readonly digest: Uint8Array;
  readonly macSalt: Uint8Array;
  readonly iterations: number;
}

/** A PFX as it stands in a file. All bytes are views. */
export interface SealedPfx {
  /** The octets that the MAC is over. */
  readonly authSafe: Uint8Array;
  readonly macData: MacData | undefined;
  readonly contents: readonly SealedContents[];
}
export type SealedContents =
  | { readonly type: 'data'; readonly safeBags: readonly SealedBag[] }
  | { readonly type: 'encrypted'; readonly encrypted: EncryptedPrivateKeyInfo };

export const idData: Oid = '1.2.840.113549.1.7.1';
export const idEncryptedData: Oid = '1.2.840.113549.1.7.6';

/** Content types that this package names when it refuses them. */
const unsupported: Readonly<Record<Oid, string>> = {
  '1.2.840.113549.1.7.2': 'SignedData, integrity by a public key',
  '1.2.840.113549.1.7.3': 'EnvelopedData, encryption for a public key',
};

/**
 * Reads
 *
 *     PFX ::= SEQUENCE {
 *       version  INTEGER {v3(3)}(v3,...),
 *       authSafe ContentInfo,
 *       macData  MacData OPTIONAL }
 *
 * in BER, down to the bags that stand in the open.
 * @throws {@link Pkcs12Error} `ERR_PKCS12_FORMAT`, `ERR_PKCS12_TOO_LARGE`, `ERR_PKCS12_UNSUPPORTED`, `ERR_PKCS12_BAGS`,
 * `ERR_PKCS12_DEPTH`; {@link DerError}, whose offsets are in the file rewritten as DER.
 */
export function readSealedPfx(file: Uint8Array, limits: Required<ImportLimits>, allowance: BagAllowance): SealedPfx {
  if (!(file instanceof Uint8Array)) throw new TypeError('Cannot read pfx: not a Uint8Array');
  if (file.length > limits.fileLength)
    throw new Pkcs12Error(
      'ERR_PKCS12_TOO_LARGE',
      'pfx',
      `${file.length} octets, at most ${limits.fileLength} are read (limit fileLength)`,
    );
  refuseOtherFormats(file);
  return read(
    normalizeBer(file, { field: 'pfx', maxLength: limits.fileLength }),
    (reader) => {
      const pfx = reader.sequence('');
      const versionOffset = pfx.offset;
      const version = pfx.smallInteger('version');
      if (version !== 3) pfx.refuse('ERR_DER_VALUE', versionOffset, 'version', `value ${version}, expected 3`);
      const authSafe = readData(pfx, 'authSafe');
      const macData = pfx.done ? undefined : readMacData(pfx);
      pfx.end();
      return { authSafe, macData, contents: readAuthenticatedSafe(authSafe, limits, allowance) };
    },
    { field: 'pfx', maxLength: 2 * limits.fileLength },
  );
}

/** Files that are taken for PKCS#12 now and then, and what to do about them. */
function refuseOtherFormats(file: Uint8Array): void {
  const magic = [...file.subarray(0, 4)].map((octet) => octet.toString(16).padStart(2, '0')).join('');
  const store = { feedfeed: 'JKS', cececece: 'JCEKS' }[magic];
  if (store !== undefined)
    throw new Pkcs12Error(
      'ERR_PKCS12_FORMAT',
      'pfx',
      `this is a ${store} keystore; "keytool -importkeystore -srckeystore FILE -srcstoretype ${store} ` +
        '-destkeystore FILE.p12 -deststoretype PKCS12" makes it PKCS#12',
    );
  if (magic === '2d2d2d2d')
    throw new Pkcs12Error('ERR_PKCS12_FORMAT', 'pfx', 'this is PEM text; PKCS#12 files are binary');
}

/** A ContentInfo that has to be of type data: its octets. */
function readData(reader: DerReader, field: string): Uint8Array {
  const info = reader.sequence(field);
  const contentType = info.oid('contentType');
  if (contentType !== idData) refuseContent(info.path(), contentType);
  const content = info.explicit(0, 'content');
  const octets = content.octetString('');
  content.end();
  info.end();
  return octets;
}

function refuseContent(path: string, contentType: Oid): never {
  const name = unsupported[contentType];
  throw new Pkcs12Error(
    'ERR_PKCS12_UNSUPPORTED',
    path,
    `contentType is ${contentType}${name === undefined ? '' : ` (${name})`}`,
  );
}

/** `MacData ::= SEQUENCE { mac DigestInfo, macSalt OCTET STRING, iterations INTEGER DEFAULT 1 }`. */
function readMacData(pfx: DerReader): MacData {
  const macData = pfx.sequence('macData');
  const mac = macData.sequence('mac');
  const digestAlgorithm = readAlgorithmIdentifier(mac, 'digestAlgorithm');
  const digest = mac.octetString('digest');
  mac.end();
  const macSalt = macData.octetString('macSalt');
  const iterations = macData.done ? 1 : macData.smallInteger('iterations');
  macData.end();
  return { digestAlgorithm, digest, macSalt, iterations };
}

/** `AuthenticatedSafe ::= SEQUENCE OF ContentInfo`. */
function readAuthenticatedSafe(
  authSafe: Uint8Array,
  limits: Required<ImportLimits>,
  allowance: BagAllowance,
): readonly SealedContents[] {
  const options = { field: 'pfx.authSafe', maxLength: 2 * limits.fileLength };
  return read(
    normalizeBer(authSafe, options),
    (reader) => {
      const infos = reader.sequence('');
      const contents: SealedContents[] = [];
      while (!infos.done) {
        if (contents.length >= limits.bags)
          throw new Pkcs12Error('ERR_PKCS12_BAGS', infos.path(), `more than ${limits.bags} parts (limit bags)`);
        contents.push(readContents(infos, limits, allowance));
      }
      return contents;
    },
    { field: options.field, maxLength: options.maxLength },
  );
}

function readContents(infos: DerReader, limits: Required<ImportLimits>, allowance: BagAllowance): SealedContents {
  const info = infos.sequence('');
  const path = info.path();
  const contentType = info.oid('contentType');
  const content = info.explicit(0, 'content');
  let contents: SealedContents;
  if (contentType === idData)
    contents = { type: 'data', safeBags: parseSafeContents(content.octetString(''), path, limits, allowance) };
  else if (contentType === idEncryptedData) contents = { type: 'encrypted', encrypted: readEncryptedData(content) };
  else return refuseContent(path, contentType);
  content.end();
  info.end();
  return contents;
}

/** Reads octets that carry SafeContents in BER. */
export const parseSafeContents = (
  octets: Uint8Array,
  path: string,
  limits: Required<ImportLimits>,
  allowance: BagAllowance,
): readonly SealedBag[] => {
  // Twelve levels of structure around each level of bags would be more than any file has.
  const maxDepth = 12 * limits.depth;
  const options = { field: path, maxLength: 2 * limits.fileLength };
  return read(
    normalizeBer(octets, { ...options, maxDepth }),
    (reader) => readSafeContents(reader, 'safeBags', allowance),
    options,
  );
};

/**
 *     EncryptedData ::= SEQUENCE { version INTEGER, encryptedContentInfo SEQUENCE {
 *       contentType OBJECT IDENTIFIER,
 *       contentEncryptionAlgorithm AlgorithmIdentifier,
 *       encryptedContent [0] IMPLICIT OCTET STRING OPTIONAL }, ... }
 */
function readEncryptedData(content: DerReader): EncryptedPrivateKeyInfo {
  const data = content.sequence('encryptedData');
  const versionOffset = data.offset;
  const version = data.smallInteger('version');
  // RFC 5652 §8: 2 when there are unprotected attributes.
  if (version !== 0 && version !== 2) data.refuse('ERR_DER_VALUE', versionOffset, 'version', `value ${version}`);
  const info = data.sequence('encryptedContentInfo');
  const contentType = info.oid('contentType');
  if (contentType !== idData) refuseContent(info.path(), contentType);
  const encryptionAlgorithm = readAlgorithmIdentifier(info, 'contentEncryptionAlgorithm');
  const constructed = contextConstructedTag(0);
  const encryptedData =
    info.peek() === constructed
      ? joinSegments(info.value(constructed, 'encryptedContent'), info.path('encryptedContent'))
      : info.octetString('encryptedContent', contextTag(0));
  info.end();
  while (!data.done) data.skip('unprotectedAttrs', contextConstructedTag(1));
  return { encryptionAlgorithm, encryptedData };
}
