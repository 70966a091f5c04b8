import {
  type Child,
  type DerNode,
  type DerReader,
  explicit,
  type Oid,
  octetString,
  oid,
  raw,
  sequence,
} from '@mayfly/der';
import {
  type EncryptedPrivateKeyInfo,
  encryptedPrivateKeyInfoNode,
  readEncryptedPrivateKeyInfo,
} from '@mayfly/pkcs8/encrypted';
import { type Attribute, attributesNode, type HasAttributes, readAttributes } from './attribute.js';
import { Pkcs12Error } from './errors.js';

/** A private key (RFC 7292 §4.2.1 and §4.2.2). */
export interface KeyBag extends HasAttributes {
  readonly type: 'key';
  /** DER of a PrivateKeyInfo. */
  readonly privateKeyInfo: Uint8Array;
  /** Whether it is encrypted by itself, as nearly always. */
  readonly shrouded: boolean;
}
/** An X.509 certificate (§4.2.3). */
export interface CertBag extends HasAttributes {
  readonly type: 'certificate';
  readonly certificate: Uint8Array;
}
/** An X.509 CRL (§4.2.4). */
export interface CrlBag extends HasAttributes {
  readonly type: 'crl';
  readonly crl: Uint8Array;
}
/** Some other secret (§4.2.5). */
export interface SecretBag extends HasAttributes {
  readonly type: 'secret';
  readonly secretTypeId: Oid;
  /** DER of the value. */
  readonly secretValue: Uint8Array;
}
/** Bags within a bag (§4.2.6). */
export interface SafeContentsBag extends HasAttributes {
  readonly type: 'safeContents';
  readonly safeBags: readonly SafeBag[];
}
/** What this package does not know, kept as it is: SDSI certificates among others. */
export interface UnknownBag extends HasAttributes {
  readonly type: 'unknown';
  readonly bagId: Oid;
  /** DER of the value. */
  readonly bagValue: Uint8Array;
}
/** RFC 7292 §4.2. */
export type SafeBag = KeyBag | CertBag | CrlBag | SecretBag | SafeContentsBag | UnknownBag;

/** A key bag that is still encrypted. */
export interface ShroudedBag extends HasAttributes {
  readonly type: 'shrouded';
  readonly encrypted: EncryptedPrivateKeyInfo;
}
/** A bag as it stands in a file, before any key is decrypted. */
export type SealedBag =
  | ShroudedBag
  | Exclude<SafeBag, SafeContentsBag>
  | (HasAttributes & { readonly type: 'safeContents'; readonly safeBags: readonly SealedBag[] });

const bagIds = {
  key: '1.2.840.113549.1.12.10.1.1',
  shrouded: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
  crl: '1.2.840.113549.1.12.10.1.4',
  secret: '1.2.840.113549.1.12.10.1.5',
  safeContents: '1.2.840.113549.1.12.10.1.6',
} as const;
const x509Certificate: Oid = '1.2.840.113549.1.9.22.1';
const x509Crl: Oid = '1.2.840.113549.1.9.23.1';

/** How many bags a file may still have, and how deep they may be nested. */
export interface BagAllowance {
  bags: number;
  readonly maxBags: number;
  readonly maxDepth: number;
}

/**
 * Reads `SafeContents ::= SEQUENCE OF SafeBag`, where
 *
 *     SafeBag ::= SEQUENCE {
 *       bagId         BAG-TYPE.&id ({PKCS12BagSet}),
 *       bagValue      [0] EXPLICIT BAG-TYPE.&Type({PKCS12BagSet}{@bagId}),
 *       bagAttributes SET OF PKCS12Attribute OPTIONAL }
 *
 * @throws {@link Pkcs12Error} `ERR_PKCS12_BAGS`, `ERR_PKCS12_DEPTH`; {@link DerError}.
 */
export function readSafeContents(
  reader: DerReader,
  field: string,
  allowance: BagAllowance,
  depth: number = 0,
): readonly SealedBag[] {
  const contents = reader.sequence(field);
  if (depth >= allowance.maxDepth)
    throw new Pkcs12Error('ERR_PKCS12_DEPTH', reader.path(), `bags more than ${allowance.maxDepth} levels deep`);
  const bags: SealedBag[] = [];
  while (!contents.done) {
    if (++allowance.bags > allowance.maxBags)
      throw new Pkcs12Error('ERR_PKCS12_BAGS', contents.path(), `more than ${allowance.maxBags} bags`);
    const bag = contents.sequence('');
    const bagId = bag.oid('bagId');
    const outer = bag.explicit(0, 'bagValue');
    const value = readBagValue(outer, bagId, allowance, depth);
    outer.end();
    const attributes = bag.done ? [] : readAttributes(bag);
    bag.end();
    bags.push({ ...value, attributes });
  }
  return bags;
}

type BagValue = SealedBag extends infer Bag ? (Bag extends SealedBag ? Omit<Bag, 'attributes'> : never) : never;

function readBagValue(outer: DerReader, bagId: Oid, allowance: BagAllowance, depth: number): BagValue {
  switch (bagId) {
    case bagIds.key:
      return { type: 'key', privateKeyInfo: outer.element('keyBag', 0x30), shrouded: false };
    case bagIds.shrouded:
      return { type: 'shrouded', encrypted: readEncryptedPrivateKeyInfo(outer, 'pkcs8ShroudedKeyBag') };
    case bagIds.certificate: {
      const bytes = readTyped(outer, 'certBag', 'certId', 'certValue', x509Certificate);
      return bytes instanceof Uint8Array ? { type: 'certificate', certificate: bytes } : { ...bytes, bagId };
    }
    case bagIds.crl: {
      const bytes = readTyped(outer, 'crlBag', 'crlId', 'crlValue', x509Crl);
      return bytes instanceof Uint8Array ? { type: 'crl', crl: bytes } : { ...bytes, bagId };
    }
    case bagIds.secret: {
      const bag = outer.sequence('secretBag');
      const secretTypeId = bag.oid('secretTypeId');
      const value = bag.explicit(0, 'secretValue');
      const secretValue = value.element('');
      value.end();
      bag.end();
      return { type: 'secret', secretTypeId, secretValue };
    }
    case bagIds.safeContents:
      return { type: 'safeContents', safeBags: readSafeContents(outer, 'safeContents', allowance, depth + 1) };
    default:
      return { type: 'unknown', bagId, bagValue: outer.element('') };
  }
}

/** `SEQUENCE { type OBJECT IDENTIFIER, value [0] EXPLICIT OCTET STRING }`, or the whole when it is of another type. */
function readTyped(
  outer: DerReader,
  field: string,
  typeField: string,
  valueField: string,
  expected: Oid,
): Uint8Array | { readonly type: 'unknown'; readonly bagValue: Uint8Array } {
  const start = outer.offset;
  const bag = outer.sequence(field);
  if (bag.oid(typeField) !== expected) return { type: 'unknown', bagValue: outer.since(start) };
  const value = bag.explicit(0, valueField);
  const octets = value.octetString('');
  value.end();
  bag.end();
  return octets;
}

/** The inverse of {@link readSafeContents}; keys that are to be shrouded have been encrypted. */
export const safeContentsNode = (bags: readonly SealedBag[]): DerNode => sequence(...bags.map(safeBagNode));

function safeBagNode(bag: SealedBag): DerNode {
  switch (bag.type) {
    case 'key':
      return bagNode(bagIds.key, raw(bag.privateKeyInfo), bag.attributes);
    case 'shrouded':
      return bagNode(bagIds.shrouded, encryptedPrivateKeyInfoNode(bag.encrypted), bag.attributes);
    case 'certificate':
      return bagNode(bagIds.certificate, typedNode(x509Certificate, bag.certificate), bag.attributes);
    case 'crl':
      return bagNode(bagIds.crl, typedNode(x509Crl, bag.crl), bag.attributes);
    case 'secret': {
      const value = sequence(oid(bag.secretTypeId), explicit(0, raw(bag.secretValue)));
      return bagNode(bagIds.secret, value, bag.attributes);
    }
    case 'safeContents':
      return bagNode(bagIds.safeContents, safeContentsNode(bag.safeBags), bag.attributes);
    case 'unknown':
      return bagNode(bag.bagId, raw(bag.bagValue), bag.attributes);
  }
}

const bagNode = (bagId: Oid, value: DerNode, attributes: readonly Attribute[]): DerNode => {
  const set: Child = attributesNode(attributes);
  return sequence(oid(bagId), explicit(0, value), set);
};

const typedNode = (type: Oid, octets: Uint8Array): DerNode => sequence(oid(type), explicit(0, octetString(octets)));
