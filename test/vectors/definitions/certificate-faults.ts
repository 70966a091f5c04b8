import { ascii, child, children, contentLength, type Element, hex, octets, tlv } from '../der-tree.js';
import { fault, IN_TBS } from './certificate-fault.js';
import { append, extensionList, field, fill, indefinite, NULL, nonMinimal, tbs } from './edits.js';
import { type FaultDefinition, tolerated } from './fault.js';

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

const algorithms: readonly FaultDefinition[] = [
  fault(
    'algorithm-outer',
    'outer algorithm Ed448, inner Ed25519',
    'ERR_X509_ALGORITHM_MISMATCH',
    'certificate.signatureAlgorithm',
    (root) => {
      fill(child(root, 1, 0), hex('2b6571'));
      return child(root, 1);
    },
  ),
  fault(
    'algorithm-inner',
    'inner algorithm Ed448, outer Ed25519',
    'ERR_X509_ALGORITHM_MISMATCH',
    'certificate.signatureAlgorithm',
    (root) => {
      fill(field(root, 'signature', 0), hex('2b6571'));
      return child(root, 1);
    },
  ),
  fault(
    'algorithm-outer-parameters',
    'parameters NULL outside, none inside',
    'ERR_X509_ALGORITHM_MISMATCH',
    'certificate.signatureAlgorithm',
    (root) => {
      append(child(root, 1), NULL());
      return child(root, 1);
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

/** Faults that reading a certificate shows, wherever they are. */
export const certificateFaults: readonly FaultDefinition[] = [
  ...lengths,
  ...trailing,
  ...versions,
  ...algorithms,
  ...bits,
  ...tagsAndOrder,
  ...extensionRules,
];
