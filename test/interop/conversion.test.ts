import * as interop from '@mayfly/interop';
import { parsePrivateKeyInfo } from '@mayfly/pkcs8';
import { parseCertificationRequest } from '@mayfly/pkcs10';
import { inspectCertificate, parseCertificate } from '@mayfly/x509';
import { expect, test } from 'vitest';
import { derOf, vectors } from '../vectors/read-vectors.js';

test.each(vectors.filter((v) => v.kind === 'certificate' && v.expect !== 'refused').map(({ file }) => file))(
  '%s',
  (file) => {
    const certificate = inspectCertificate(derOf(file));
    const there = interop.toPkijsCertificate(certificate);
    expect(there.tbsView).toEqual(certificate.tbsCertificate);
    expect(interop.fromPkijsCertificate(there).der).toEqual(certificate.der);
    const asn = interop.toAsn1js(certificate.der);
    expect(interop.fromAsn1js(asn)).toEqual(certificate.der);
  },
);
test.each(vectors.filter((v) => v.kind === 'request' && v.expect !== 'refused').map(({ file }) => file))(
  '%s',
  (file) => {
    const r = parseCertificationRequest(derOf(file));
    const there = interop.toPkijsCertificationRequest(r);
    expect(interop.fromPkijsCertificationRequest(there).der).toEqual(r.der);
  },
);
test.each(
  vectors
    .filter((v) => v.kind === 'private-key' && v.expect !== 'refused' && v.form === 'pkcs8')
    .map(({ file }) => file),
)('%s', (file) => {
  const r = parsePrivateKeyInfo(derOf(file));
  const there = interop.toPkijsPrivateKeyInfo(r);
  expect(interop.fromPkijsPrivateKeyInfo(there)).toEqual(r);
});
test.each(vectors.filter((v) => v.kind === 'public-key' && v.expect !== 'refused').map(({ file }) => file))(
  '%s',
  (file) => {
    const der = derOf(file);
    const there = interop.toPkijsPublicKeyInfo(der);
    expect(interop.fromPkijsPublicKeyInfo(there)).toEqual(der);
  },
);
