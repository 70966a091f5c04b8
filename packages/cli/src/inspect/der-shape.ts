import { tags } from '@mayfly/der';

/** Octets of the smallest AlgorithmIdentifier, and of an OID that somebody registered. */
const SMALLEST_STRUCTURE = 3;
const SMALLEST_OID = 3;
/** `[0]` EXPLICIT, with which a TBSCertificate begins. */
const VERSION = 0xa0;

/**
 * Whether DER, or what is left of it, begins like something that is public by its nature. Every form of a private key is a
 * SEQUENCE that begins with an INTEGER; certificates, requests, revocation lists and public keys begin with a structure, CMS
 * with an OID. A damaged octet in a private key does not make it begin like one of these.
 */
export function looksPublic(der: Uint8Array): boolean {
  const outer = header(der, 0);
  if (outer === undefined) return false;
  if (outer.tag === tags.oid) return true;
  if (outer.tag !== tags.sequence) return false;
  const first = header(der, outer.content);
  if (first?.tag === tags.oid) return first.length >= SMALLEST_OID;
  if (first?.tag !== tags.sequence || first.length < SMALLEST_STRUCTURE) return false;
  const second = der[first.content];
  return second === VERSION || second === tags.integer || second === tags.oid || second === tags.sequence;
}

interface Header {
  readonly tag: number;
  readonly length: number;
  /** Offset of the content. */
  readonly content: number;
}

/** A header that may be damaged: reads no content. */
function header(der: Uint8Array, offset: number): Header | undefined {
  const tag = der[offset];
  const first = der[offset + 1];
  if (tag === undefined || first === undefined) return undefined;
  if (first < 0x80) return { tag, length: first, content: offset + 2 };
  const octets = first & 0x7f;
  if (octets === 0 || octets > 4 || offset + 2 + octets > der.length) return undefined;
  let length = 0;
  for (let i = 0; i < octets; i++) length = length * 256 + der[offset + 2 + i]!;
  return { tag, length, content: offset + 2 + octets };
}

/** The text of an input that has PEM blocks; `undefined` for DER, in which a line may look like one, and for all else. */
export function pemText(bytes: Uint8Array): string | undefined {
  const outer = header(bytes, 0);
  if (outer?.tag === tags.sequence && outer.content + outer.length === bytes.length) return undefined;
  const text = new TextDecoder('latin1').decode(bytes);
  return /^-----BEGIN /m.test(text) ? text : undefined;
}
