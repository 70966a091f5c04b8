import { child, children, contentLength, type Element, tlv } from '../der-tree.js';

/** Positions in a TBSCertificate of version 3. */
export const tbs = {
  version: 0,
  serialNumber: 1,
  signature: 2,
  issuer: 3,
  validity: 4,
  subject: 5,
  spki: 6,
  extensions: 7,
};

/** A field of the TBSCertificate of a certificate, or what is further within. */
export const field = (root: Element, name: keyof typeof tbs, ...further: readonly number[]): Element =>
  child(root, 0, tbs[name], ...further);
/** The list of extensions of a certificate. */
export const extensionList = (root: Element): Element => field(root, 'extensions', 0);

/** Replaces the content of an element. */
export function fill(element: Element, content: Element['content']): Element {
  element.content = content;
  return element;
}

/** Writes the length with an octet too many. */
export function nonMinimal(element: Element): Element {
  const length = contentLength(element);
  element.length = length < 0x80 ? Uint8Array.of(0x81, length) : Uint8Array.of(0x83, 0, length >> 8, length & 0xff);
  return element;
}

/** Writes an indefinite length, and end-of-contents octets. */
export function indefinite(element: Element): Element {
  element.length = Uint8Array.of(0x80);
  element.suffix = Uint8Array.of(0, 0);
  return element;
}

/** Adds an element behind the others; it is what is left over. */
export function append(element: Element, extra: Element): Element {
  children(element).push(extra);
  return extra;
}

export const NULL = (): Element => tlv(0x05, []);
