import { boolean, type DerNode, type DerReader, type Oid, octetString, oid, sequence, tags } from '@mayfly/der';
import { X509Error } from './errors.js';

/** RFC 5280 §4.1. `extnValue` is the content of the OCTET STRING, a view where it was read. */
export interface Extension {
  readonly extnID: Oid;
  readonly critical: boolean;
  readonly extnValue: Uint8Array;
}

/** An {@link Extension} whose value may be a node, which is then encoded in its place and not before. */
export interface ExtensionToWrite extends Omit<Extension, 'extnValue'> {
  readonly extnValue: Uint8Array | DerNode;
}

/** Anything that carries extensions: certificates, requests, certificates to be. */
export interface HasExtensions {
  readonly extensions: readonly Extension[];
}

/** A part that was decoded before: the value, and the DER that it was decoded from. */
export interface Known<T> {
  readonly der: Uint8Array;
  readonly value: T;
}

/** From this many extensions on, a Set finds duplicates faster than looking through the list. */
const MANY = 16;

/**
 * Reads `Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension`.
 *
 * Beyond DER it accepts an explicit `critical FALSE` and an empty list, because certificates in use have them.
 * @param known - Extensions that were decoded before, taken over where they stand in the same places.
 * @throws {@link X509Error} `ERR_X509_DUPLICATE_EXTENSION`; {@link DerError} for broken DER.
 */
export function readExtensions(
  reader: DerReader,
  field: string,
  known: readonly Known<Extension>[] = [],
): readonly Extension[] {
  const list = reader.sequence(field);
  const extensions: Extension[] = [];
  let seen: Set<Oid> | undefined;
  while (!list.done) {
    const start = list.offset;
    const same = known[extensions.length];
    const extension = same !== undefined && list.skipIfEqual(same.der) ? same.value : readExtension(list);
    const { extnID } = extension;
    if (extensions.length === MANY) seen = new Set(extensions.map((earlier) => earlier.extnID));
    if (seen === undefined ? isListed(extensions, extnID) : seen.has(extnID))
      throw new X509Error('ERR_X509_DUPLICATE_EXTENSION', start, list.path(''), `${extnID} stands there twice`);
    seen?.add(extnID);
    extensions.push(extension);
  }
  return extensions;
}

function readExtension(list: DerReader): Extension {
  const extension = list.sequence('');
  const extnID = extension.oid('extnID');
  const critical = extension.peek() === tags.boolean && extension.boolean('critical');
  const extnValue = extension.octetString('extnValue');
  extension.end();
  return { extnID, critical, extnValue };
}

function isListed(extensions: readonly Extension[], extnID: Oid): boolean {
  for (const extension of extensions) if (extension.extnID === extnID) return true;
  return false;
}

/** RFC 5280 §4.2. DER leaves out a DEFAULT, so `critical` is written only when true. */
export const extensionNode = ({ extnID, critical, extnValue }: ExtensionToWrite): DerNode =>
  sequence(oid(extnID), critical && boolean(true), octetString(extnValue));

/** The inverse of {@link readExtensions}. */
export const extensionsNode = (extensions: readonly ExtensionToWrite[]): DerNode =>
  sequence(...extensions.map(extensionNode));
