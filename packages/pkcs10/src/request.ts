import {
  contextConstructedTag,
  type DerNode,
  type DerReader,
  encode,
  implicit,
  integer,
  type Oid,
  oid,
  raw,
  read,
  sequence,
  setOf,
  tags,
} from '@mayfly/der';
import {
  type AlgorithmIdentifier,
  type Extension,
  type ExtensionToWrite,
  extensionsNode,
  readExtensions,
  readSubjectPublicKeyInfo,
} from '@mayfly/x509';
import {
  assemble,
  readSignature,
  type SignedParts,
  type SigningKey,
  type SyncSigningKey,
  type VerifySignature,
} from '@mayfly/x509/signed';
import { Pkcs10Error } from './errors.js';

/** Longest request accepted, in octets; the bound that certificates have. */
export const MAX_REQUEST_LENGTH = 65_536;

/** RFC 2985 §5.4.2. */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/** RFC 2986 §4.1. Each value is the DER of whatever the type defines. */
export interface Attribute {
  readonly type: Oid;
  readonly values: readonly Uint8Array[];
}

/** RFC 2986 §4. Views into `der`; treat bytes as read-only, copy what must outlive the input. */
export interface CertificationRequest {
  readonly der: Uint8Array;
  /** Exactly what was signed. */
  readonly certificationRequestInfo: Uint8Array;
  /** DER of the Name; decode with `@mayfly/x509/name`. */
  readonly subject: Uint8Array;
  /** DER. */
  readonly subjectPublicKeyInfo: Uint8Array;
  /** All attributes, extensionRequest among them, in the order of the request. */
  readonly attributes: readonly Attribute[];
  /** From the extensionRequest attribute (RFC 2985 §5.4.2); empty when absent. */
  readonly extensions: readonly Extension[];
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly signature: Uint8Array;
}

/** What a request asks for. Everything left out is left empty. Nodes are written in their place, without an array between. */
export interface RequestContents {
  /** A Name: its DER, or its node. Default the empty one. */
  readonly subject?: Uint8Array | DerNode;
  /** Written as one extensionRequest attribute when there are any. */
  readonly extensions?: readonly ExtensionToWrite[];
  /** Further attributes, for example a challengePassword. */
  readonly attributes?: readonly Attribute[];
}

/**
 * Reads one request, strictly. It does not verify the signature: {@link verifyCertificationRequest} does.
 * @throws {@link DerError} for broken DER; {@link X509Error} `ERR_X509_DUPLICATE_EXTENSION`; {@link Pkcs10Error}
 * `ERR_PKCS10_VERSION`, `ERR_PKCS10_ATTRIBUTE` (a type twice, or an extensionRequest without exactly one value).
 */
export const parseCertificationRequest = (der: Uint8Array): CertificationRequest =>
  read(der, (reader) => readRequest(reader, der), { field: 'certificationRequest', maxLength: MAX_REQUEST_LENGTH });

/*
 * CertificationRequestInfo ::= SEQUENCE {
 *   version       INTEGER { v1(0) },
 *   subject       Name,
 *   subjectPKInfo SubjectPublicKeyInfo,
 *   attributes    [0] IMPLICIT SET OF Attribute }
 */
function readRequest(reader: DerReader, der: Uint8Array): CertificationRequest {
  const request = reader.sequence('');
  const infoStart = request.offset;
  const info = request.sequence('certificationRequestInfo');
  const certificationRequestInfo = der.subarray(infoStart, request.offset);
  const versionStart = info.offset;
  const version = info.smallInteger('version');
  if (version !== 0)
    throw new Pkcs10Error('ERR_PKCS10_VERSION', versionStart, info.path('version'), `no version ${version}`);
  const subject = info.element('subject', tags.sequence);
  const spkiStart = info.offset;
  readSubjectPublicKeyInfo(info, 'subjectPKInfo');
  const subjectPublicKeyInfo = der.subarray(spkiStart, info.offset);
  const list = info.setOf('attributes', contextConstructedTag(0));
  const attributes: Attribute[] = [];
  const seen = new Set<Oid>();
  let extensions: readonly Extension[] | undefined;
  while (!list.done) {
    const start = list.offset;
    const attribute = list.sequence('');
    const type = attribute.oid('type');
    if (seen.has(type))
      throw new Pkcs10Error('ERR_PKCS10_ATTRIBUTE', start, list.path(''), `${type} stands there twice`);
    seen.add(type);
    const valuesStart = attribute.offset;
    const values = attribute.setOf('values');
    attribute.end();
    const ders: Uint8Array[] = [];
    while (!values.done) {
      const valueStart = values.offset;
      if (type === EXTENSION_REQUEST && extensions === undefined) extensions = readExtensions(values, '');
      else values.skip('');
      ders.push(der.subarray(valueStart, values.offset));
    }
    if (ders.length === 0 || (type === EXTENSION_REQUEST && ders.length > 1))
      throw new Pkcs10Error('ERR_PKCS10_ATTRIBUTE', valuesStart, attribute.path('values'), `${ders.length} values`);
    attributes.push({ type, values: ders });
  }
  info.end();
  const { signatureAlgorithm, signatureValue } = readSignature(request, 'signature');
  return {
    der,
    certificationRequestInfo,
    subject,
    subjectPublicKeyInfo,
    attributes,
    extensions: extensions ?? [],
    signatureAlgorithm,
    signature: signatureValue,
  };
}

/** The signed part, algorithm and signature of a request, as {@link VerifySignature} takes them. */
export const requestSignedParts = (request: CertificationRequest): SignedParts => ({
  tbs: request.certificationRequestInfo,
  signatureAlgorithm: request.signatureAlgorithm,
  signatureValue: request.signature,
});

/** Whether the request is signed by the key it carries: the proof of possession (RFC 2986 §3). */
export async function verifyCertificationRequest(
  request: CertificationRequest,
  verify: VerifySignature,
): Promise<boolean> {
  return await verify(requestSignedParts(request), request.subjectPublicKeyInfo);
}

/**
 * Makes a request for the key that signs it.
 * @returns DER, a new array.
 */
export async function createCertificationRequest(
  contents: RequestContents,
  key: SigningKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const tbs = encodeCertificationRequestInfo(contents, key.subjectPublicKeyInfo);
  return finish(tbs, key, await key.sign(tbs));
}

/** {@link createCertificationRequest} for a key that signs without waiting. */
export function createCertificationRequestSync(
  contents: RequestContents,
  key: SyncSigningKey,
): Uint8Array<ArrayBuffer> {
  const tbs = encodeCertificationRequestInfo(contents, key.subjectPublicKeyInfo);
  return finish(tbs, key, key.sign(tbs));
}

const finish = (tbs: Uint8Array, { signatureAlgorithm }: SigningKey, signatureValue: Uint8Array) =>
  assemble({ tbs, signatureAlgorithm, signatureValue });

const EMPTY_NAME: Uint8Array = /* @__PURE__ */ Uint8Array.of(0x30, 0);

/** The bytes that a requester signs: CertificationRequestInfo of RFC 2986 §4.1. */
export function encodeCertificationRequestInfo(
  { subject = EMPTY_NAME, extensions = [], attributes = [], ...unknown }: RequestContents,
  subjectPublicKeyInfo: Uint8Array,
): Uint8Array<ArrayBuffer> {
  unknown satisfies Record<string, never>;
  return encode(
    sequence(
      integer(0),
      subject instanceof Uint8Array ? raw(subject) : subject,
      raw(subjectPublicKeyInfo),
      implicit(
        0,
        setOf(
          extensions.length > 0 && attributeNode(EXTENSION_REQUEST, extensionsNode(extensions)),
          ...attributes.map(({ type, values }) => attributeNode(type, ...values.map(raw))),
        ),
      ),
    ),
  );
}

const attributeNode = (type: Oid, ...values: readonly DerNode[]): DerNode => sequence(oid(type), setOf(...values));
