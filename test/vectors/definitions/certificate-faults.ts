import { ascii, child, children, contentLength, type Element, hex, octets, open, tlv } from '../der-tree.js';
import type { FaultDefinition } from './fault.js';

/** Positions in a TBSCertificate of version 3. */
const tbs = { version: 0, serialNumber: 1, signature: 2, issuer: 3, validity: 4, subject: 5, spki: 6, extensions: 7 };

const field = (root: Element, name: keyof typeof tbs, ...further: readonly number[]): Element =>
  child(root, 0, tbs[name], ...further);
const extensionList = (root: Element): Element => field(root, 'extensions', 0);

const IN_TBS = 'certificate.tbsCertificate';

/** A fault in `certificates/leaf.pem` that reading the certificate shows. */
const fault = (
  name: string,
  about: string,
  code: string,
  path: string | undefined,
  edit: (root: Element) => Element | undefined,
): FaultDefinition => ({
  name: `certificate-${name}`,
  about,
  of: 'certificates/leaf.pem',
  reader: 'certificate',
  code,
  ...(path !== undefined && { path }),
  edit,
});

const tolerated = ({ code: _code, path: _path, ...rest }: FaultDefinition): FaultDefinition => rest;

/** Replaces the content of an element. */
function fill(element: Element, content: Element['content']): Element {
  element.content = content;
  return element;
}

function nonMinimal(element: Element): Element {
  const length = contentLength(element);
  element.length = length < 0x80 ? Uint8Array.of(0x81, length) : Uint8Array.of(0x83, 0, length >> 8, length & 0xff);
  return element;
}

function indefinite(element: Element): Element {
  element.length = Uint8Array.of(0x80);
  element.suffix = Uint8Array.of(0, 0);
  return element;
}

/** Adds an element behind the others; it is what is left over. */
function append(element: Element, extra: Element): Element {
  children(element).push(extra);
  return extra;
}

const NULL = (): Element => tlv(0x05, []);

const lengths: readonly FaultDefinition[] = [
  fault(
    'length-not-minimal',
    'length of the outermost SEQUENCE with an octet too many',
    'ERR_DER_LENGTH',
    'certificate',
    nonMinimal,
  ),
  fault('tbs-length-not-minimal', 'length of tbsCertificate with an octet too many', 'ERR_DER_LENGTH', IN_TBS, (root) =>
    nonMinimal(child(root, 0)),
  ),
  fault(
    'issuer-length-not-minimal',
    'length of issuer in the long form',
    'ERR_DER_LENGTH',
    `${IN_TBS}.issuer`,
    (root) => nonMinimal(field(root, 'issuer')),
  ),
  fault(
    'serial-length-not-minimal',
    'length of serialNumber in the long form',
    'ERR_DER_LENGTH',
    `${IN_TBS}.serialNumber`,
    (root) => nonMinimal(field(root, 'serialNumber')),
  ),
  fault(
    'signature-length-not-minimal',
    'length of signatureValue in the long form',
    'ERR_DER_LENGTH',
    'certificate.signatureValue',
    (root) => nonMinimal(child(root, 2)),
  ),
  fault(
    'indefinite-length',
    'indefinite length of the outermost SEQUENCE',
    'ERR_DER_LENGTH',
    'certificate',
    indefinite,
  ),
  fault('tbs-indefinite-length', 'indefinite length of tbsCertificate', 'ERR_DER_LENGTH', IN_TBS, (root) =>
    indefinite(child(root, 0)),
  ),
  fault(
    'extensions-indefinite-length',
    'indefinite length of the list of extensions',
    'ERR_DER_LENGTH',
    `${IN_TBS}.extensions`,
    (root) => indefinite(extensionList(root)),
  ),
  fault(
    'length-of-five-octets',
    'length of the outermost SEQUENCE in five octets',
    'ERR_DER_LENGTH',
    'certificate',
    (root) => {
      const length = contentLength(root);
      root.length = Uint8Array.of(0x85, 0, 0, 0, length >> 8, length & 0xff);
      return root;
    },
  ),
  fault('length-too-long', 'length of tbsCertificate beyond the end', 'ERR_DER_TRUNCATED', IN_TBS, (root) => {
    child(root, 0).length = Uint8Array.of(0x82, 0x10, 0);
    return child(root, 0);
  }),
];

const trailing: readonly FaultDefinition[] = [
  {
    ...fault(
      'trailing-octet',
      'an octet 00 behind the certificate',
      'ERR_DER_TRAILING_DATA',
      'certificate',
      () => undefined,
    ),
    editOctets: (der) => Uint8Array.of(...der, 0),
  },
  {
    ...fault('last-octet-missing', 'the last octet cut off', 'ERR_DER_TRUNCATED', 'certificate', (root) => root),
    editOctets: (der) => der.slice(0, -1),
  },
  fault('trailing-in-certificate', 'a fourth element', 'ERR_DER_TRAILING_DATA', 'certificate', (root) =>
    append(root, NULL()),
  ),
  fault('trailing-in-tbs', 'a NULL behind the extensions', 'ERR_DER_TRAILING_DATA', IN_TBS, (root) =>
    append(child(root, 0), NULL()),
  ),
  fault('trailing-in-version', 'a NULL behind the version', 'ERR_DER_TRAILING_DATA', `${IN_TBS}.version`, (root) =>
    append(field(root, 'version'), NULL()),
  ),
  fault(
    'trailing-in-signature',
    'a second parameter of the inner algorithm',
    'ERR_DER_TRAILING_DATA',
    `${IN_TBS}.signature`,
    (root) => {
      append(field(root, 'signature'), NULL());
      return append(field(root, 'signature'), NULL());
    },
  ),
  fault('trailing-in-validity', 'a third time', 'ERR_DER_TRAILING_DATA', `${IN_TBS}.validity`, (root) =>
    append(field(root, 'validity'), tlv(0x17, ascii('270101000000Z'))),
  ),
  fault(
    'trailing-in-spki',
    'a NULL behind the public key',
    'ERR_DER_TRAILING_DATA',
    `${IN_TBS}.subjectPublicKeyInfo`,
    (root) => append(field(root, 'spki'), NULL()),
  ),
  fault(
    'trailing-in-extensions',
    'a NULL behind the list of extensions',
    'ERR_DER_TRAILING_DATA',
    `${IN_TBS}.extensions`,
    (root) => append(field(root, 'extensions'), NULL()),
  ),
  fault(
    'trailing-in-extension',
    'a NULL behind extnValue',
    'ERR_DER_TRAILING_DATA',
    `${IN_TBS}.extensions[0]`,
    (root) => append(child(extensionList(root), 0), NULL()),
  ),
];

const version = (
  name: string,
  about: string,
  code: string,
  content: readonly number[],
  wrapper = true,
): FaultDefinition =>
  fault(`version-${name}`, about, code, `${IN_TBS}.version`, (root) => {
    const integer = fill(field(root, 'version', 0), Uint8Array.from(content));
    return wrapper ? field(root, 'version') : integer;
  });
const versions: readonly FaultDefinition[] = [
  version('explicit-v1', 'version v1 written out, with extensions', 'ERR_X509_VERSION', [0]),
  version('four', 'version v4', 'ERR_X509_VERSION', [3]),
  version('negative', 'version -1', 'ERR_X509_VERSION', [0xff]),
  version('padded', 'version 2 in two octets', 'ERR_DER_INTEGER', [0, 2], false),
  fault('v1-with-extensions', 'no version, and extensions', 'ERR_X509_VERSION', `${IN_TBS}.version`, (root) => {
    const extensions = field(root, 'extensions');
    children(child(root, 0)).shift();
    return extensions;
  }),
  fault('v2-with-extensions', 'version v2 and extensions', 'ERR_X509_VERSION', `${IN_TBS}.version`, (root) => {
    fill(field(root, 'version', 0), Uint8Array.of(1));
    return field(root, 'extensions');
  }),
  fault(
    'v1-with-unique-identifier',
    'no version, and an issuerUniqueID',
    'ERR_X509_VERSION',
    `${IN_TBS}.version`,
    (root) => {
      const list = children(child(root, 0));
      const unique = tlv(0x81, [0, 1]);
      list.splice(tbs.extensions, 1, unique);
      list.shift();
      return unique;
    },
  ),
];

const serial = (
  name: string,
  about: string,
  content: readonly number[],
  code = 'ERR_X509_SERIAL_NUMBER',
): FaultDefinition =>
  fault(`serial-${name}`, about, code, `${IN_TBS}.serialNumber`, (root) =>
    fill(field(root, 'serialNumber'), Uint8Array.from(content)),
  );
const ones = Array.from({ length: 20 }, () => 1);
const serials: readonly FaultDefinition[] = [
  serial('zero', 'serial number 0', [0]),
  serial('negative', 'serial number -1', [0xff]),
  serial('negative-long', 'a negative serial number of 20 octets', [0x80, ...ones.slice(1)]),
  serial('21-octets', 'a serial number of 21 octets', [1, ...ones]),
  serial('21-octets-with-sign', 'a serial number of 20 octets with the high bit, so 21', [0, 0x80, ...ones.slice(1)]),
  serial('padded', 'a serial number with a leading zero octet', [0, 1], 'ERR_DER_INTEGER'),
  serial('padded-negative', 'a serial number with a leading octet FF', [0xff, 0x80], 'ERR_DER_INTEGER'),
  serial('empty', 'a serial number of no octets', [], 'ERR_DER_INTEGER'),
];

const algorithms: readonly FaultDefinition[] = [
  fault(
    'algorithm-outer',
    'outer algorithm Ed448, inner Ed25519',
    'ERR_X509_ALGORITHM_MISMATCH',
    `${IN_TBS}.signature`,
    (root) => {
      fill(child(root, 1, 0), hex('2b6571'));
      return field(root, 'signature');
    },
  ),
  fault(
    'algorithm-inner',
    'inner algorithm Ed448, outer Ed25519',
    'ERR_X509_ALGORITHM_MISMATCH',
    `${IN_TBS}.signature`,
    (root) => {
      fill(field(root, 'signature', 0), hex('2b6571'));
      return field(root, 'signature');
    },
  ),
  fault(
    'algorithm-outer-parameters',
    'parameters NULL outside, none inside',
    'ERR_X509_ALGORITHM_MISMATCH',
    `${IN_TBS}.signature`,
    (root) => {
      append(child(root, 1), NULL());
      return field(root, 'signature');
    },
  ),
  fault(
    'algorithm-oid-padded',
    'an OID whose second arc begins with 80',
    'ERR_DER_OID',
    `${IN_TBS}.signature.algorithm`,
    (root) => fill(field(root, 'signature', 0), hex('2b80 6570')),
  ),
  fault('algorithm-oid-cut', 'an OID that ends within an arc', 'ERR_DER_OID', `${IN_TBS}.signature.algorithm`, (root) =>
    fill(field(root, 'signature', 0), hex('2b65f0')),
  ),
  fault('algorithm-oid-empty', 'an OID of no octets', 'ERR_DER_OID', `${IN_TBS}.signature.algorithm`, (root) =>
    fill(field(root, 'signature', 0), new Uint8Array(0)),
  ),
];

const time = (name: string, about: string, tag: number, text: string): FaultDefinition =>
  fault(`time-${name}`, about, 'ERR_DER_TIME', `${IN_TBS}.validity.notAfter`, (root) => {
    const notAfter = field(root, 'validity', 1);
    notAfter.tag = tag;
    return fill(notAfter, ascii(text));
  });
const times: readonly FaultDefinition[] = [
  time('no-seconds', 'UTCTime without seconds', 0x17, '2701010000Z'),
  time('no-zone', 'UTCTime without Z', 0x17, '270101000000'),
  time('offset', 'UTCTime with an offset', 0x17, '270101000000+0000'),
  time('fraction', 'GeneralizedTime with a fraction', 0x18, '20500101000000.5Z'),
  time('generalized-no-seconds', 'GeneralizedTime without seconds', 0x18, '205001010000Z'),
  time('generalized-offset', 'GeneralizedTime with an offset', 0x18, '20500101000000+0000'),
  time('generalized-in-utc', 'fifteen characters in UTCTime', 0x17, '20270101000000Z'),
  time('utc-in-generalized', 'thirteen characters in GeneralizedTime', 0x18, '270101000000Z'),
  time('generalized-before-2050', 'GeneralizedTime for 2027', 0x18, '20270101000000Z'),
  time('month-13', 'month 13', 0x17, '271301000000Z'),
  time('month-0', 'month 0', 0x17, '270001000000Z'),
  time('day-0', 'day 0', 0x17, '270100000000Z'),
  time('february-29', '29 February of a common year', 0x17, '270229000000Z'),
  time('hour-24', 'hour 24', 0x17, '270101240000Z'),
  time('leap-second', 'second 60', 0x17, '261231235960Z'),
  time('no-digit', 'a letter among the digits', 0x17, '27O101000000Z'),
  time('empty', 'no characters', 0x17, ''),
  fault('time-integer', 'an INTEGER for notAfter', 'ERR_DER_TAG', `${IN_TBS}.validity.notAfter`, (root) => {
    field(root, 'validity', 1).tag = 0x02;
    return field(root, 'validity', 1);
  }),
  fault('time-missing', 'no notAfter', 'ERR_DER_TRUNCATED', `${IN_TBS}.validity.notAfter`, (root) => {
    children(field(root, 'validity')).pop();
    return undefined;
  }),
];

const bits: readonly FaultDefinition[] = [
  fault(
    'signature-unused-bits',
    'three unused bits in signatureValue',
    'ERR_DER_BIT_STRING',
    'certificate.signatureValue',
    (root) => {
      const content = octets(child(root, 2)).slice();
      content[0] = 3;
      content[content.length - 1]! &= 0xf8;
      return fill(child(root, 2), content);
    },
  ),
  fault(
    'signature-empty',
    'signatureValue without even the number of unused bits',
    'ERR_DER_BIT_STRING',
    'certificate.signatureValue',
    (root) => fill(child(root, 2), new Uint8Array(0)),
  ),
  fault(
    'public-key-unused-bits',
    'eight unused bits in subjectPublicKey',
    'ERR_DER_BIT_STRING',
    `${IN_TBS}.subjectPublicKeyInfo.subjectPublicKey`,
    (root) => {
      const content = octets(field(root, 'spki', 1)).slice();
      content[0] = 8;
      return fill(field(root, 'spki', 1), content);
    },
  ),
  fault(
    'signature-octet-string',
    'an OCTET STRING for signatureValue',
    'ERR_DER_TAG',
    'certificate.signatureValue',
    (root) => {
      child(root, 2).tag = 0x04;
      return child(root, 2);
    },
  ),
  fault(
    'unique-identifier-unused-bits',
    'issuerUniqueID whose unused bits are not zero',
    'ERR_DER_BIT_STRING',
    `${IN_TBS}.issuerUniqueID`,
    (root) => {
      const unique = tlv(0x81, [3, 0xff]);
      children(child(root, 0)).splice(tbs.extensions, 0, unique);
      return unique;
    },
  ),
];

const tagsAndOrder: readonly FaultDefinition[] = [
  fault('set', 'a SET in place of the outermost SEQUENCE', 'ERR_DER_TAG', 'certificate', (root) => {
    root.tag = 0x31;
    return root;
  }),
  fault('high-tag', 'a tag number in two octets', 'ERR_DER_TAG', 'certificate', (root) => {
    root.tag = 0x3f;
    return root;
  }),
  fault('issuer-set', 'a SET for issuer', 'ERR_DER_TAG', `${IN_TBS}.issuer`, (root) => {
    field(root, 'issuer').tag = 0x31;
    return field(root, 'issuer');
  }),
  fault('fields-swapped', 'subjectUniqueID before issuerUniqueID', 'ERR_DER_TRAILING_DATA', IN_TBS, (root) => {
    const first = tlv(0x81, [0, 1]);
    children(child(root, 0)).splice(tbs.extensions, 0, tlv(0x82, [0, 1]), first);
    return first;
  }),
  fault('empty', 'an outermost SEQUENCE of nothing', 'ERR_DER_TRUNCATED', undefined, (root) => {
    fill(root, []);
    return undefined;
  }),
];

const extensionRules: readonly FaultDefinition[] = [
  fault('extension-twice', 'a second basicConstraints', 'ERR_X509_DUPLICATE_EXTENSION', undefined, (root) => {
    const list = children(extensionList(root));
    const second: Element = structuredClone(list[0]!);
    list.push(second);
    return second;
  }),
  fault('critical-01', 'critical TRUE written as 01', 'ERR_DER_BOOLEAN', `${IN_TBS}.extensions[0].critical`, (root) =>
    fill(child(extensionList(root), 0, 1), Uint8Array.of(1)),
  ),
  fault(
    'critical-two-octets',
    'critical of two octets',
    'ERR_DER_BOOLEAN',
    `${IN_TBS}.extensions[0].critical`,
    (root) => fill(child(extensionList(root), 0, 1), Uint8Array.of(0xff, 0xff)),
  ),
  fault(
    'extension-without-value',
    'an extension without extnValue',
    'ERR_DER_TRUNCATED',
    `${IN_TBS}.extensions[0].extnValue`,
    (root) => {
      children(child(extensionList(root), 0)).pop();
      return undefined;
    },
  ),
  fault(
    'extensions-empty-wrapper',
    'extensions [3] around nothing',
    'ERR_DER_TRUNCATED',
    `${IN_TBS}.extensions`,
    (root) => {
      fill(field(root, 'extensions'), []);
      return undefined;
    },
  ),
  tolerated(
    fault('critical-false', 'critical FALSE written out', '', undefined, (root) => {
      const written = tlv(0x01, [0]);
      children(child(extensionList(root), 2)).splice(1, 0, written);
      return written;
    }),
  ),
  tolerated(
    fault('extensions-empty', 'an empty list of extensions', '', undefined, (root) => fill(extensionList(root), [])),
  ),
];

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
  basicConstraints('explicit-false', 'cA FALSE written out', 'ERR_DER_VALUE', '.cA', 2, '3003 010100'),
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
  keyUsage('padded', 'trailing zero bits', 'ERR_DER_BIT_STRING', 0, '0302 0080'),
  keyUsage('unused-bits', 'unused bits that are not zero', 'ERR_DER_BIT_STRING', 0, '0302 0781'),
  keyUsage('two-octets', 'a second octet of zeros', 'ERR_DER_BIT_STRING', 0, '0303 078000'),
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

export const certificateFaults: readonly FaultDefinition[] = [
  ...lengths,
  ...trailing,
  ...versions,
  ...serials,
  ...algorithms,
  ...times,
  ...bits,
  ...tagsAndOrder,
  ...extensionRules,
  ...names,
  ...inExtensions,
  encapsulated,
];
