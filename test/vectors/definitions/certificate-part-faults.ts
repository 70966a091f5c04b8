import { ascii, child, children, type Element, hex, octets, open } from '../der-tree.js';
import { append, extensionList, field, fill, NULL } from './edits.js';
import { type FaultDefinition, tolerated } from './fault.js';

/** A fault that shows when the subject is decoded; offsets are from its start. */
const subject = (
  name: string,
  about: string,
  code: string,
  path: string,
  offset: number | undefined,
  edit: (name: Element) => void,
): FaultDefinition => ({
  name: `name-${name}`,
  about,
  of: 'certificates/leaf.pem',
  reader: 'subject',
  code,
  path,
  ...(offset !== undefined && { offset }),
  edit: (root) => {
    edit(field(root, 'subject'));
    return undefined;
  },
});
/** The first attribute value: `C = DE`, a PrintableString at octet 11 of the name. */
const country = (name: Element): Element => child(name, 0, 0, 1);
const COUNTRY = 'name[0][0].value';
const names: readonly FaultDefinition[] = [
  subject(
    'set-order',
    'attributes of the RDN O+OU in descending order',
    'ERR_DER_SET_ORDER',
    'name[1][1]',
    undefined,
    (name) => {
      children(child(name, 1)).reverse();
    },
  ),
  subject('empty-rdn', 'an RDN of no attributes', 'ERR_X509_NAME', 'name[0]', 2, (name) => {
    fill(child(name, 0), []);
  }),
  subject(
    'attribute-trailing',
    'a NULL behind an attribute value',
    'ERR_DER_TRAILING_DATA',
    'name[0][0]',
    undefined,
    (name) => {
      append(child(name, 0, 0), NULL());
    },
  ),
  subject('attribute-without-value', 'an attribute without value', 'ERR_DER_TRUNCATED', COUNTRY, undefined, (name) => {
    children(child(name, 0, 0)).pop();
  }),
  subject('printable-string', 'an at sign in PrintableString', 'ERR_DER_STRING', COUNTRY, 11, (name) => {
    fill(country(name), ascii('D@'));
  }),
  subject('utf8-string', 'UTF8String cut within a character', 'ERR_DER_STRING', COUNTRY, 11, (name) => {
    country(name).tag = 0x0c;
    fill(country(name), Uint8Array.of(0x44, 0xc3));
  }),
  subject(
    'utf8-string-overlong',
    'UTF8String with a character in too many octets',
    'ERR_DER_STRING',
    COUNTRY,
    11,
    (name) => {
      country(name).tag = 0x0c;
      fill(country(name), Uint8Array.of(0xc0, 0x80));
    },
  ),
  subject('bmp-string-odd', 'BMPString of three octets', 'ERR_DER_STRING', COUNTRY, 11, (name) => {
    country(name).tag = 0x1e;
    fill(country(name), Uint8Array.of(0, 0x44, 0));
  }),
  subject('bmp-string-surrogate', 'BMPString with half of a surrogate pair', 'ERR_DER_STRING', COUNTRY, 11, (name) => {
    country(name).tag = 0x1e;
    fill(country(name), Uint8Array.of(0xd8, 0));
  }),
  subject('universal-string', 'UniversalString of two octets', 'ERR_DER_STRING', COUNTRY, 11, (name) => {
    country(name).tag = 0x1c;
  }),
  subject('ia5-string', 'IA5String with an octet above 7F', 'ERR_DER_STRING', COUNTRY, 11, (name) => {
    country(name).tag = 0x16;
    fill(country(name), Uint8Array.of(0x44, 0xe9));
  }),
  subject('numeric-string', 'NumericString with letters', 'ERR_DER_STRING', COUNTRY, 11, (name) => {
    country(name).tag = 0x12;
  }),
  subject('sequence-for-set', 'a SEQUENCE for an RDN', 'ERR_DER_TAG', 'name[0]', 2, (name) => {
    child(name, 0).tag = 0x30;
  }),
];

/** A fault inside one extension of the leaf; offsets are from the start of its value. */
const inExtension = (
  field: string,
  position: number,
  name: string,
  about: string,
  code: string,
  path: string | undefined,
  offset: number | undefined,
  value: string,
): FaultDefinition => ({
  name: `extension-${name}`,
  about,
  of: 'certificates/leaf.pem',
  reader: `extension ${field}`,
  code,
  ...(path !== undefined && { path }),
  ...(offset !== undefined && { offset }),
  edit: (root) => {
    const extension = child(extensionList(root), position);
    fill(children(extension).at(-1)!, hex(value));
    return undefined;
  },
});
const basicConstraints = (name: string, about: string, code: string, path: string, offset: number, value: string) =>
  inExtension(
    'basicConstraints',
    0,
    `basic-constraints-${name}`,
    about,
    code,
    `basicConstraints${path}`,
    offset,
    value,
  );
const keyUsage = (name: string, about: string, code: string, offset: number, value: string) =>
  inExtension('keyUsage', 1, `key-usage-${name}`, about, code, 'keyUsage', offset, value);
const extKeyUsage = (name: string, about: string, code: string, value: string) =>
  inExtension('extKeyUsage', 2, `ext-key-usage-${name}`, about, code, undefined, undefined, value);
const san = (name: string, about: string, code: string, value: string) =>
  inExtension('subjectAltName', 3, `san-${name}`, about, code, undefined, undefined, value);
const inExtensions: readonly FaultDefinition[] = [
  tolerated(basicConstraints('explicit-false', 'cA FALSE written out', '', '', 0, '3003 010100')),
  basicConstraints('01', 'cA TRUE written as 01', 'ERR_DER_BOOLEAN', '.cA', 2, '3003 010101'),
  basicConstraints('trailing', 'a NULL behind the value', 'ERR_DER_TRAILING_DATA', '', 2, '3000 0500'),
  basicConstraints('negative', 'pathLenConstraint -1', 'ERR_X509_EXTENSION', '', 5, '3006 0101ff 0201ff'),
  basicConstraints(
    'padded',
    'pathLenConstraint 1 in two octets',
    'ERR_DER_INTEGER',
    '.pathLenConstraint',
    5,
    '3007 0101ff 02020001',
  ),
  tolerated(keyUsage('padded', 'trailing zero bits', '', 0, '0302 0080')),
  keyUsage('unused-bits', 'unused bits that are not zero', 'ERR_DER_BIT_STRING', 0, '0302 0781'),
  tolerated(keyUsage('two-octets', 'a second octet of zeros', '', 0, '0303 078000')),
  keyUsage('trailing', 'a NULL behind the value', 'ERR_DER_TRAILING_DATA', 4, '0302 0780 0500'),
  keyUsage('no-bits', 'no bit set', 'ERR_X509_EXTENSION', 0, '0301 00'),
  extKeyUsage('empty', 'an empty list', 'ERR_X509_EXTENSION', '3000'),
  extKeyUsage('oid', 'an OID that ends within an arc', 'ERR_DER_OID', '3004 0602 2b86'),
  san('empty', 'an empty list', 'ERR_X509_GENERAL_NAME', '3000'),
  san('ip-three-octets', 'iPAddress of three octets', 'ERR_X509_GENERAL_NAME', '3005 8703 0a0000'),
  san(
    'ip-eight-octets',
    'iPAddress of eight octets, as in constraints',
    'ERR_X509_GENERAL_NAME',
    '300a 8708 0a000000ff000000',
  ),
  san('dns-not-ascii', 'dNSName with an octet above 7F', 'ERR_DER_STRING', '3004 8202 61e9'),
  san('unknown-kind', 'a name of kind [9]', 'ERR_DER_TAG', '3003 890161'),
  san('directory-name-implicit', 'directoryName without its EXPLICIT tag', 'ERR_DER_TAG', '3006 a404 3102 3000'),
  san('trailing', 'a NULL behind the value', 'ERR_DER_TRAILING_DATA', '3003 820161 0500'),
  san('constructed', 'dNSName in constructed form', 'ERR_DER_TAG', '3005 a203 160161'),
  inExtension(
    'subjectKeyIdentifier',
    4,
    'subject-key-identifier-tag',
    'a BIT STRING',
    'ERR_DER_TAG',
    'subjectKeyIdentifier',
    0,
    '03020001',
  ),
  inExtension(
    'authorityKeyIdentifier',
    5,
    'authority-key-identifier-order',
    'serial number before the issuer',
    'ERR_DER_TRAILING_DATA',
    undefined,
    undefined,
    '300c 820101 a107 8605 75726e3a61',
  ),
  inExtension(
    'authorityKeyIdentifier',
    5,
    'authority-key-identifier-half',
    'an issuer without serial number',
    'ERR_X509_EXTENSION',
    undefined,
    undefined,
    '3009 a107 8605 75726e3a61',
  ),
];

/** The same certificate with its BasicConstraints opened, to show faults across the border of an OCTET STRING. */
const encapsulated: FaultDefinition = {
  ...basicConstraints('cut', 'a value that ends within its SEQUENCE', 'ERR_DER_TRUNCATED', '', 0, ''),
  edit: (root) => {
    const inner = open(children(child(extensionList(root), 0)).at(-1)!);
    inner.length = Uint8Array.of(3);
    return undefined;
  },
};

/** A fault that shows when the public key is decoded; offsets are from its start. */
const publicKey = (
  name: string,
  about: string,
  code: string,
  path: string,
  offset: number,
  edit: (info: Element) => void,
): FaultDefinition => ({
  name: `subject-public-key-info-${name}`,
  about,
  of: 'certificates/leaf.pem',
  reader: 'subjectPublicKeyInfo',
  code,
  path,
  offset,
  edit: (root) => {
    edit(field(root, 'spki'));
    return undefined;
  },
});
const publicKeys: readonly FaultDefinition[] = [
  publicKey('trailing', 'a NULL behind the key', 'ERR_DER_TRAILING_DATA', 'subjectPublicKeyInfo', 91, (info) => {
    append(info, NULL());
  }),
  publicKey(
    'unused-bits',
    'eight unused bits',
    'ERR_DER_BIT_STRING',
    'subjectPublicKeyInfo.subjectPublicKey',
    23,
    (info) => {
      const content = octets(child(info, 1)).slice();
      content[0] = 8;
      fill(child(info, 1), content);
    },
  ),
];

/** Faults inside the parts of a certificate that are decoded one by one. */
export const certificatePartFaults: readonly FaultDefinition[] = [
  ...names,
  ...inExtensions,
  encapsulated,
  ...publicKeys,
];
