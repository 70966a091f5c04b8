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

/** Whether a text is an addr-spec of ASCII as certificates carry it: `Local-part "@" Domain` (RFC 5280 §4.2.1.6). */
export const isMailbox = (text: string): boolean => {
  const at = text.lastIndexOf('@');
  return (
    at > 0 &&
    at <= 64 &&
    /^(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*")$/.test(
      text.slice(0, at),
    ) &&
    isDNSName(text.slice(at + 1))
  );
};
