import { createHash } from 'node:crypto';
import { formatDuration, type Seconds, toHex } from '@mayfly/der';
import { KeysError } from '@mayfly/keys';
import { verifyWithNode } from '@mayfly/keys/node';
import { parseCertificationRequest, verifyCertificationRequest } from '@mayfly/pkcs10';
import { inspectCertificate, type Validity } from '@mayfly/x509';
import { oidText } from '@mayfly/x509/oid-names';
import { colonHex, formatTime } from '../terminal-text.js';
import { type Facts, facts, nameFact } from './description.js';
import { extensionFacts, serialNumberText } from './extensions.js';
import { publicKeyFacts } from './public-key.js';

/** What a certificate says, in the order of RFC 5280 §4.1, then what it is recognised by. */
export function certificateFacts(der: Uint8Array, now: Seconds): Facts {
  const certificate = inspectCertificate(der);
  const { version, serialNumber, signatureAlgorithm, issuer, validity, subject, extensions } = certificate;
  return facts({
    version,
    serialNumber: serialNumberText(serialNumber),
    signatureAlgorithm: oidText(signatureAlgorithm.algorithm),
    issuer: nameFact(issuer),
    validity: validityFacts(validity, now),
    subject: nameFact(subject),
    subjectPublicKeyInfo: publicKeyFacts(certificate.subjectPublicKeyInfo),
    extensions: extensions.map(extensionFacts),
    signatureValue: toHex(certificate.signatureValue),
    sha256: colonHex(createHash('sha256').update(der).digest()),
  });
}

function validityFacts({ notBefore, notAfter }: Validity, now: Seconds): Facts {
  const state =
    notAfter < notBefore
      ? 'never valid: ends before it begins'
      : now < notBefore
        ? `valid in ${formatDuration(notBefore - now)}`
        : now > notAfter
          ? `expired ${formatDuration(now - notAfter)} ago`
          : `valid for ${formatDuration(notAfter - now + 1)} more`;
  return { notBefore: formatTime(notBefore), notAfter: formatTime(notAfter), state };
}

/** What a certification request asks for, and whether its signature proves possession of the key. */
export async function requestFacts(der: Uint8Array): Promise<Facts> {
  const request = parseCertificationRequest(der);
  return facts({
    subject: nameFact(request.subject),
    subjectPublicKeyInfo: publicKeyFacts(request.subjectPublicKeyInfo),
    attributes: request.attributes
      .filter(({ type }) => oidText(type) !== 'extensionRequest')
      .map(({ type, values }) => ({ type: oidText(type), values: values.map(toHex) })),
    extensions: request.extensions.map(extensionFacts),
    signatureAlgorithm: oidText(request.signatureAlgorithm.algorithm),
    signature: toHex(request.signature),
    proofOfPossession: await proofOfPossession(request),
    sha256: colonHex(createHash('sha256').update(der).digest()),
  });
}

async function proofOfPossession(request: ReturnType<typeof parseCertificationRequest>): Promise<string> {
  try {
    return (await verifyCertificationRequest(request, verifyWithNode))
      ? 'the signature fits the key'
      : 'FAILED: the signature does not fit the key';
  } catch (error) {
    if (!(error instanceof KeysError)) throw error;
    return `not checked: ${error.message} (${error.code})`;
  }
}
