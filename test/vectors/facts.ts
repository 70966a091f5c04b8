/** What openssl says about a file, taken from what it prints. */
import { sha256, type Workshop } from './openssl.js';
import type {
  CertificateFacts,
  CrlFacts,
  ExtensionFacts,
  ExtensionText,
  KeyFacts,
  NameFacts,
  RequestFacts,
} from './types.js';

const TYPED = ['-nameopt', 'oid,show_type,utf8,sep_multiline,esc_2253,esc_ctrl'];
const TEXT = ['-nameopt', 'RFC2253,-esc_msb,utf8'];

export function certificateFacts({ opensslOn }: Workshop, pem: string): CertificateFacts {
  const x509 = (...args: readonly string[]) => opensslOn(pem, 'x509', '-noout', ...args).toString();
  const text = x509('-text');
  const dates = x509('-startdate', '-enddate', '-dateopt', 'iso_8601');
  return {
    version: Number(field(text, /Version: (\d)/)),
    serialNumber: field(x509('-serial'), /serial=(.*)/),
    signatureAlgorithm: field(text, /Signature Algorithm: (\S+)/),
    issuer: nameFacts((options) => x509('-issuer', ...options)),
    subject: nameFacts((options) => x509('-subject', ...options)),
    notBefore: field(dates, /notBefore=(.*)/),
    notAfter: field(dates, /notAfter=(.*)/),
    publicKey: publicKeyHash(opensslOn, x509('-pubkey')),
    extensions: withValues(
      extensionTexts(text, 'X509v3 extensions:'),
      opensslOn(pem, 'asn1parse')
        .toString()
        .split(/cont \[ 3 \].*\n/)[1] ?? '',
    ),
    signature: signatureHash(text),
  };
}

export function requestFacts({ opensslOn }: Workshop, pem: string): RequestFacts {
  const req = (...args: readonly string[]) => opensslOn(pem, 'req', '-noout', ...args).toString();
  const text = req('-text');
  return {
    signatureAlgorithm: field(text, /Signature Algorithm: (\S+)/),
    subject: nameFacts((options) => req('-subject', ...options)),
    publicKey: publicKeyHash(opensslOn, req('-pubkey')),
    attributes: [...text.matchAll(/^ {12}(\w+) *:(.*)$/gm)].map(([, name, value]) => [name!, value!] as const),
    extensions: withValues(
      extensionTexts(text, 'Requested Extensions:'),
      opensslOn(pem, 'asn1parse')
        .toString()
        .split(/:Extension Request\n/)[1] ?? '',
    ),
    signature: signatureHash(text),
  };
}

export function crlFacts({ opensslOn }: Workshop, pem: string): CrlFacts {
  const crl = (...args: readonly string[]) => opensslOn(pem, 'crl', '-noout', ...args).toString();
  const text = crl('-text');
  const dates = crl('-lastupdate', '-nextupdate', '-dateopt', 'iso_8601');
  const [head, ...entries] = text.split(/^ {4}Serial Number: /m);
  return {
    version: Number(field(text, /Version (\d)/)),
    signatureAlgorithm: field(text, /Signature Algorithm: (\S+)/),
    issuer: nameFacts((options) => crl('-issuer', ...options)),
    thisUpdate: field(dates, /lastUpdate=(.*)/),
    nextUpdate: field(dates, /nextUpdate=(.*)/),
    extensions: extensionTexts(head!, 'CRL extensions:'),
    revoked: entries.map((entry) => ({
      serialNumber: field(entry, /^(.*)/),
      revocationDate: field(entry, /Revocation Date: (.*)/),
      extensions: extensionTexts(entry, 'CRL entry extensions:'),
    })),
    signature: signatureHash(text),
  };
}

/** Facts about a private key, or about a public one with `-pubin` among the arguments. */
export function keyFacts({ opensslOn }: Workshop, pem: string, ...args: readonly string[]): KeyFacts {
  const pkey = (...more: readonly string[]) => opensslOn(pem, 'pkey', ...args, ...more);
  const text = pkey('-noout', args.includes('-pubin') ? '-text_pub' : '-text').toString();
  const curve = /NIST CURVE: (.*)/.exec(text)?.[1];
  const bits = /Key: \((\d+) bit/.exec(text)?.[1];
  const secret = /priv:\n((?: +[0-9a-f:]+\n)+)/.exec(text)?.[1];
  const modulus = /modulus:\n((?: +[0-9a-f:]+\n)+)/i.exec(text)?.[1];
  return {
    algorithm: curve ?? (text.includes('ED25519') ? 'Ed25519' : modulus ? `RSA-${bits}` : `EC with ${bits} bits`),
    publicKey: sha256(pkey('-pubout', '-outform', 'DER')),
    ...(secret !== undefined && { secret: hexDigits(secret) }),
    ...(modulus !== undefined && { modulus: hexDigits(modulus).replace(/^00/, '') }),
  };
}

function field(text: string, pattern: RegExp): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`Cannot read what openssl printed: no ${pattern} in ${text.slice(0, 200)}`);
  return found;
}

const hexDigits = (dump: string): string => dump.replaceAll(/[\s:]/g, '');

const publicKeyHash = (opensslOn: Workshop['opensslOn'], pem: string): string =>
  sha256(opensslOn(pem, 'pkey', '-pubin', '-outform', 'DER'));

const signatureHash = (text: string): string =>
  sha256(Buffer.from(hexDigits(field(text, /\n((?: +(?:[0-9a-f]{2}:?)+\n)+)$/)), 'hex'));

function nameFacts(print: (options: readonly string[]) => string): NameFacts {
  const [, ...lines] = print(TYPED).split('\n');
  return {
    text: print(TEXT).replace(/^\w+=/, '').replace(/\n$/, ''),
    rdns: lines
      .filter((line) => line.trim() !== '')
      .map((line) =>
        line
          .slice(4)
          .split(' + ')
          .map((entry) => {
            const [, type, string, value] = /^([0-9.]+)=([A-Z0-9]+):(.*)$/.exec(entry) ?? [];
            if (type === undefined) throw new Error(`Cannot read what openssl printed: "${entry}" is no attribute`);
            return { type, string: string!, value: unescapeText(value!) };
          }),
      ),
  };
}

const unescapeText = (text: string): string =>
  text.replaceAll(/\\(?:([0-9A-F]{2})|(.))/g, (_all, octet: string | undefined, plain: string) =>
    octet === undefined ? plain : String.fromCharCode(Number.parseInt(octet, 16)),
  );

/** The block under a heading: a line `Name: critical` for each extension, its text one level deeper. */
function extensionTexts(text: string, heading: string): ExtensionText[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.trim() === heading);
  if (start === -1) return [];
  const indent = lines[start]!.search(/\S/) + 4;
  const found: { name: string; critical: boolean; lines: string[] }[] = [];
  for (const line of lines.slice(start + 1)) {
    const depth = line.search(/\S/);
    if (depth !== -1 && depth < indent) break;
    const header = depth === indent ? /^(.*?): ?(critical)?$/.exec(line.trim()) : null;
    if (header !== null) found.push({ name: header[1]!, critical: header[2] !== undefined, lines: [] });
    else found.at(-1)?.lines.push(line.slice(indent + 4).trimEnd());
  }
  return found.map(({ name, critical, lines: body }) => ({ name, critical, text: body.join('\n').trim() }));
}

/** Adds the octets that `asn1parse` shows for each extension, in the same order. */
function withValues(texts: readonly ExtensionText[], parsed: string): ExtensionFacts[] {
  const values = [
    ...parsed.matchAll(
      /prim: OBJECT +:.*\n(?:.*prim: BOOLEAN.*\n)?.*prim: OCTET STRING *(?:\[HEX DUMP\]:(.*)|:(.*))?\n/g,
    ),
  ].map(([, dump, plain]) => (dump ?? Buffer.from(plain ?? '').toString('hex')).toLowerCase());
  if (values.length !== texts.length)
    throw new Error(`Cannot read what openssl printed: ${texts.length} extensions as text, ${values.length} as octets`);
  return texts.map((extension, i) => ({ ...extension, value: values[i]! }));
}
