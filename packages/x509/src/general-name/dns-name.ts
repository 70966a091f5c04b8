/** How much of a DNS name may be other than letters, digits and hyphens. */
export interface DNSNameOptions {
  /** Whether `*` may stand for the whole leftmost label (RFC 9525 §6.3). Default false. */
  readonly wildcard?: boolean;
}

/** Labels with dots between them, the last not all digits. */
const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*(?![0-9]+$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const WILDCARD =
  /^\*\.(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+(?![0-9]+$)[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;

/**
 * Whether a text is a DNS name in the preferred name syntax (RFC 1034 §3.5 as amended by RFC 1123 §2.1) that a certificate
 * may carry: at most 253 octets, labels of 1 to 63 letters, digits and inner hyphens, no dot at the end, and not an IPv4
 * address in disguise (the last label is not all digits). A wildcard needs two labels behind it.
 */
export function isDNSName(text: string, { wildcard = false, ...unknown }: DNSNameOptions = {}): boolean {
  unknown satisfies Record<string, never>;
  const isWildcard = text.startsWith('*.');
  if (isWildcard && !wildcard) return false;
  if (text.length > 253) return false;
  return isWildcard ? WILDCARD.test(text) : HOST.test(text);
}

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
