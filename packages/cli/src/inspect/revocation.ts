import { createHash } from 'node:crypto';
import { formatDuration, type Seconds, toHex } from '@mayfly/der';
import { parseCRL, type RevokedCertificate, revokedCertificates } from '@mayfly/x509/crl';
import { invalidityDate, reasonCode } from '@mayfly/x509/extensions';
import { formatGeneralName } from '@mayfly/x509/general-name';
import { type CertID, type CertStatus, parseOCSPRequest, parseOCSPResponse, type ResponderID } from '@mayfly/x509/ocsp';
import { oidText } from '@mayfly/x509/oid-names';
import { colonHex, formatTime } from '../terminal-text.js';
import { certificateFacts } from './certificate.js';
import { type Fact, type Facts, facts, nameFact } from './description.js';
import { extensionFacts, serialNumberText } from './extensions.js';

/** Entries that are shown of a list; a list may have millions. */
const MAX_ENTRIES = 1000;

/** What a revocation list says, in the order of RFC 5280 §5.1. */
export function crlFacts(der: Uint8Array, now: Seconds): Facts {
  const crl = parseCRL(der);
  const { thisUpdate, nextUpdate, entries } = crl;
  const shown: Facts[] = [];
  for (const entry of revokedCertificates(crl)) {
    if (shown.length === MAX_ENTRIES) break;
    shown.push(entryFacts(entry));
  }
  return facts({
    version: crl.version,
    signatureAlgorithm: oidText(crl.signatureAlgorithm.algorithm),
    issuer: nameFact(crl.issuer),
    thisUpdate: formatTime(thisUpdate),
    nextUpdate: nextUpdate === undefined ? undefined : formatTime(nextUpdate),
    state: freshness(thisUpdate, nextUpdate, now),
    extensions: crl.extensions.map(extensionFacts),
    revoked: entries.count,
    revokedCertificates: shown,
    notShown: entries.count > MAX_ENTRIES ? entries.count - MAX_ENTRIES : undefined,
    signatureValue: toHex(crl.signatureValue),
    sha256: colonHex(createHash('sha256').update(der).digest()),
  });
}

function freshness(thisUpdate: Seconds, nextUpdate: Seconds | undefined, now: Seconds): string {
  if (now < thisUpdate) return `from ${formatDuration(thisUpdate - now)} later`;
  if (nextUpdate === undefined) return 'of any age: it does not say when the next one comes';
  return now > nextUpdate
    ? `expired ${formatDuration(now - nextUpdate)} ago`
    : `current for ${formatDuration(nextUpdate - now + 1)} more`;
}

function entryFacts(entry: RevokedCertificate): Facts {
  const invalid = invalidityDate(entry);
  return facts({
    userCertificate: serialNumberText(entry.userCertificate),
    revocationDate: formatTime(entry.revocationDate),
    reasonCode: reasonCode(entry),
    invalidityDate: invalid === undefined ? undefined : formatTime(invalid),
    certificateIssuer: entry.certificateIssuer?.map(formatGeneralName),
  });
}

/** What a request to an OCSP responder asks (RFC 6960 §4.1). */
export function ocspRequestFacts(der: Uint8Array): Facts {
  const { requestorName, requestList, extensions, signed } = parseOCSPRequest(der);
  return facts({
    requestorName: requestorName && formatGeneralName(requestorName),
    requestList: requestList.map(({ reqCert }) => certIDFacts(reqCert)),
    extensions: extensions.map(extensionFacts),
    signatureAlgorithm: signed && oidText(signed.signatureAlgorithm.algorithm),
  });
}

/** What an OCSP responder answers (RFC 6960 §4.2). Nothing of it is verified. */
export function ocspResponseFacts(der: Uint8Array, now: Seconds): Facts {
  const { responseStatus, response } = parseOCSPResponse(der);
  if (response === undefined) return { responseStatus };
  const { responderID, producedAt, responses, extensions, signed, certs } = response;
  return facts({
    responseStatus,
    responderID: responderFact(responderID),
    producedAt: formatTime(producedAt),
    responses: responses.map(({ certID, certStatus, thisUpdate, nextUpdate }) =>
      facts({
        ...certIDFacts(certID),
        ...statusFacts(certStatus),
        thisUpdate: formatTime(thisUpdate),
        nextUpdate: nextUpdate === undefined ? undefined : formatTime(nextUpdate),
        state: freshness(thisUpdate, nextUpdate, now),
      }),
    ),
    extensions: extensions.map(extensionFacts),
    signatureAlgorithm: oidText(signed.signatureAlgorithm.algorithm),
    signature: toHex(signed.signatureValue),
    certs: certs.length === 0 ? undefined : certs.map((certificate) => certificateFacts(certificate, now)),
  });
}

const certIDFacts = ({ hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }: CertID): Facts => ({
  hashAlgorithm: oidText(hashAlgorithm.algorithm),
  issuerNameHash: toHex(issuerNameHash),
  issuerKeyHash: toHex(issuerKeyHash),
  serialNumber: serialNumberText(serialNumber),
});

const responderFact = ({ byName, byKey }: ResponderID): Fact =>
  byName === undefined ? { byKey: toHex(byKey) } : nameFact(byName);

const statusFacts = (status: CertStatus): Facts =>
  status.status === 'revoked'
    ? facts({
        certStatus: status.status,
        revocationTime: formatTime(status.revocationTime),
        revocationReason: status.revocationReason,
      })
    : { certStatus: status.status };
