import { bitString, encode, enumerated, explicit, octetString, oid, raw, type Seconds, sequence } from '@mayfly/der';
import { algorithmIdentifierNode } from '../algorithm-identifier.js';
import type { Extension } from '../extension.js';
import type { SigningKey, SyncSigningKey } from '../signed.js';
import type { CertID } from './cert-id.js';
import { ocspNonceExtension } from './nonce.js';
import { certsNode } from './request.js';
import {
  type CertStatus,
  idPkixOcspBasic,
  type OCSPFailure,
  ocspFailures,
  type ResponderID,
  responseDataNode,
} from './response.js';

/** What is going to be said of one certificate. */
export interface OCSPAnswer {
  readonly certID: CertID;
  readonly certStatus: CertStatus;
  readonly thisUpdate: Seconds;
  /** Absent: newer information is there at any time. */
  readonly nextUpdate?: Seconds;
  /** Default none. */
  readonly extensions?: readonly Extension[];
}

/** All that a successful response says; the algorithm comes from the key that signs. */
export interface OCSPResponseContents {
  readonly responderID: ResponderID;
  readonly producedAt: Seconds;
  readonly answers: readonly OCSPAnswer[];
  /** The request's, where it had one. Default none. */
  readonly nonce?: Uint8Array;
  /** DER of the certificates that a client needs: that of a responder which is not the issuer itself. Default none. */
  readonly certs?: readonly Uint8Array[];
}

/**
 * Makes a response that `key` signs.
 * @returns DER; the caller owns it.
 * @throws RangeError without answers, for a nextUpdate before its thisUpdate, and for a nonce that has not 1 to 128 octets;
 * rejects with what the key rejects with.
 */
export async function createOCSPResponse(
  contents: OCSPResponseContents,
  key: SigningKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const tbs = encodeResponseData(contents);
  return assembleResponse(contents, key, tbs, await key.sign(tbs));
}

/** {@link createOCSPResponse} for a key that signs without waiting. */
export function createOCSPResponseSync(contents: OCSPResponseContents, key: SyncSigningKey): Uint8Array<ArrayBuffer> {
  const tbs = encodeResponseData(contents);
  return assembleResponse(contents, key, tbs, key.sign(tbs));
}

/** Writes a response that says why there is no answer; nobody signs it. */
export const encodeOCSPFailure = (failure: OCSPFailure): Uint8Array<ArrayBuffer> =>
  encode(sequence(enumerated(ocspFailures[failure])));

function encodeResponseData({
  responderID,
  producedAt,
  answers,
  nonce,
}: OCSPResponseContents): Uint8Array<ArrayBuffer> {
  if (answers.length === 0) throw new RangeError('Cannot create OCSPResponse: it answers nothing');
  if (answers.some(({ thisUpdate, nextUpdate = thisUpdate }) => nextUpdate < thisUpdate))
    throw new RangeError('Cannot create OCSPResponse: a nextUpdate is before its thisUpdate');
  const responses = answers.map((answer) => ({ extensions: [], ...answer }));
  const extensions = nonce === undefined ? [] : [ocspNonceExtension(nonce)];
  return encode(responseDataNode({ responderID, producedAt, responses, extensions }));
}

function assembleResponse(
  { certs = [] }: OCSPResponseContents,
  { signatureAlgorithm }: SigningKey,
  tbs: Uint8Array,
  signatureValue: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const basic = sequence(
    raw(tbs),
    algorithmIdentifierNode(signatureAlgorithm),
    bitString(signatureValue),
    certsNode(certs),
  );
  const bytes = sequence(oid(idPkixOcspBasic), octetString(basic));
  return encode(sequence(enumerated(0), explicit(0, bytes)));
}
