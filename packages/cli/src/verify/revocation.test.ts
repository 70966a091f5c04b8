import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Seconds } from '@mayfly/der';
import { encodePem } from '@mayfly/der/pem';
import { generateKeySync, type NodeSigningKey } from '@mayfly/keys/node';
import { type Certificate, parseCertificate } from '@mayfly/x509';
import { createCertificateSync, rootContents } from '@mayfly/x509/create';
import { createCRLSync } from '@mayfly/x509/crl';
import * as x from '@mayfly/x509/extensions';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { buildName, encodeName } from '@mayfly/x509/name';
import { type CertStatus, certID, createOCSPResponseSync, encodeOCSPFailure } from '@mayfly/x509/ocsp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { memoryIo, NOW } from '../../testing/memory-io.js';
import { verifyCommand } from '../commands/verify.js';

const DAY = 86_400;
const rootKey = generateKeySync('P-256');
const responderKey = generateKeySync('P-256');
const strangerKey = generateKeySync('P-256');
const keyIdentifier = rfc7093KeyIdentifier(rootKey.subjectPublicKeyInfo);
const root = parseCertificate(
  createCertificateSync(
    rootContents(
      {
        serialNumber: 7n,
        validity: { notBefore: NOW - DAY, notAfter: NOW + 10 * DAY },
        subject: encodeName(buildName({ commonName: 'Root' })),
        subjectKeyIdentifier: keyIdentifier,
      },
      rootKey,
    ),
    rootKey,
  ),
);
const issued = (
  commonName: string,
  serialNumber: bigint,
  key: NodeSigningKey,
  purpose: string,
  issuerKey: NodeSigningKey = rootKey,
): Certificate =>
  parseCertificate(
    createCertificateSync(
      {
        serialNumber,
        issuer: root.subject,
        validity: { notBefore: NOW - DAY, notAfter: NOW + 5 * DAY },
        subject: encodeName(buildName({ commonName })),
        subjectPublicKeyInfo: key.subjectPublicKeyInfo,
        extensions: [x.authorityKeyIdentifierExtension({ keyIdentifier }), x.extKeyUsageExtension([purpose])],
      },
      issuerKey,
    ),
  );
const leaf = issued('web', 0x1234n, generateKeySync('P-256'), x.keyPurposes.serverAuth);

const list = (
  serialNumbers: readonly bigint[],
  key: NodeSigningKey = rootKey,
  nextUpdate: Seconds = NOW + DAY,
): string =>
  encodePem(
    'X509 CRL',
    createCRLSync(
      {
        issuer: root.subject,
        thisUpdate: NOW - 60,
        nextUpdate,
        revocations: serialNumbers.map((serialNumber) => ({ serialNumber, revocationDate: NOW - 120 })),
        extensions: [x.cRLNumberExtension(1n), x.authorityKeyIdentifierExtension({ keyIdentifier })],
      },
      key,
    ),
  );
const good: CertStatus = { status: 'good' };
const revoked: CertStatus = { status: 'revoked', revocationTime: NOW - 120, revocationReason: 'keyCompromise' };
interface Answer {
  readonly status?: CertStatus;
  readonly of?: Pick<Certificate, 'issuer' | 'serialNumber'>;
  readonly thisUpdate?: Seconds;
  readonly key?: NodeSigningKey;
  readonly responder?: Certificate;
}
const response = ({ status = good, of = leaf, thisUpdate = NOW - 60, key = rootKey, responder }: Answer): Uint8Array =>
  createOCSPResponseSync(
    {
      responderID: { byName: (responder ?? root).subject },
      producedAt: thisUpdate,
      answers: [{ certID: certID(of, root), certStatus: status, thisUpdate, nextUpdate: thisUpdate + 3600 }],
      ...(responder && { certs: [responder.der] }),
    },
    key,
  );

const files: Record<string, string | Uint8Array> = {
  'ca.crt': encodePem('CERTIFICATE', root.der),
  'leaf.crt': encodePem('CERTIFICATE', leaf.der),
  'empty.crl': list([1n]),
  'revoking.crl': list([0x1234n]),
  'forged.crl': list([1n], strangerKey),
  'stale.crl': list([1n], rootKey, NOW - 1),
  'good.ocsp': response({}),
  'good.pem': encodePem('OCSP RESPONSE', response({})),
  'revoked.ocsp': response({ status: revoked }),
  'unknown.ocsp': response({ status: { status: 'unknown' } }),
  'other.ocsp': response({ of: { ...leaf, serialNumber: 9n } }),
  'stale.ocsp': response({ thisUpdate: NOW - 2 * DAY }),
  'forged.ocsp': response({ key: strangerKey }),
  'delegated.ocsp': response({
    key: responderKey,
    responder: issued('Responder', 2n, responderKey, x.keyPurposes.OCSPSigning),
  }),
  'usurped.ocsp': response({
    key: responderKey,
    responder: issued('Responder', 3n, responderKey, x.keyPurposes.serverAuth),
  }),
  'try-later.ocsp': encodeOCSPFailure('tryLater'),
};
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mayfly-revocation-'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
});
afterAll(() => rm(directory, { recursive: true }));

/** What `mayfly verify --json` says, and its exit code. */
async function verdict(text: string): Promise<Record<string, unknown>> {
  const io = memoryIo();
  const args = `--json --ca ca.crt leaf.crt ${text}`.split(' ').filter((word) => word !== '');
  const placed = args.map((arg) => (Object.hasOwn(files, arg) ? join(directory, arg) : arg));
  await verifyCommand(io).exitOverride().parseAsync(placed, { from: 'user' });
  const json = JSON.parse(io.out());
  expect(io.exitCode()).toBe(json.ok ? 0 : 1);
  return json;
}

test.each([
  '',
  '--crl empty.crl',
  '--ocsp good.ocsp',
  '--ocsp good.pem',
  '--ocsp delegated.ocsp',
  '--ocsp other.ocsp --ocsp good.ocsp',
  '--ocsp try-later.ocsp --crl empty.crl',
  '--ocsp stale.ocsp --revocation soft-fail',
  '--ocsp forged.ocsp --revocation soft-fail',
  '--crl forged.crl --revocation soft-fail',
])('good: %s', async (args) => {
  expect(await verdict(args)).toMatchObject({ ok: true });
});

test.each([
  ['--crl revoking.crl', 'Revoked', /revoked/],
  ['--crl revoking.crl --revocation soft-fail', 'Revoked', /revoked/],
  ['--ocsp revoked.ocsp', 'Revoked', /keyCompromise/],
  ['--ocsp revoked.ocsp --crl empty.crl --revocation soft-fail', 'Revoked', /keyCompromise/],
  ['--ocsp other.ocsp --crl revoking.crl', 'Revoked', /revoked/],
  ['--crl forged.crl', 'RevocationUnknown', /CRL/],
  ['--crl stale.crl', 'RevocationUnknown', /CRLExpired/],
  ['--ocsp unknown.ocsp', 'RevocationUnknown', /OCSPUnknownCertificate/],
  ['--ocsp other.ocsp', 'RevocationUnknown', /OCSPNotFound/],
  ['--ocsp stale.ocsp', 'RevocationUnknown', /OCSPExpired/],
  ['--ocsp forged.ocsp', 'RevocationUnknown', /OCSPSignatureInvalid/],
  ['--ocsp usurped.ocsp', 'RevocationUnknown', /OCSPResponderUnauthorized/],
  ['--ocsp try-later.ocsp', 'RevocationUnknown', /OCSPUnsuccessful/],
])('refused: %s', async (args, reason, message) => {
  expect(await verdict(args)).toMatchObject({
    ok: false,
    reason,
    rule: 'RFC 5280 §6.1.3 (a)(3)',
    message: expect.stringMatching(message),
    certificate: { subject: 'CN=web', serialNumber: '12:34' },
    attempt: {
      subject: 'CN=web',
      trusted: false,
      issuers: [{ subject: 'CN=Root', trusted: true, reason, message: expect.stringMatching(message) }],
    },
  });
});
