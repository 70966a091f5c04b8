import { checkDer } from '@mayfly/der';
import { parsePrivateKeyInfo } from '@mayfly/pkcs8';
import { parseECPrivateKey } from '@mayfly/pkcs8/ec';
import { parseEncryptedPrivateKeyInfo } from '@mayfly/pkcs8/encrypted';
import { parseRSAPrivateKey, parseRSAPublicKey } from '@mayfly/pkcs8/rsa';
import { parseCertificationRequest } from '@mayfly/pkcs10';
import { describePfx } from '@mayfly/pkcs12';
import { inspectCertificate, parseSubjectPublicKeyInfo } from '@mayfly/x509';
import { parseCRL } from '@mayfly/x509/crl';
import { type LintFinding, lintCertificate, lintCRL, lintRequest } from '@mayfly/x509/lint';
import { parseOCSPRequest, parseOCSPResponse } from '@mayfly/x509/ocsp';
import type { Shape } from './shape.js';
import { subjectPublicKeyInfo } from './shapes/common.js';
import * as structures from './shapes/structures.js';

/** A structure that is known here. */
export interface Kind {
  readonly type:
    | 'certificate'
    | 'certificationRequest'
    | 'certificateList'
    | 'ocspRequest'
    | 'ocspResponse'
    | 'keyStore'
    | 'privateKey'
    | 'encryptedPrivateKey'
    | 'publicKey'
    | 'unknown';
  /** For people. */
  readonly title: string;
  /** With which the paths of its errors begin. */
  readonly name: string;
  /** Labels of its PEM blocks. */
  readonly labels: readonly string[];
  /** Reads it strictly. @throws What is wrong with it. */
  readonly parse: (der: Uint8Array) => unknown;
  readonly shape: Shape;
  /** The rules that whoever made it has broken. */
  readonly lint?: (der: Uint8Array) => readonly LintFinding[];
  readonly isSecret?: true;
  /** Whether it comes in BER too. */
  readonly isBer?: true;
}

/** In the order of trying. */
export const kinds: readonly Kind[] = [
  {
    type: 'certificate',
    title: 'Certificate',
    name: 'certificate',
    labels: ['CERTIFICATE', 'X509 CERTIFICATE', 'X.509 CERTIFICATE'],
    parse: inspectCertificate,
    shape: structures.certificate,
    lint: (der) => lintCertificate(inspectCertificate(der)),
  },
  {
    type: 'certificationRequest',
    title: 'Certification request',
    name: 'certificationRequest',
    labels: ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'],
    parse: parseCertificationRequest,
    shape: structures.certificationRequest,
    lint: (der) => lintRequest(parseCertificationRequest(der)),
  },
  {
    type: 'certificateList',
    title: 'Revocation list',
    name: 'certificateList',
    labels: ['X509 CRL'],
    parse: parseCRL,
    shape: structures.certificateList,
    lint: (der) => lintCRL(parseCRL(der)),
  },
  {
    type: 'keyStore',
    title: 'PKCS#12 key store',
    name: 'pfx',
    labels: ['PKCS12'],
    parse: describePfx,
    shape: structures.pfx,
    isBer: true,
  },
  {
    type: 'ocspResponse',
    title: 'OCSP response',
    name: 'ocspResponse',
    labels: ['OCSP RESPONSE'],
    parse: parseOCSPResponse,
    shape: structures.ocspResponse,
  },
  {
    type: 'ocspRequest',
    title: 'OCSP request',
    name: 'ocspRequest',
    labels: ['OCSP REQUEST'],
    parse: parseOCSPRequest,
    shape: structures.ocspRequest,
  },
  {
    type: 'privateKey',
    title: 'Private key',
    name: 'privateKeyInfo',
    labels: ['PRIVATE KEY'],
    parse: parsePrivateKeyInfo,
    shape: structures.privateKeyInfo,
    isSecret: true,
  },
  {
    type: 'privateKey',
    title: 'EC private key',
    name: 'ecPrivateKey',
    labels: ['EC PRIVATE KEY'],
    parse: parseECPrivateKey,
    shape: structures.ecPrivateKey,
    isSecret: true,
  },
  {
    type: 'privateKey',
    title: 'RSA private key',
    name: 'rsaPrivateKey',
    labels: ['RSA PRIVATE KEY'],
    parse: parseRSAPrivateKey,
    shape: structures.rsaPrivateKey,
    isSecret: true,
  },
  {
    type: 'encryptedPrivateKey',
    title: 'Encrypted private key',
    name: 'encryptedPrivateKeyInfo',
    labels: ['ENCRYPTED PRIVATE KEY'],
    parse: parseEncryptedPrivateKeyInfo,
    shape: structures.encryptedPrivateKeyInfo,
    isSecret: true,
  },
  {
    type: 'publicKey',
    title: 'Public key',
    name: 'subjectPublicKeyInfo',
    labels: ['PUBLIC KEY'],
    parse: parseSubjectPublicKeyInfo,
    shape: subjectPublicKeyInfo,
  },
  {
    type: 'publicKey',
    title: 'RSA public key',
    name: 'rsaPublicKey',
    labels: ['RSA PUBLIC KEY'],
    parse: parseRSAPublicKey,
    shape: structures.rsaPublicKey,
  },
];

/** DER of no kind that is known here; its elements are shown without names. */
export const unknownKind: Kind = {
  type: 'unknown',
  title: 'Unknown structure',
  name: 'value',
  labels: [],
  parse: (der) => checkDer(der, { field: 'value' }),
  shape: {},
};

/** The content of a secret bag, whatever it is. */
export const secretKind: Kind = { ...unknownKind, title: 'Secret', shape: { isSecret: true }, isSecret: true };

export const kindLabelled = (label: string): Kind | undefined => kinds.find(({ labels }) => labels.includes(label));
