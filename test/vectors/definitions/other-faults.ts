import { ascii, child, children, type Element, hex, octets, tlv } from '../der-tree.js';
import type { Reader } from '../types.js';
import { append, fill, indefinite, NULL } from './edits.js';
import type { FaultDefinition } from './fault.js';

const fault = (
  of: string,
  reader: Reader,
  name: string,
  about: string,
  code: string,
  path: string | undefined,
  edit: (root: Element) => Element | undefined,
): FaultDefinition => ({ name, about, of, reader, code, ...(path !== undefined && { path }), edit });

const request = (
  name: string,
  about: string,
  code: string,
  path: string | undefined,
  edit: (root: Element) => Element | undefined,
): FaultDefinition => fault('requests/attributes.pem', 'request', `request-${name}`, about, code, path, edit);
const INFO = 'certificationRequest.certificationRequestInfo';
const attributes = (root: Element): Element => child(root, 0, 3);
/** The attribute of a type, by the last octet of its OID: 14 extensionRequest, 7 challengePassword. */
const attribute = (root: Element, last: number): Element =>
  children(attributes(root)).find((candidate) => octets(child(candidate, 0)).at(-1) === last)!;

const requests: readonly FaultDefinition[] = [
  request('version', 'version 1', 'ERR_PKCS10_VERSION', `${INFO}.version`, (root) =>
    fill(child(root, 0, 0), Uint8Array.of(1)),
  ),
  request(
    'without-attributes',
    'no attributes, not even an empty set',
    'ERR_DER_TRUNCATED',
    `${INFO}.attributes`,
    (root) => {
      children(child(root, 0)).pop();
      return undefined;
    },
  ),
  request('attributes-order', 'attributes in descending order', 'ERR_DER_SET_ORDER', undefined, (root) => {
    children(attributes(root)).reverse();
    return children(attributes(root))[1];
  }),
  request('attribute-twice', 'a second challengePassword', 'ERR_PKCS10_ATTRIBUTE', undefined, (root) => {
    const list = children(attributes(root));
    const at = list.indexOf(attribute(root, 7));
    const second = structuredClone(list[at]!);
    list.splice(at, 0, second);
    return list[at + 1];
  }),
  request(
    'attribute-without-values',
    'a challengePassword without values',
    'ERR_PKCS10_ATTRIBUTE',
    undefined,
    (root) => {
      const values = fill(child(attribute(root, 7), 1), []);
      return values;
    },
  ),
  request('extensions-twice', 'an extensionRequest with two values', 'ERR_PKCS10_ATTRIBUTE', undefined, (root) => {
    const values = child(attribute(root, 14), 1);
    append(values, structuredClone(children(values)[0]!));
    return values;
  }),
  request('extension-twice', 'the same extension twice', 'ERR_X509_DUPLICATE_EXTENSION', undefined, (root) => {
    const list = child(attribute(root, 14), 1, 0);
    return append(list, structuredClone(children(list)[0]!));
  }),
  request('trailing-in-info', 'a NULL behind the attributes', 'ERR_DER_TRAILING_DATA', INFO, (root) =>
    append(child(root, 0), NULL()),
  ),
  request('trailing-in-request', 'a fourth element', 'ERR_DER_TRAILING_DATA', 'certificationRequest', (root) =>
    append(root, NULL()),
  ),
  {
    ...request(
      'trailing-octet',
      'an octet 00 behind the request',
      'ERR_DER_TRAILING_DATA',
      'certificationRequest',
      () => undefined,
    ),
    editOctets: (der) => Uint8Array.of(...der, 0),
  },
  request(
    'signature-unused-bits',
    'one unused bit in the signature',
    'ERR_DER_BIT_STRING',
    'certificationRequest.signature',
    (root) => {
      const content = octets(child(root, 2)).slice();
      content[0] = 1;
      return fill(child(root, 2), content);
    },
  ),
  request('subject-set', 'a SET for the subject', 'ERR_DER_TAG', `${INFO}.subject`, (root) => {
    child(root, 0, 1).tag = 0x31;
    return child(root, 0, 1);
  }),
  request(
    'length-not-minimal',
    'length of the subject in the long form',
    'ERR_DER_LENGTH',
    `${INFO}.subject`,
    (root) => {
      child(root, 0, 1).length = Uint8Array.of(0x81, 0x12);
      return child(root, 0, 1);
    },
  ),
];

const pkcs8 = (
  name: string,
  about: string,
  code: string,
  path: string | undefined,
  edit: (root: Element) => Element | undefined,
): FaultDefinition => fault('keys/p256.pem', 'private-key', `pkcs8-${name}`, about, code, path, edit);
const keys: readonly FaultDefinition[] = [
  pkcs8('version-1', 'version v2 without a public key', 'ERR_DER_VALUE', 'privateKeyInfo.version', (root) =>
    fill(child(root, 0), Uint8Array.of(1)),
  ),
  pkcs8('version-2', 'version 2', 'ERR_DER_VALUE', 'privateKeyInfo.version', (root) =>
    fill(child(root, 0), Uint8Array.of(2)),
  ),
  pkcs8('v1-with-public-key', 'version v1 with a public key', 'ERR_DER_VALUE', 'privateKeyInfo.version', (root) => {
    append(root, tlv(0x81, [0, 4]));
    return child(root, 0);
  }),
  pkcs8('version-padded', 'version 0 in two octets', 'ERR_DER_INTEGER', 'privateKeyInfo.version', (root) =>
    fill(child(root, 0), Uint8Array.of(0, 0)),
  ),
  pkcs8('key-bit-string', 'a BIT STRING for privateKey', 'ERR_DER_TAG', 'privateKeyInfo.privateKey', (root) => {
    child(root, 2).tag = 0x03;
    return child(root, 2);
  }),
  pkcs8(
    'algorithm-oid',
    'an OID that ends within an arc',
    'ERR_DER_OID',
    'privateKeyInfo.privateKeyAlgorithm.algorithm',
    (root) => fill(child(root, 1, 0), hex('2a8648ce3d0281')),
  ),
  pkcs8('trailing', 'a NULL at the end', 'ERR_DER_TRAILING_DATA', 'privateKeyInfo', (root) => append(root, NULL())),
  pkcs8('indefinite-length', 'indefinite length', 'ERR_DER_LENGTH', 'privateKeyInfo', indefinite),
  {
    ...pkcs8(
      'trailing-octet',
      'an octet 00 behind the key',
      'ERR_DER_TRAILING_DATA',
      'privateKeyInfo',
      () => undefined,
    ),
    editOctets: (der) => Uint8Array.of(...der, 0),
  },
];

const sec1 = (
  name: string,
  about: string,
  code: string,
  edit: (root: Element) => Element | undefined,
): FaultDefinition => fault('keys/p256-sec1.pem', 'sec1', `sec1-${name}`, about, code, undefined, edit);
const sec1Keys: readonly FaultDefinition[] = [
  sec1('version', 'version 0', 'ERR_DER_VALUE', (root) => fill(child(root, 0), Uint8Array.of(0))),
  sec1('trailing', 'a NULL at the end', 'ERR_DER_TRAILING_DATA', (root) => append(root, NULL())),
  sec1('fields-swapped', 'public key before the parameters', 'ERR_DER_TRAILING_DATA', (root) => {
    const list = children(root);
    list.push(list.splice(2, 1)[0]!);
    return list[3];
  }),
];

const pkcs1 = (
  name: string,
  about: string,
  code: string,
  edit: (root: Element) => Element | undefined,
): FaultDefinition => fault('keys/rsa2048-pkcs1.pem', 'pkcs1', `pkcs1-${name}`, about, code, undefined, edit);
const pkcs1Keys: readonly FaultDefinition[] = [
  pkcs1('modulus-negative', 'the modulus without its octet 00, so negative', 'ERR_DER_INTEGER', (root) =>
    fill(child(root, 1), octets(child(root, 1)).slice(1)),
  ),
  pkcs1('exponent-padded', 'the public exponent with an octet 00 before it', 'ERR_DER_INTEGER', (root) =>
    fill(child(root, 2), hex('00010001')),
  ),
  pkcs1('prime-missing', 'no coefficient', 'ERR_DER_TRUNCATED', (root) => {
    children(root).pop();
    return undefined;
  }),
  pkcs1('trailing', 'a NULL at the end', 'ERR_DER_TRAILING_DATA', (root) => append(root, NULL())),
];

const spki = (
  name: string,
  about: string,
  code: string,
  path: string,
  edit: (root: Element) => Element | undefined,
): FaultDefinition => fault('keys/p256-public.pem', 'public-key', `spki-${name}`, about, code, path, edit);
const publicKeys: readonly FaultDefinition[] = [
  spki('unused-bits', 'four unused bits', 'ERR_DER_BIT_STRING', 'subjectPublicKeyInfo.subjectPublicKey', (root) => {
    const content = octets(child(root, 1)).slice();
    content[0] = 4;
    return fill(child(root, 1), content);
  }),
  spki('parameters-twice', 'a second curve', 'ERR_DER_TRAILING_DATA', 'subjectPublicKeyInfo.algorithm', (root) =>
    append(child(root, 0), structuredClone(child(root, 0, 1))),
  ),
  spki('text', 'text for the algorithm', 'ERR_DER_TAG', 'subjectPublicKeyInfo.algorithm.algorithm', (root) => {
    child(root, 0, 0).tag = 0x0c;
    return fill(child(root, 0, 0), ascii('P-256'));
  }),
  spki('trailing', 'a NULL at the end', 'ERR_DER_TRAILING_DATA', 'subjectPublicKeyInfo', (root) =>
    append(root, NULL()),
  ),
];

export const otherFaults: readonly FaultDefinition[] = [...requests, ...keys, ...sec1Keys, ...pkcs1Keys, ...publicKeys];
