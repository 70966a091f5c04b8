/** Everything sound among the vectors goes to PKI.js and back without a changed bit. */
import {
  fromAsn1js,
  fromPkijsAlgorithmIdentifier,
  fromPkijsCertificate,
  fromPkijsCertificationRequest,
  fromPkijsExtension,
  fromPkijsName,
  fromPkijsPrivateKeyInfo,
  fromPkijsPublicKeyInfo,
  toAsn1js,
  toPkijsAlgorithmIdentifier,
  toPkijsCertificate,
  toPkijsCertificationRequest,
  toPkijsExtension,
  toPkijsName,
  toPkijsPrivateKeyInfo,
  toPkijsPublicKeyInfo,
} from '@mayfly/interop';
import { parsePrivateKeyInfo } from '@mayfly/pkcs8';
import { parseCertificationRequest } from '@mayfly/pkcs10';
import { parseCertificate } from '@mayfly/x509';
import { describe, expect, test } from 'vitest';
import { derOf, ofKind, vectors } from '../vectors/read-vectors.js';

/** Accepted as a whole, though with some what stands within an extension is wrong. */
const certificates = vectors
  .filter(ofKind('certificate'))
  .filter(({ expect: outcome, fault }) => outcome !== 'refused' || fault?.reader.startsWith('extension'));
const brokenNames = vectors.filter(ofKind('certificate')).filter(({ fault }) => fault?.reader === 'subject');
const accepted = vectors.filter((vector) => vector.expect !== 'refused');

describe('certificate', () => {
  test.each(certificates)('$file', ({ file }) => {
    const certificate = parseCertificate(derOf(file));
    const there = toPkijsCertificate(certificate);
    expect(there.tbsView).toEqual(certificate.tbsCertificate);
    expect(fromPkijsCertificate(there)).toEqual(certificate);
    expect(fromPkijsName(toPkijsName(certificate.subject))).toEqual(certificate.subject);
    expect(fromPkijsPublicKeyInfo(toPkijsPublicKeyInfo(certificate.subjectPublicKeyInfo))).toEqual(
      certificate.subjectPublicKeyInfo,
    );
    const { signatureAlgorithm, extensions } = certificate;
    expect(fromPkijsAlgorithmIdentifier(toPkijsAlgorithmIdentifier(signatureAlgorithm))).toEqual(signatureAlgorithm);
    expect(extensions.map(toPkijsExtension).map(fromPkijsExtension)).toEqual(extensions);
  });
});

describe('certificate with a broken name', () => {
  test.each(brokenNames)('$file goes through unchanged or not at all', ({ file }) => {
    const certificate = parseCertificate(derOf(file));
    let there: ReturnType<typeof toPkijsCertificate>;
    try {
      there = toPkijsCertificate(certificate);
    } catch (error) {
      expect(error).toMatchObject({ name: 'InteropError', code: 'ERR_INTEROP_REFUSED' });
      return;
    }
    expect(fromPkijsCertificate(there)).toEqual(certificate);
  });
});

describe('DER through asn1js', () => {
  test.each(accepted.filter(({ kind }) => kind !== 'pem'))('$file', ({ file }) => {
    expect(fromAsn1js(toAsn1js(derOf(file)))).toEqual(derOf(file));
  });
});

describe('request', () => {
  test.each(accepted.filter(ofKind('request')))('$file', ({ file }) => {
    const request = parseCertificationRequest(derOf(file));
    const there = toPkijsCertificationRequest(request);
    expect(there.tbsView).toEqual(request.certificationRequestInfo);
    expect(fromPkijsCertificationRequest(there)).toEqual(request);
  });
});

describe('private key', () => {
  test.each(accepted.filter(ofKind('private-key')).filter(({ form }) => form === 'pkcs8'))('$file', ({ file }) => {
    const info = parsePrivateKeyInfo(derOf(file));
    expect(fromPkijsPrivateKeyInfo(toPkijsPrivateKeyInfo(info))).toEqual(info);
  });
});

describe('public key', () => {
  test.each(accepted.filter(ofKind('public-key')).filter(({ form }) => form === 'spki'))('$file', ({ file }) => {
    expect(fromPkijsPublicKeyInfo(toPkijsPublicKeyInfo(derOf(file)))).toEqual(derOf(file));
  });
});
