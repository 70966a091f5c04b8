/** How much of a DNS name may be other than letters, digits and hyphens. */
export interface DNSNameOptions {
  /** Whether `*` may stand for the whole leftmost label (RFC 9525 §6.3). Default false. */
  readonly wildcard?: boolean;
}

const HYPHEN = 0x2d;
const DOT = 0x2e;
const MAX_NAME_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;

/**
 * Whether a text is a DNS name in the preferred name syntax (RFC 1034 §3.5 as amended by RFC 1123 §2.1) that a certificate
 * may carry: at most 253 octets, labels of 1 to 63 letters, digits and inner hyphens, no dot at the end, and not an IPv4
 * address in disguise (the last label is not all digits). A wildcard needs two labels behind it.
 */
export function isDNSName(text: string, { wildcard = false, ...unknown }: DNSNameOptions = {}): boolean {
  unknown satisfies Record<string, never>;
  return isHostName(text, wildcard);
}

/** {@link isDNSName}, which every name of every certificate pays: read once, character by character (benchmarks/issue). */
export function isHostName(text: string, wildcard: boolean): boolean {
  const { length } = text;
  if (length > MAX_NAME_LENGTH) return false;
  const isWildcard = text.startsWith('*.');
  if (isWildcard && !wildcard) return false;
  let labels = isWildcard ? -1 : 0;
  let start = isWildcard ? 2 : 0;
  let onlyDigits = true;
  for (let at = start; at <= length; at++) {
    const c = at === length ? DOT : text.charCodeAt(at);
    if (c === DOT) {
      const labelLength = at - start;
      if (labelLength === 0 || labelLength > MAX_LABEL_LENGTH) return false;
      if (text.charCodeAt(start) === HYPHEN || text.charCodeAt(at - 1) === HYPHEN) return false;
      labels++;
      if (at === length) break;
      start = at + 1;
      onlyDigits = true;
    } else if (c < 0x30 || c > 0x39) {
      onlyDigits = false;
      if (c !== HYPHEN && !isLetter(c)) return false;
    }
  }
  return labels > 0 && !onlyDigits;
}

/** A to Z in either case. */
const isLetter = (c: number): boolean => (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;

/** A mailbox in its parts; `localPart` is what a quoted one stands for. */
export interface Mailbox {
  readonly localPart: string;
  readonly domain: string;
}

/** Atoms of RFC 5321 §4.1.2 with dots between them, or a quoted string. */
const LOCAL_PART =
  /^(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*")$/;

/** The parts of an addr-spec of ASCII as certificates carry it: `Local-part "@" Domain` (RFC 5280 §4.2.1.6). */
export function parseMailbox(text: string): Mailbox | undefined {
  const at = text.lastIndexOf('@');
  if (at < 1 || at > 64) return undefined;
  const localPart = text.slice(0, at);
  const domain = text.slice(at + 1);
  if (!LOCAL_PART.test(localPart) || !isDNSName(domain)) return undefined;
  return { localPart: localPart.startsWith('"') ? localPart.slice(1, -1).replace(/\\(.)/g, '$1') : localPart, domain };
}

/** Whether {@link parseMailbox} reads a text. */
export const isMailbox = (text: string): boolean => parseMailbox(text) !== undefined;
