import { BlockList, isIP } from 'node:net';

/** Whether a text matches a pattern in which `*` stands for any characters. Takes at most their lengths' product. */
export function matchesGlob(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/**
 * Whether a dNSName matches a pattern, case aside. A `*` stays inside its label, so `*.shop.svc` grants `web.shop.svc`
 * and neither `a.web.shop.svc` nor `shop.svc`. A wildcard name asks for more than any one of the names that it stands
 * for: it matches only a pattern that begins with `*.` as it does, and only where wildcards are granted.
 */
export function matchesDnsName(pattern: string, name: string, wildcards: boolean): boolean {
  const wanted = pattern.toLowerCase().split('.');
  const labels = name.toLowerCase().split('.');
  return (
    wanted.length === labels.length &&
    labels.every((label, index) =>
      label.includes('*') ? wildcards && wanted[index] === label : matchesPart(wanted[index]!, label),
    )
  );
}

/**
 * Whether a URI matches a pattern. A `*` stays inside its path segment: it stands for no `/`, and for no `?`, `@` and `:`
 * either, by which a host would become part of a query, of a user's name or of a port. Compared exactly, case included.
 */
export function matchesUri(pattern: string, uri: string): boolean {
  const wanted = pattern.split(URI_PARTS);
  const segments = uri.split(URI_PARTS);
  return wanted.length === segments.length && segments.every((segment, index) => matchesPart(wanted[index]!, segment));
}

/** Whether an address is the one of a pattern or lies in its network (`10.0.0.0/8`, `fd00::/8`). */
export function matchesIpAddress(pattern: string, address: string): boolean {
  const [network = '', length] = pattern.split('/');
  const family = isIP(network);
  // A BlockList takes ::ffff:a.b.c.d for IPv4; as a subjectAltName they differ.
  if (family === 0 || family !== isIP(address)) return false;
  const list = new BlockList();
  list.addSubnet(network, length === undefined ? (family === 4 ? 32 : 128) : Number(length), ipFamily(family));
  return list.check(address, ipFamily(family));
}

/** What is wrong with an address or network as a pattern; `undefined` when nothing is. */
export function ipPatternFault(pattern: string): string | undefined {
  const [network = '', length, ...more] = pattern.split('/');
  const family = isIP(network);
  if (family === 0 || network.includes('%') || more.length > 0)
    return 'is no IP address and no network, as in 10.0.0.0/8';
  if (length === undefined) return undefined;
  const most = family === 4 ? 32 : 128;
  return /^(0|[1-9][0-9]{0,2})$/.test(length) && Number(length) <= most
    ? undefined
    : `has a prefix length that is not 0 to ${most}`;
}

/** What is wrong with a dNSName as a pattern; `undefined` when nothing is. */
export function dnsPatternFault(pattern: string): string | undefined {
  if (pattern.endsWith('.')) return 'ends in a dot, which certificates leave out';
  const label = pattern.split('.').find((part) => !/^[-*A-Za-z0-9]{1,63}$/.test(part));
  return label === undefined ? undefined : 'has a label that no host name has; write letters, digits, "-" and "*"';
}

/** Parts of a URI that a `*` stays inside, and what stands between them. */
const URI_PARTS = /([/?@:])/;

/** A `*` stands for something: an empty label or segment matches only itself. */
const matchesPart = (pattern: string, part: string): boolean =>
  part === '' ? pattern === '' : matchesGlob(pattern, part);

const ipFamily = (family: number): 'ipv4' | 'ipv6' => (family === 4 ? 'ipv4' : 'ipv6');
