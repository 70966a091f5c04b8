/** One text around PEM blocks of other vectors. */
export interface PemDefinition {
  /** The file is `pem/<name>.txt`. */
  readonly name: string;
  readonly about: string;
  /** Commands of openssl whose output stands one after the other; paths of vectors are below `vectors/`. */
  readonly openssl: readonly (readonly string[])[];
  /** What is replaced wherever this regular expression is found, and by what. */
  readonly edit?: readonly [pattern: string, replacement: string];
  readonly refused?: { readonly code: string; readonly line: number };
}

const LEAF = 'certificates/leaf.pem';
const leaf = ['x509', '-in', LEAF];
const root = ['x509', '-in', 'certificates/root.pem'];
const edited = (
  name: string,
  about: string,
  code: string,
  line: number,
  ...edit: readonly [pattern: string, replacement: string]
): PemDefinition => ({ name, about, openssl: [leaf], edit, refused: { code, line } });

export const pems: readonly PemDefinition[] = [
  { name: 'chain', about: 'two certificates', openssl: [leaf, root] },
  { name: 'text-before', about: 'a description before the block', openssl: [[...leaf, '-text']] },
  {
    name: 'bundle',
    about: 'parameters, a key and its certificate, with subjects between',
    openssl: [
      ['ecparam', '-name', 'prime256v1'],
      ['pkey', '-in', 'keys/p256-sec1.pem', '-traditional'],
      [...leaf, '-subject', '-issuer'],
      [...root, '-subject', '-issuer'],
    ],
  },
  { name: 'crlf', about: 'lines that end in CR LF', openssl: [leaf], edit: ['\n', '\r\n'] },
  { name: 'cr', about: 'lines that end in CR', openssl: [leaf], edit: ['\n', '\r'] },
  { name: 'one-line', about: 'all of the base64 in one line', openssl: [leaf], edit: ['([^-])\n(?!-)', '$1'] },
  { name: 'no-line-feed-at-end', about: 'nothing behind the last boundary', openssl: [leaf], edit: ['\n$', ''] },
  { name: 'white-space', about: 'white space at the ends of lines', openssl: [leaf], edit: ['\n', ' \t\n'] },
  { name: 'nothing', about: 'no block at all', openssl: [[...leaf, '-noout', '-subject']] },
  edited('without-end', 'no END', 'ERR_PEM_BOUNDARY', 1, '-----END.*\n', ''),
  edited('without-begin', 'no BEGIN', 'ERR_PEM_BOUNDARY', 13, '^-----BEGIN.*\n', ''),
  edited('other-end', 'an END with another label', 'ERR_PEM_BOUNDARY', 1, 'END CERTIFICATE', 'END X509 CRL'),
  edited('no-base64', 'an asterisk in the third line', 'ERR_PEM_BASE64', 3, '^(.*\n.*\n.{20}).', '$1*'),
  edited('padding-within', 'padding in the third line', 'ERR_PEM_BASE64', 4, '^(.*\n.*\n.{63}).', '$1='),
  edited('digit-missing', 'one digit less in the third line', 'ERR_PEM_BASE64', 13, '^(.*\n.*\n).', '$1'),
];
