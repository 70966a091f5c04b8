import {
  bitString,
  contextConstructedTag,
  type DerNode,
  type DerReader,
  encode,
  explicit,
  raw,
  read,
  sequence,
  tags,
} from '@mayfly/der';
import { algorithmIdentifierNode, readAlgorithmIdentifier } from '../algorithm-identifier.js';
import { X509Error } from '../errors.js';
import { type Extension, extensionsNode, readExtensions } from '../extension.js';
import { type GeneralName, generalNameNode, readGeneralName } from '../general-name/codec.js';
import type { SignedParts, SigningKey } from '../signed.js';
import { type CertID, certIDNode, readCertID } from './cert-id.js';
import { ocspNonceExtension } from './nonce.js';

/** Longest request or response accepted, in octets. */
export const MAX_OCSP_LENGTH = 262_144;

/** RFC 6960 §4.1.1: one certificate asked about. */
export interface OCSPSingleRequest {
  readonly reqCert: CertID;
  /** The `singleRequestExtensions`. */
  readonly extensions: readonly Extension[];
}

/** RFC 6960 §4.1.1. Views into `der`. */
export interface OCSPRequest {
  readonly der: Uint8Array;
  readonly requestorName?: GeneralName;
  readonly requestList: readonly OCSPSingleRequest[];
  /** The `requestExtensions`. */
  readonly extensions: readonly Extension[];
  /** Present where the request is signed; `certs` are DER and not looked into. */
  readonly signed?: SignedParts & { readonly certs: readonly Uint8Array[] };
}

/*
 * OCSPRequest ::= SEQUENCE {
 *   tbsRequest            TBSRequest,
 *   optionalSignature [0] EXPLICIT Signature OPTIONAL }
 *
 * TBSRequest ::= SEQUENCE {
 *   version           [0] EXPLICIT Version DEFAULT v1,
 *   requestorName     [1] EXPLICIT GeneralName OPTIONAL,
 *   requestList           SEQUENCE OF Request,
 *   requestExtensions [2] EXPLICIT Extensions OPTIONAL }
 */

/**
 * Reads a request, as a responder does.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_VERSION`, `ERR_X509_DUPLICATE_EXTENSION`, `ERR_X509_GENERAL_NAME`, and
 * `ERR_X509_OCSP` when it asks for nothing.
 */
export const parseOCSPRequest = (der: Uint8Array): OCSPRequest =>
  read(
    der,
    (reader) => {
      const request = reader.sequence('');
      const start = request.offset;
      const tbsRequest = request.sequence('tbsRequest');
      const tbs = request.since(start);
      refuseVersion(tbsRequest);
      const requestorName = readOptional(tbsRequest, 1, 'requestorName', (name) => readGeneralName(name, ''));
      const listStart = tbsRequest.offset;
      const list = tbsRequest.sequence('requestList');
      const requestList: OCSPSingleRequest[] = [];
      while (!list.done) requestList.push(readSingleRequest(list));
      if (requestList.length === 0)
        throw new X509Error('ERR_X509_OCSP', listStart, list.path(), 'no certificate is asked about');
      const extensions = readOptional(tbsRequest, 2, 'requestExtensions', (inner) => readExtensions(inner, '')) ?? [];
      tbsRequest.end();
      const signature = readOptional(request, 0, 'optionalSignature', (inner) => readSignature(inner));
      request.end();
      return {
        der,
        ...(requestorName && { requestorName }),
        requestList,
        extensions,
        ...(signature && { signed: { tbs, ...signature } }),
      };
    },
    { field: 'ocspRequest', maxLength: MAX_OCSP_LENGTH },
  );

function readSingleRequest(list: DerReader): OCSPSingleRequest {
  const single = list.sequence('');
  const reqCert = readCertID(single, 'reqCert');
  const extensions = readOptional(single, 0, 'singleRequestExtensions', (inner) => readExtensions(inner, '')) ?? [];
  single.end();
  return { reqCert, extensions };
}

/** Signature ::= SEQUENCE { signatureAlgorithm, signature BIT STRING, certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL } */
function readSignature(reader: DerReader): Omit<NonNullable<OCSPRequest['signed']>, 'tbs'> {
  const signature = reader.sequence('');
  const signatureAlgorithm = readAlgorithmIdentifier(signature, 'signatureAlgorithm');
  const signatureValue = signature.bitStringOctets('signature');
  const certs = readCerts(signature);
  signature.end();
  return { signatureAlgorithm, signatureValue, certs };
}

/** Reads `certs [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL` without looking into the certificates. */
export const readCerts = (reader: DerReader): readonly Uint8Array[] =>
  readOptional(reader, 0, 'certs', (inner) => {
    const list = inner.sequence('');
    const certs: Uint8Array[] = [];
    while (!list.done) certs.push(list.element('', tags.sequence));
    return certs;
  }) ?? [];

/** The inverse of {@link readCerts}; an empty list is left out. */
export const certsNode = (certs: readonly Uint8Array[]): DerNode | undefined =>
  certs.length === 0 ? undefined : explicit(0, sequence(...certs.map(raw)));

/** Reads `[tagNumber] EXPLICIT` where it is there. */
export function readOptional<T>(
  reader: DerReader,
  tagNumber: number,
  field: string,
  body: (reader: DerReader) => T,
): T | undefined {
  if (reader.peek() !== contextConstructedTag(tagNumber)) return undefined;
  const wrapper = reader.explicit(tagNumber, field);
  const value = body(wrapper);
  wrapper.end();
  return value;
}

/** There is one version, and DER leaves a DEFAULT out: whatever is written is wrong. */
export function refuseVersion(reader: DerReader): void {
  if (reader.peek() === contextConstructedTag(0))
    throw new X509Error(
      'ERR_X509_VERSION',
      reader.offset,
      reader.path('version'),
      'there is v1 alone, and it is left out',
    );
}

/** What a request asks. */
export interface OCSPRequestContents {
  readonly requests: readonly CertID[];
  /** Random octets that a fresh response repeats; RFC 9654 advises 32. Default none, which accepts prepared responses. */
  readonly nonce?: Uint8Array;
}

/**
 * Writes an unsigned request, which is what responders expect.
 * @throws RangeError when it asks for nothing, and for a nonce that has not 1 to 128 octets.
 */
export const encodeOCSPRequest = (contents: OCSPRequestContents): Uint8Array<ArrayBuffer> =>
  encode(sequence(tbsRequestNode(contents)));

/**
 * Makes a request that `key` signs, for responders that ask who asks.
 * @param requestorName - The subject of the key's certificate.
 * @param certs - DER of the certificates that the responder may need to verify it.
 * @throws RangeError as {@link encodeOCSPRequest}; rejects with what the key rejects with.
 */
export async function createOCSPRequest(
  contents: OCSPRequestContents,
  requestorName: GeneralName,
  key: SigningKey,
  certs: readonly Uint8Array[] = [],
): Promise<Uint8Array<ArrayBuffer>> {
  const tbs = encode(tbsRequestNode(contents, requestorName));
  const signature = sequence(
    algorithmIdentifierNode(key.signatureAlgorithm),
    bitString(await key.sign(tbs)),
    certsNode(certs),
  );
  return encode(sequence(raw(tbs), explicit(0, signature)));
}

function tbsRequestNode({ requests, nonce }: OCSPRequestContents, requestorName?: GeneralName): DerNode {
  if (requests.length === 0) throw new RangeError('Cannot encode OCSPRequest: no certificate is asked about');
  return sequence(
    requestorName && explicit(1, generalNameNode(requestorName)),
    sequence(...requests.map((reqCert) => sequence(certIDNode(reqCert)))),
    nonce && explicit(2, extensionsNode([ocspNonceExtension(nonce)])),
  );
}
