import {
  contextConstructedTag,
  contextTag,
  type DerNode,
  type DerReader,
  enumerated,
  explicit,
  generalizedTime,
  implicit,
  nullValue,
  type Oid,
  octetString,
  raw,
  read,
  type Seconds,
  sequence,
} from '@mayfly/der';
import { readAlgorithmIdentifier } from '../algorithm-identifier.js';
import { X509Error } from '../errors.js';
import { type Extension, extensionsNode, readExtensions } from '../extension.js';
import { type CRLReason, readReason, reasonNumber } from '../extensions/reason-code.js';
import { readName } from '../name/codec.js';
import type { SignedParts } from '../signed.js';
import { type CertID, certIDNode, readCertID } from './cert-id.js';
import { MAX_OCSP_LENGTH, readCerts, readOptional, refuseVersion } from './request.js';

/** RFC 6960 §4.2.1: why a responder gives no answer. */
export type OCSPFailure = 'malformedRequest' | 'internalError' | 'tryLater' | 'sigRequired' | 'unauthorized';

/** By their numbers; 4 is not used. */
export const ocspFailures: Readonly<Record<OCSPFailure, number>> = {
  malformedRequest: 1,
  internalError: 2,
  tryLater: 3,
  sigRequired: 5,
  unauthorized: 6,
};

/** RFC 6960 §4.2.1. */
export type OCSPResponse =
  | { readonly responseStatus: 'successful'; readonly response: BasicOCSPResponse }
  | { readonly responseStatus: OCSPFailure; readonly response?: undefined };

/** RFC 6960 §4.2.1: who signed, by the DER of a Name or by the SHA-1 hash of a key's octets. */
export type ResponderID =
  | { readonly byName: Uint8Array; readonly byKey?: undefined }
  | { readonly byKey: Uint8Array; readonly byName?: undefined };

/** RFC 6960 §4.2.1. */
export type CertStatus =
  | { readonly status: 'good' | 'unknown' }
  | { readonly status: 'revoked'; readonly revocationTime: Seconds; readonly revocationReason?: CRLReason };

/** RFC 6960 §4.2.1: what is said of one certificate. */
export interface SingleResponse {
  readonly certID: CertID;
  readonly certStatus: CertStatus;
  readonly thisUpdate: Seconds;
  /** Absent: newer information is there at any time. */
  readonly nextUpdate?: Seconds;
  /** The `singleExtensions`. */
  readonly extensions: readonly Extension[];
}

/** RFC 6960 §4.2.1. Views into the input. */
export interface BasicOCSPResponse {
  /** `tbs` is exactly what was signed. */
  readonly signed: SignedParts;
  readonly responderID: ResponderID;
  readonly producedAt: Seconds;
  readonly responses: readonly SingleResponse[];
  /** The `responseExtensions`. */
  readonly extensions: readonly Extension[];
  /** DER; not looked into. */
  readonly certs: readonly Uint8Array[];
}

/** `id-pkix-ocsp-basic`. */
export const idPkixOcspBasic: Oid = '1.3.6.1.5.5.7.48.1.1';

/*
 * OCSPResponse ::= SEQUENCE {
 *   responseStatus    OCSPResponseStatus,
 *   responseBytes [0] EXPLICIT SEQUENCE { responseType OBJECT IDENTIFIER, response OCTET STRING } OPTIONAL }
 */

/**
 * Reads a response. Nothing in it is to be believed before {@link checkOCSP} has verified it.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_OCSP` for a status that there is not, a successful response without
 * an answer or the reverse, and a type of answer that is not basic; `ERR_X509_VERSION`, `ERR_X509_DUPLICATE_EXTENSION`,
 * `ERR_X509_EXTENSION` for a reason that there is not, `ERR_X509_NAME`.
 */
export const parseOCSPResponse = (der: Uint8Array): OCSPResponse =>
  read(
    der,
    (reader) => {
      const outer = reader.sequence('');
      const statusStart = outer.offset;
      const number = outer.enumerated('responseStatus');
      const refuse = (state: string): never => {
        throw new X509Error('ERR_X509_OCSP', statusStart, outer.path('responseStatus'), state);
      };
      const response = readOptional(outer, 0, 'responseBytes', readResponseBytes);
      outer.end();
      if (number === 0)
        return response ? { responseStatus: 'successful', response } : refuse('successful, and there is no answer');
      const failure = (Object.keys(ocspFailures) as OCSPFailure[]).find((name) => ocspFailures[name] === number); // keys of the record
      if (failure === undefined) return refuse(`no status has the number ${number}`);
      return response ? refuse(`${failure}, and there is an answer`) : { responseStatus: failure };
    },
    { field: 'ocspResponse', maxLength: MAX_OCSP_LENGTH },
  );

function readResponseBytes(wrapper: DerReader): BasicOCSPResponse {
  const bytes = wrapper.sequence('');
  const start = bytes.offset;
  const responseType = bytes.oid('responseType');
  if (responseType !== idPkixOcspBasic)
    throw new X509Error('ERR_X509_OCSP', start, bytes.path('responseType'), `${responseType} is not the basic one`);
  const carrier = bytes.encapsulated('response');
  const basic = readBasicResponse(carrier);
  carrier.end();
  bytes.end();
  return basic;
}

/*
 * BasicOCSPResponse ::= SEQUENCE {
 *   tbsResponseData    ResponseData,
 *   signatureAlgorithm AlgorithmIdentifier,
 *   signature          BIT STRING,
 *   certs          [0] EXPLICIT SEQUENCE OF Certificate OPTIONAL }
 *
 * ResponseData ::= SEQUENCE {
 *   version            [0] EXPLICIT Version DEFAULT v1,
 *   responderID            CHOICE { byName [1] Name, byKey [2] KeyHash },
 *   producedAt             GeneralizedTime,
 *   responses              SEQUENCE OF SingleResponse,
 *   responseExtensions [1] EXPLICIT Extensions OPTIONAL }
 */
function readBasicResponse(carrier: DerReader): BasicOCSPResponse {
  const basic = carrier.sequence('');
  const start = basic.offset;
  const data = basic.sequence('tbsResponseData');
  const tbs = basic.since(start);
  refuseVersion(data);
  const responderID = readResponderID(data);
  const producedAt = data.generalizedTime('producedAt');
  const list = data.sequence('responses');
  const responses: SingleResponse[] = [];
  while (!list.done) responses.push(readSingleResponse(list));
  const extensions = readOptional(data, 1, 'responseExtensions', (inner) => readExtensions(inner, '')) ?? [];
  data.end();
  const signatureAlgorithm = readAlgorithmIdentifier(basic, 'signatureAlgorithm');
  const signatureValue = basic.bitStringOctets('signature');
  const certs = readCerts(basic);
  basic.end();
  const signed = { tbs, signatureAlgorithm, signatureValue };
  return { signed, responderID, producedAt, responses, extensions, certs };
}

function readResponderID(data: DerReader): ResponderID {
  const byKey = readOptional(data, 2, 'responderID', (inner) => inner.octetString('byKey'));
  if (byKey !== undefined) return { byKey };
  const wrapper = data.explicit(1, 'responderID');
  const start = wrapper.offset;
  readName(wrapper, 'byName');
  wrapper.end();
  return { byName: wrapper.since(start) };
}

/*
 * SingleResponse ::= SEQUENCE {
 *   certID               CertID,
 *   certStatus           CHOICE { good [0] IMPLICIT NULL, revoked [1] IMPLICIT RevokedInfo, unknown [2] IMPLICIT NULL },
 *   thisUpdate           GeneralizedTime,
 *   nextUpdate       [0] EXPLICIT GeneralizedTime OPTIONAL,
 *   singleExtensions [1] EXPLICIT Extensions OPTIONAL }
 */
function readSingleResponse(list: DerReader): SingleResponse {
  const single = list.sequence('');
  const certID = readCertID(single, 'certID');
  const certStatus = readCertStatus(single);
  const thisUpdate = single.generalizedTime('thisUpdate');
  const nextUpdate = readOptional(single, 0, 'nextUpdate', (inner) => inner.generalizedTime(''));
  const extensions = readOptional(single, 1, 'singleExtensions', (inner) => readExtensions(inner, '')) ?? [];
  single.end();
  return { certID, certStatus, thisUpdate, ...(nextUpdate !== undefined && { nextUpdate }), extensions };
}

/** RevokedInfo ::= SEQUENCE { revocationTime GeneralizedTime, revocationReason [0] EXPLICIT CRLReason OPTIONAL } */
function readCertStatus(single: DerReader): CertStatus {
  switch (single.peek()) {
    case contextTag(0):
      single.null('certStatus', contextTag(0));
      return { status: 'good' };
    case contextTag(2):
      single.null('certStatus', contextTag(2));
      return { status: 'unknown' };
    default: {
      const revoked = single.sequence('certStatus', contextConstructedTag(1));
      const revocationTime = revoked.generalizedTime('revocationTime');
      const revocationReason = readOptional(revoked, 0, 'revocationReason', (inner) => readReason(inner, ''));
      revoked.end();
      return { status: 'revoked', revocationTime, ...(revocationReason && { revocationReason }) };
    }
  }
}

/** What a responder is going to sign. */
export interface ResponseData {
  readonly responderID: ResponderID;
  readonly producedAt: Seconds;
  readonly responses: readonly SingleResponse[];
  readonly extensions: readonly Extension[];
}

/** Writes ResponseData. */
export const responseDataNode = ({ responderID, producedAt, responses, extensions }: ResponseData): DerNode =>
  sequence(
    responderID.byName === undefined
      ? explicit(2, octetString(responderID.byKey))
      : explicit(1, raw(responderID.byName)),
    generalizedTime(producedAt),
    sequence(...responses.map(singleResponseNode)),
    extensions.length > 0 && explicit(1, extensionsNode(extensions)),
  );

const singleResponseNode = ({ certID, certStatus, thisUpdate, nextUpdate, extensions }: SingleResponse): DerNode =>
  sequence(
    certIDNode(certID),
    certStatusNode(certStatus),
    generalizedTime(thisUpdate),
    nextUpdate !== undefined && explicit(0, generalizedTime(nextUpdate)),
    extensions.length > 0 && explicit(1, extensionsNode(extensions)),
  );

function certStatusNode(certStatus: CertStatus): DerNode {
  if (certStatus.status !== 'revoked') return implicit(certStatus.status === 'good' ? 0 : 2, nullValue());
  const { revocationTime, revocationReason } = certStatus;
  return implicit(
    1,
    sequence(
      generalizedTime(revocationTime),
      revocationReason && explicit(0, enumerated(reasonNumber(revocationReason))),
    ),
  );
}
