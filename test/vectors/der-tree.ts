/**
 * DER as a tree that can be broken on purpose. It shares no code with the packages, because it makes their tests.
 */

/** One element. A fault is an element whose header or content is written as nobody should. */
export interface Element {
  tag: number;
  /** Octets of a primitive element, or children; an OCTET STRING or BIT STRING that was opened has both a tag and children. */
  content: Uint8Array | Element[];
  /** Octets of the content before the children: the number of unused bits of an opened BIT STRING. */
  prefix?: Uint8Array;
  /** Length octets to write instead of the right ones. */
  length?: Uint8Array;
  /** Octets written behind the content: end-of-contents octets of an indefinite length. */
  suffix?: Uint8Array;
}

/** Reads bytes that are known to be DER: openssl has just written them. */
export function parseTree(der: Uint8Array): Element {
  const [element, end] = parseAt(der, 0);
  if (end !== der.length) throw new Error(`Cannot parse: ${der.length - end} octets left over`);
  return element;
}

function parseAt(der: Uint8Array, start: number): [Element, number] {
  const tag = der[start]!;
  let at = start + 2;
  let length = der[start + 1]!;
  if (length >= 0x80) {
    const octets = length & 0x7f;
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + der[at++]!;
  }
  const end = at + length;
  if (end > der.length) throw new Error(`Cannot parse: element at byte ${start} ends at ${end} of ${der.length}`);
  if ((tag & 0x20) === 0) return [{ tag, content: der.slice(at, end) }, end];
  const content: Element[] = [];
  while (at < end) {
    const [child, next] = parseAt(der, at);
    content.push(child);
    at = next;
  }
  return [{ tag, content }, end];
}

/** Children of a constructed or opened element. */
export function children(element: Element): Element[] {
  if (element.content instanceof Uint8Array) throw new Error(`Cannot descend into tag ${element.tag}: it is primitive`);
  return element.content;
}

/** The child at a path of positions. */
export function child(element: Element, ...positions: readonly number[]): Element {
  let at = element;
  for (const position of positions) {
    const next = children(at)[position];
    if (next === undefined) throw new Error(`Cannot find child ${position} of ${positions.join('.')}`);
    at = next;
  }
  return at;
}

/** Content octets of a primitive element. */
export function octets(element: Element): Uint8Array {
  if (!(element.content instanceof Uint8Array)) throw new Error(`Cannot take the octets of tag ${element.tag}`);
  return element.content;
}

/** Makes the DER inside an OCTET STRING or BIT STRING part of the tree; returns the element inside. */
export function open(element: Element): Element {
  const content = octets(element);
  const skip = element.tag === 0x03 ? 1 : 0;
  if (skip === 1) element.prefix = content.slice(0, 1);
  const inner = parseTree(content.subarray(skip));
  element.content = [inner];
  return inner;
}

/** Octets of the tree, and where each element of it starts. */
export function serialize(root: Element): { der: Uint8Array; offsets: ReadonlyMap<Element, number> } {
  const offsets = new Map<Element, number>();
  const sizes = new Map<Element, number>();
  const size = (element: Element): number => {
    let content = element.prefix?.length ?? 0;
    if (element.content instanceof Uint8Array) content += element.content.length;
    else for (const inner of element.content) content += size(inner);
    sizes.set(element, content);
    return 1 + (element.length ?? shortestLength(content)).length + content + (element.suffix?.length ?? 0);
  };
  const der = new Uint8Array(size(root));
  let at = 0;
  const put = (bytes: Uint8Array) => {
    der.set(bytes, at);
    at += bytes.length;
  };
  const write = (element: Element): void => {
    offsets.set(element, at);
    der[at++] = element.tag;
    put(element.length ?? shortestLength(sizes.get(element)!));
    if (element.prefix) put(element.prefix);
    if (element.content instanceof Uint8Array) put(element.content);
    else element.content.forEach(write);
    if (element.suffix) put(element.suffix);
  };
  write(root);
  return { der, offsets };
}

/** Length octets as DER wants them. */
function shortestLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length);
  return length < 0x100 ? Uint8Array.of(0x81, length) : Uint8Array.of(0x82, length >> 8, length & 0xff);
}

/** Octets of the content of an element as it stands. */
export function contentLength(element: Element): number {
  const { der } = serialize({ ...element, length: new Uint8Array(0), suffix: new Uint8Array(0) });
  return der.length - 1;
}

/** An element from a tag and either octets or children. */
export const tlv = (tag: number, content: Uint8Array | readonly number[] | Element[]): Element => ({
  tag,
  content:
    content instanceof Uint8Array || content.some((item) => typeof item === 'object')
      ? (content as Uint8Array | Element[]) // numbers are the other branch
      : Uint8Array.from(content as readonly number[]), // no item is an element
});

/** ASCII as octets. */
export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** Octets from hexadecimal. */
export const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
