import { toHex } from '@mayfly/der';
import { type Certificate, parseCertificate } from '@mayfly/x509';
import { parseCRL } from '@mayfly/x509/crl';
import {
  type CertStatus,
  certID,
  createOCSPResponseSync,
  encodeOCSPRequest,
  responderKeyHash,
} from '@mayfly/x509/ocsp';
import { extensionCodecs } from '../vectors/extension-codecs.js';
import { derOf, vectors } from '../vectors/read-vectors.js';
import type { Vector } from '../vectors/types.js';
import { extensionFormats, type Format, formats } from './formats.js';

/** A format and sound inputs of it: the vectors that its reader accepts. */
export interface Target {
  readonly format: Format;
  readonly sources: readonly Uint8Array[];
}

const accepted = vectors.filter(({ kind, expect }) => kind !== 'pem' && kind !== 'crl' && expect !== 'refused');
const filesOf = (wanted: (vector: Vector) => boolean): readonly Uint8Array[] =>
  accepted.filter(wanted).map(({ file }) => derOf(file));
const ofForm =
  (kind: Vector['kind'], form: string) =>
  (vector: Vector): boolean =>
    vector.kind === kind && 'form' in vector && vector.form === form;

/** Each only once: hundreds of certificates have the same few names. */
const distinct = (inputs: readonly Uint8Array[]): readonly Uint8Array[] => [
  ...new Map(inputs.map((input) => [toHex(input), input])).values(),
];

/** OCSP as a responder for the first certificate would speak it; nobody verifies the signature. */
function ocspSources(certificates: readonly Certificate[]) {
  const [certificate, issuer] = certificates as [Certificate, Certificate];
  const key = {
    signatureAlgorithm: { algorithm: '1.2.3' },
    subjectPublicKeyInfo: new Uint8Array(0),
    sign: () => Uint8Array.of(1),
  };
  const ids = [certID(certificate, issuer), certID(certificate, issuer, 'SHA-256')];
  const nonce = Uint8Array.of(1, 2, 3, 4);
  const [producedAt, thisUpdate, nextUpdate] = [1_800_000_000, 1_800_000_000, 1_800_003_600];
  const statuses: readonly CertStatus[] = [
    { status: 'good' },
    { status: 'unknown' },
    { status: 'revoked', revocationTime: 1_700_000_000, revocationReason: 'keyCompromise' },
  ];
  const answers = statuses.map((certStatus) => ({ certID: ids[0]!, certStatus, thisUpdate, nextUpdate }));
  const responders = [{ byName: issuer.subject }, { byKey: responderKeyHash(issuer.subjectPublicKeyInfo) }];
  return {
    requests: [encodeOCSPRequest({ requests: ids }), encodeOCSPRequest({ requests: ids, nonce })],
    responses: responders.map((responderID) =>
      createOCSPResponseSync({ responderID, producedAt, answers, nonce, certs: [issuer.der] }, key),
    ),
  };
}

/** Every format with its inputs. */
export function targets(): readonly Target[] {
  const certificates = filesOf(({ kind }) => kind === 'certificate');
  const parsed = certificates.map((der) => parseCertificate(der));
  const ocsp = ocspSources(parsed);
  const extensions = Object.entries(extensionCodecs).map(([extnID, { field }]) => ({
    format: extensionFormats[`extension ${field}`]!,
    sources: distinct(
      parsed.flatMap((certificate) =>
        certificate.extensions.filter((extension) => extension.extnID === extnID).map(({ extnValue }) => extnValue),
      ),
    ),
  }));
  return [
    { format: formats.certificate, sources: certificates },
    { format: formats.request, sources: filesOf(({ kind }) => kind === 'request') },
    { format: formats['private-key'], sources: filesOf(ofForm('private-key', 'pkcs8')) },
    { format: formats['encrypted-private-key'], sources: filesOf(ofForm('private-key', 'pkcs8-encrypted')) },
    { format: formats.sec1, sources: filesOf(ofForm('private-key', 'sec1')) },
    { format: formats.pkcs1, sources: filesOf(ofForm('private-key', 'pkcs1')) },
    { format: formats['pkcs1-public-key'], sources: filesOf(ofForm('public-key', 'pkcs1')) },
    {
      format: formats['public-key'],
      sources: distinct([
        ...filesOf(ofForm('public-key', 'spki')),
        ...parsed.map(({ subjectPublicKeyInfo }) => subjectPublicKeyInfo),
      ]),
    },
    { format: formats.name, sources: distinct(parsed.flatMap(({ subject, issuer }) => [subject, issuer])) },
    {
      format: formats.crl,
      sources: vectors
        .filter(({ kind, expect }) => kind === 'crl' && expect === 'valid')
        .map(({ file }) => derOf(file))
        .filter((der) => parseCRL(der).version === 2), // the writer makes no other
    },
    { format: formats['ocsp-request'], sources: ocsp.requests },
    { format: formats['ocsp-response'], sources: ocsp.responses },
    { format: formats['certificate-by-node'], sources: certificates },
    ...extensions,
  ];
}
