import { DerError, tagName, tags } from '@mayfly/der';
import type { Field } from './field.js';
import { CONSTRUCTED, carriedOffset, type Header, isOneStructure, readHeader } from './header.js';
import type { Member, Shape } from './shape.js';
import { decodeValue } from './value.js';

/** Deeper than any structure of X.509. */
const MAX_DEPTH = 40;
/** Fields of one input; a revocation list may have millions. */
const MAX_FIELDS = 20_000;
/** Characters of a summary that is made of what is below. */
const MAX_SUMMARY = 120;

/** What one reading carries along. */
interface Reading {
  readonly bytes: Uint8Array;
  fields: number;
}

/** An element before it is read: who it is to its parent, and up to where it may reach. */
interface Place {
  readonly name: string;
  readonly path: string;
  readonly shape: Shape;
  readonly offset: number;
  readonly limit: number;
  readonly depth: number;
}

/**
 * Reads DER as far as it can be read: what is broken is a field with a fault, and its neighbours are read on.
 * @param bytes - Not copied.
 * @param name - Of the root, as the strict readers call it, so that their paths fit.
 */
export function readFields(bytes: Uint8Array, name: string, shape: Shape): Field {
  const reading: Reading = { bytes, fields: 0 };
  const limit = bytes.length;
  const root = readField(reading, { name, path: name, shape, offset: 0, limit, depth: 0 });
  if (root.end === limit) return root;
  const fault = new DerError('ERR_DER_TRAILING_DATA', root.end, name, `${limit - root.end} octets left over`);
  return { ...root, end: limit, children: [...root.children, unreadable(root.end, limit, name, fault)] };
}

const unreadable = (offset: number, end: number, path: string, fault: DerError): Field => ({
  name: 'unreadable',
  label: 'unreadable',
  path,
  type: `${end - offset} octets`,
  text: fault.message.replace(/^.*? at byte \d+: /, ''),
  offset,
  contentOffset: offset,
  end,
  children: [],
  isSecret: false,
  fault,
});

function readField(reading: Reading, place: Place): Field {
  const { bytes } = reading;
  const { name, path, shape, offset, limit, depth } = place;
  reading.fields++;
  let header: Header;
  try {
    header = readHeader(bytes, offset, limit, path);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    return unreadable(offset, limit, path, error);
  }
  const chosen = shape.choice?.find(({ tag }) => tag === header.tag);
  if (chosen !== undefined) {
    const field = readField(reading, { ...place, shape: shapeOf(chosen, []) });
    return { ...field, label: chosen.name };
  }
  const isConstructed = (header.tag & CONSTRUCTED) !== 0;
  const { contentOffset, end } = header;
  const type = tagName(shape.type ?? header.tag);
  const start = isConstructed ? contentOffset : carriedOffset(header);
  if (wraps(reading, shape, header, start) && start < end && depth < MAX_DEPTH) {
    const content: Place = { name, path, shape: shape.inside ?? {}, offset: start, limit: end, depth: depth + 1 };
    const inner = readField(reading, content);
    return told(
      {
        ...inner,
        type: `${type} ▸ ${inner.type}`,
        offset,
        contentOffset,
        end,
        isSecret: inner.isSecret || shape.isSecret === true,
      },
      shape,
      bytes,
    );
  }
  const own = { name, label: name, path, offset, contentOffset, end, isSecret: shape.isSecret === true };
  if (isConstructed && depth < MAX_DEPTH) {
    const children = childrenOf(reading, place, header);
    return told({ ...own, type, text: summaryOf(children), children }, shape, bytes);
  }
  return told(
    { ...own, type, children: [], ...decodeValue(bytes.subarray(offset, end), own, header.tag, shape) },
    shape,
    bytes,
  );
}

/** Whether an element is shown as one with the element that it holds or carries. */
function wraps({ bytes }: Reading, shape: Shape, { tag, end }: Header, start: number): boolean {
  if (shape.inside !== undefined) return true;
  if (shape.members !== undefined || shape.each !== undefined || shape.text !== undefined || shape.isSecret)
    return false;
  return (tag === tags.octetString || tag === tags.bitString) && isOneStructure(bytes, start, end);
}

function told(field: Field, { text, label }: Shape, bytes: Uint8Array): Field {
  const { offset, end, children } = field;
  if (field.fault !== undefined) return field;
  return {
    ...field,
    label: label?.(children) ?? field.label,
    text: text?.(bytes.subarray(offset, end), children) ?? field.text,
  };
}

function childrenOf(reading: Reading, { path, shape, depth }: Place, { contentOffset, end }: Header): readonly Field[] {
  const children: Field[] = [];
  let next = 0;
  for (let offset = contentOffset; offset < end; offset = children.at(-1)!.end) {
    if (reading.fields >= MAX_FIELDS) {
      const more: Field = { ...unreadable(offset, end, path, tooMany(offset, path)), label: 'more', name: 'more' };
      const { fault: _, ...rest } = more;
      return [...children, { ...rest, text: `not listed: an input has ${MAX_FIELDS} fields at most here` }];
    }
    const index = children.length;
    const { members = [] } = shape;
    const position = members.findIndex((member, i) => i >= next && fits(member, reading.bytes[offset]!));
    const member = position === -1 ? undefined : members[position]!;
    if (member !== undefined) next = position + 1;
    const name = member?.name ?? `[${index}]`;
    children.push(
      readField(reading, {
        name,
        path: member === undefined ? `${path}${name}` : `${path}.${name}`,
        shape: member === undefined ? (shape.each ?? {}) : shapeOf(member, children),
        offset,
        limit: end,
        depth: depth + 1,
      }),
    );
  }
  return children;
}

const tooMany = (offset: number, path: string): DerError =>
  new DerError('ERR_DER_TOO_LARGE', offset, path, `more than ${MAX_FIELDS} fields`);

/** A member without a tag of its own takes what comes; the optional ones name theirs. */
const fits = ({ tag }: Member, found: number): boolean => tag === undefined || tag === found;

const shapeOf = ({ shape }: Member, before: readonly Field[]): Shape =>
  (typeof shape === 'function' ? shape(before) : shape) ?? {};

/** What is below in one line; empty where that is long, or where some of it has no line of its own. */
function summaryOf(children: readonly Field[]): string {
  const told = children.filter(({ isSecret }) => !isSecret);
  if (told.some(({ text, children: below }) => text === '' && below.length > 0)) return '';
  const parts = told
    .filter(({ text }) => text !== '')
    .map(({ name, label, text }) => (name.startsWith('[') && label === name ? text : `${label} ${text}`));
  const summary = parts.join(', ');
  return summary.length <= MAX_SUMMARY ? summary : '';
}
