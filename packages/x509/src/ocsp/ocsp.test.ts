import { createHash } from 'node:crypto';
import { concatBytes, equalBytes, fromHex, type Seconds } from '@mayfly/der';
import { describe, expect, test } from 'vitest';
import { type Certificate, parseCertificate } from '../certificate.js';
import { createCertificateSync } from '../create.js';
import type { Extension } from '../extension.js';
import {
  authorityInfoAccessExtension,
  extKeyUsageExtension,
  keyPurposes,
  keyUsageExtension,
  ocspNoCheck,
  ocspNoCheckExtension,
} from '../extensions.js';
import { buildName, encodeName } from '../name.js';
import {
  certID,
  checkOCSP,
  checkOCSPSync,
  createOCSPRequest,
  createOCSPResponseSync,
  encodeOCSPFailure,
  encodeOCSPRequest,
  type OCSPAnswer,
  type OCSPCheck,
  type OCSPResponseContents,
  ocspNonce,
  ocspNonceExtension,
  parseOCSPRequest,
  parseOCSPResponse,
  responderKeyHash,
} from '../ocsp.js';
import type { SyncSigningKey, SyncVerifySignature } from '../signed.js';
import { encodeSubjectPublicKeyInfo } from '../spki.js';

const at: Seconds = 1_800_000_000;
const nonce = fromHex('00112233445566778899aabbccddeeff');

/** A signature that everybody can make: enough to see whose key was asked. */
const toySignature = (tbs: Uint8Array, spki: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(concatBytes(spki, tbs)).digest());
const verify: SyncVerifySignature = ({ tbs, signatureValue }, spki) =>
  equalBytes(toySignature(tbs, spki), signatureValue);

function keyOf(name: string): SyncSigningKey {
  const subjectPublicKeyInfo = encodeSubjectPublicKeyInfo({
    algorithm: { algorithm: '1.2.3' },
    subjectPublicKey: new TextEncoder().encode(name),
  });
  return {
    signatureAlgorithm: { algorithm: '1.2.3' },
    subjectPublicKeyInfo,
    sign: (tbs) => toySignature(tbs, subjectPublicKeyInfo),
  };
}

const nameOf = (commonName: string): Uint8Array => encodeName(buildName({ commonName }));

interface Issuing {
  readonly by?: string;
  readonly key?: string;
  readonly extensions?: readonly Extension[];
  readonly notAfter?: Seconds;
}

const issue = (
  name: string,
  { by = 'CA', key = by, extensions = [], notAfter = at + 100 }: Issuing = {},
): Certificate =>
  parseCertificate(
    createCertificateSync(
      {
        serialNumber: 7n,
        issuer: nameOf(by),
        subject: nameOf(name),
        validity: { notBefore: at - 100, notAfter },
        subjectPublicKeyInfo: keyOf(name).subjectPublicKeyInfo,
        extensions,
      },
      keyOf(key),
    ),
  );

const ca = issue('CA');
const leaf = issue('leaf');
const forOCSP = extKeyUsageExtension([keyPurposes.OCSPSigning]);
const responder = (extensions: readonly Extension[] = [forOCSP, ocspNoCheckExtension()], rest: Issuing = {}) =>
  issue('Responder', { extensions, ...rest });

const answer = (more: Partial<OCSPAnswer> = {}): OCSPAnswer => ({
  certID: certID(leaf, ca),
  certStatus: { status: 'good' },
  thisUpdate: at - 10,
  nextUpdate: at + 10,
  ...more,
});

const respond = (more: Partial<OCSPResponseContents> = {}, signer = 'CA'): Uint8Array =>
  createOCSPResponseSync(
    { responderID: { byName: nameOf(signer) }, producedAt: at - 5, answers: [answer()], ...more },
    keyOf(signer),
  );
const delegated = (certificate: Certificate, more: Partial<OCSPResponseContents> = {}): Uint8Array =>
  respond({ certs: [certificate.der], ...more }, 'Responder');

const run = (der: Uint8Array, more: Partial<OCSPCheck> = {}, isGood?: (responder: Certificate) => boolean): string => {
  const check = { certificate: leaf, issuer: ca, response: parseOCSPResponse(der), at, ...more };
  const status = checkOCSPSync(check, verify, isGood);
  return status.status === 'good'
    ? 'good'
    : status.status === 'revoked'
      ? `${status.reason} ${status.revocationDate}`
      : status.reason;
};

const revoked = { status: 'revoked', revocationTime: 99 } as const;

const cases: readonly (readonly [string, Uint8Array, string, Partial<OCSPCheck>?])[] = [
  ['good', respond(), 'good'],
  ['revoked', respond({ answers: [answer({ certStatus: revoked })] }), 'unspecified 99'],
  [
    'a reason',
    respond({ answers: [answer({ certStatus: { ...revoked, revocationReason: 'keyCompromise' } })] }),
    'keyCompromise 99',
  ],
  [
    'removeFromCRL is no way out',
    respond({ answers: [answer({ certStatus: { ...revoked, revocationReason: 'removeFromCRL' } })] }),
    'unspecified 99',
  ],
  ['unknown', respond({ answers: [answer({ certStatus: { status: 'unknown' } })] }), 'OCSPUnknownCertificate'],
  ['no answer', encodeOCSPFailure('tryLater'), 'OCSPUnsuccessful'],
  [
    'another certificate',
    respond({ answers: [answer({ certID: { ...certID(leaf, ca), serialNumber: 8n } })] }),
    'OCSPNotFound',
  ],
  ['another issuer name', respond({ answers: [answer({ certID: certID(responder(), issue('X')) })] }), 'OCSPNotFound'],
  [
    'another issuer key',
    respond({ answers: [answer({ certID: { ...certID(leaf, ca), issuerKeyHash: new Uint8Array(20) } })] }),
    'OCSPNotFound',
  ],
  ['SHA-256 in the CertID', respond({ answers: [answer({ certID: certID(leaf, ca, 'SHA-256') })] }), 'good'],
  ['SHA-512 in the CertID', respond({ answers: [answer({ certID: certID(leaf, ca, 'SHA-512') })] }), 'good'],
  [
    'a hash that nobody knows',
    respond({ answers: [answer({ certID: { ...certID(leaf, ca), hashAlgorithm: { algorithm: '1.2.3' } } })] }),
    'OCSPNotFound',
  ],
  [
    'the newest of several answers',
    respond({ answers: [answer({ thisUpdate: at - 9, certStatus: revoked }), answer()] }),
    'unspecified 99',
  ],
  [
    'of two at once, not the good one',
    respond({ answers: [answer(), answer({ certStatus: revoked })] }),
    'unspecified 99',
  ],
  ['from later', respond({ answers: [answer({ thisUpdate: at + 5 })] }), 'OCSPNotYetValid'],
  [
    'from later, by a clock that may be',
    respond({ answers: [answer({ thisUpdate: at + 5 })] }),
    'good',
    { clockSkew: 5 },
  ],
  ['produced later', respond({ producedAt: at + 1 }), 'OCSPNotYetValid'],
  ['its last second', respond({ answers: [answer({ nextUpdate: at })] }), 'good'],
  ['a second later', respond({ answers: [answer({ nextUpdate: at - 1 })] }), 'OCSPExpired'],
  [
    'no nextUpdate',
    respond({ answers: [{ certID: certID(leaf, ca), certStatus: { status: 'good' }, thisUpdate: at }] }),
    'OCSPExpired',
  ],
  [
    'no nextUpdate, young enough',
    respond({ answers: [{ certID: certID(leaf, ca), certStatus: { status: 'good' }, thisUpdate: at - 60 }] }),
    'good',
    { maxAge: 60 },
  ],
  ['too old', respond(), 'OCSPExpired', { maxAge: 9 }],
  ['a nonce', respond({ nonce }), 'good', { nonce }],
  ['no nonce', respond(), 'OCSPNonceMismatch', { nonce }],
  ['another nonce', respond({ nonce: Uint8Array.of(1) }), 'OCSPNonceMismatch', { nonce }],
  ['a nonce that nobody asked for', respond({ nonce }), 'good'],
  [
    'a critical extension of the answer',
    respond({ answers: [answer({ extensions: [{ extnID: '1.2.3', critical: true, extnValue: fromHex('0500') }] })] }),
    'OCSPUnhandledCriticalExtension',
  ],

  ['the issuer by its key', respond({ responderID: { byKey: responderKeyHash(ca.subjectPublicKeyInfo) } }), 'good'],
  ['another key', respond({ responderID: { byKey: new Uint8Array(20) } }), 'OCSPResponderUnauthorized'],
  ['a name that is not there', respond({}, 'Stranger'), 'OCSPResponderUnauthorized'],
  [
    'the name of the issuer, signed by another',
    createOCSPResponseSync(
      { responderID: { byName: nameOf('CA') }, producedAt: at, answers: [answer()] },
      keyOf('Stranger'),
    ),
    'OCSPSignatureInvalid',
  ],
  ['a responder from configuration', respond({}, 'Local'), 'good', { responders: [issue('Local', { by: 'Other' })] }],

  ['a responder of the issuer', delegated(responder()), 'good'],
  [
    'a responder by its key',
    delegated(responder(), { responderID: { byKey: responderKeyHash(responder().subjectPublicKeyInfo) } }),
    'good',
  ],
  [
    'certificates beside its own',
    delegated(responder(), { certs: [fromHex('3000'), leaf.der, responder().der] }),
    'good',
  ],
  ['a responder without its purpose', delegated(responder([])), 'OCSPResponderUnauthorized'],
  [
    'any purpose is not this one',
    delegated(responder([extKeyUsageExtension([keyPurposes.anyExtendedKeyUsage])])),
    'OCSPResponderUnauthorized',
  ],
  [
    'a responder that may not sign',
    delegated(responder([forOCSP, keyUsageExtension(['cRLSign'])])),
    'OCSPResponderUnauthorized',
  ],
  ['a responder of another issuer', delegated(responder([forOCSP], { by: 'Other' })), 'OCSPResponderUnauthorized'],
  [
    'a responder that the issuer did not sign',
    delegated(responder([forOCSP], { key: 'Other' })),
    'OCSPResponderUnauthorized',
  ],
  ['an expired responder', delegated(responder([forOCSP], { notAfter: at - 1 })), 'OCSPResponderUnauthorized'],
  [
    'a responder with a critical extension that nobody knows',
    delegated(responder([forOCSP, { extnID: '1.2.3', critical: true, extnValue: fromHex('0500') }])),
    'OCSPResponderUnauthorized',
  ],
  [
    'a responder that did not sign',
    createOCSPResponseSync(
      { responderID: { byName: nameOf('Responder') }, producedAt: at, answers: [answer()], certs: [responder().der] },
      keyOf('Stranger'),
    ),
    'OCSPSignatureInvalid',
  ],
];

test.each(cases.map((one) => [one[0], one] as const))('%s', (_name, [, der, expected, more]) => {
  expect(run(der, more)).toBe(expected);
});

test('a responder that says where to ask is asked about, unless it says that nobody need', () => {
  const aia = authorityInfoAccessExtension([
    { accessMethod: '1.3.6.1.5.5.7.48.1', accessLocation: { type: 'uniformResourceIdentifier', value: 'http://a/' } },
  ]);
  const asks = responder([forOCSP, aia]);
  expect(run(delegated(asks))).toBe('OCSPResponderUnauthorized');
  expect(run(delegated(asks), {}, ({ der }) => equalBytes(der, asks.der))).toBe('good');
  expect(run(delegated(responder([forOCSP, aia, ocspNoCheckExtension()])))).toBe('good');
  expect(run(delegated(responder([forOCSP])))).toBe('good');
  expect(ocspNoCheck(asks)).toBe(false);
});

test('at most eight certificates are tried', () => {
  const wrong = responder([forOCSP], { key: 'Other' });
  const certs = [...Array.from({ length: 8 }, () => wrong.der), responder().der];
  expect(run(delegated(responder(), { certs }))).toBe('OCSPResponderUnauthorized');
  expect(run(delegated(responder(), { certs: certs.slice(1) }))).toBe('good');
});

test('an answer is a boolean or none', async () => {
  const check = { certificate: leaf, issuer: ca, response: parseOCSPResponse(respond()), at };
  const promise = (async () => false) as unknown as SyncVerifySignature;
  expect(() => checkOCSPSync(check, promise)).toThrow(TypeError);
  const object = (async () => ({})) as unknown as SyncVerifySignature;
  await expect(checkOCSP(check, object)).rejects.toThrow(TypeError);
});

test.each([{ at: Number.NaN }, { maxAge: Number.NaN }, { clockSkew: Number.NaN }, { clockSkew: -1 }])(
  '%o is no time',
  (times) => {
    expect(() => run(respond(), times)).toThrow(RangeError);
  },
);

test('no more than so many certificates of a response are looked at', () => {
  const others = Array.from({ length: 32 }, () => leaf.der);
  expect(run(delegated(responder(), { certs: [...others, responder().der] }))).toBe('OCSPResponderUnauthorized');
  expect(run(delegated(responder(), { certs: [...others.slice(1), responder().der] }))).toBe('good');
});

test('what a verifier throws counts as no, and is thrown where nothing else decides', async () => {
  const check = { certificate: leaf, issuer: ca, response: parseOCSPResponse(delegated(responder())), at };
  const lacking: SyncVerifySignature = () => {
    throw new Error('no such algorithm');
  };
  expect(() => checkOCSPSync(check, lacking)).toThrow('no such algorithm');
  await expect(checkOCSP(check, async () => lacking({} as never, leaf.der))).rejects.toThrow('no such algorithm');
  expect(await checkOCSP(check, async (signed, spki) => verify(signed, spki))).toEqual({ status: 'good' });
});

describe('requests', () => {
  test('unsigned', () => {
    const der = encodeOCSPRequest({ requests: [certID(leaf, ca), certID(ca, ca, 'SHA-256')], nonce });
    const request = parseOCSPRequest(der);
    expect(request.requestList.map(({ reqCert }) => reqCert)).toEqual([certID(leaf, ca), certID(ca, ca, 'SHA-256')]);
    expect(ocspNonce(request)).toEqual(nonce);
    expect(request.signed).toBeUndefined();
    expect(parseOCSPRequest(encodeOCSPRequest({ requests: [certID(leaf, ca)] })).extensions).toEqual([]);
  });

  test('signed', async () => {
    const who = { type: 'directoryName', value: leaf.subject } as const;
    const key = keyOf('leaf');
    const request = parseOCSPRequest(await createOCSPRequest({ requests: [certID(leaf, ca)] }, who, key, [leaf.der]));
    expect(request.requestorName).toEqual(who);
    expect(request.signed!.certs).toEqual([leaf.der]);
    expect(verify(request.signed!, key.subjectPublicKeyInfo)).toBe(true);
  });
});

const edited = (der: Uint8Array, from: string, to: string): Uint8Array =>
  fromHex(Buffer.from(der).toString('hex').replace(from, to));

test.each<readonly [string, () => unknown, string, string]>([
  ['no such status', () => parseOCSPResponse(fromHex('30030a0104')), 'ERR_X509_OCSP', 'ocspResponse.responseStatus'],
  [
    'success without an answer',
    () => parseOCSPResponse(fromHex('30030a0100')),
    'ERR_X509_OCSP',
    'ocspResponse.responseStatus',
  ],
  [
    'failure with an answer',
    () => parseOCSPResponse(edited(respond(), '0a0100', '0a0101')),
    'ERR_X509_OCSP',
    'ocspResponse.responseStatus',
  ],
  [
    'another type of answer',
    () => parseOCSPResponse(edited(respond(), '2b0601050507300101', '2b0601050507300102')),
    'ERR_X509_OCSP',
    'ocspResponse.responseBytes.responseType',
  ],
  [
    'a request for nothing',
    () => parseOCSPRequest(fromHex('300430023000')),
    'ERR_X509_OCSP',
    'ocspRequest.tbsRequest.requestList',
  ],
  [
    'a version',
    () => parseOCSPRequest(fromHex('30093007a0030201003000')),
    'ERR_X509_VERSION',
    'ocspRequest.tbsRequest.version',
  ],
  ['something left over', () => parseOCSPResponse(fromHex('30030a010200')), 'ERR_DER_TRAILING_DATA', 'ocspResponse'],
  [
    'a nonce of 129 octets',
    () =>
      ocspNonce({ extensions: [{ ...ocspNonceExtension(nonce), extnValue: fromHex(`048181${'00'.repeat(129)}`) }] }),
    'ERR_X509_EXTENSION',
    'nonce',
  ],
])('refuses %s', (_name, read, code, path) => {
  expect(read).toThrow(expect.objectContaining({ code, path }));
});

test('refuses to write what would say nothing', () => {
  expect(() => encodeOCSPRequest({ requests: [] })).toThrow(RangeError);
  expect(() => respond({ answers: [] })).toThrow(RangeError);
  expect(() => respond({ answers: [answer({ nextUpdate: at - 11 })] })).toThrow(RangeError);
  expect(() => ocspNonceExtension(new Uint8Array(0))).toThrow(RangeError);
  expect(() => certID(leaf, ca, 'MD5' as 'SHA-1')).toThrow(TypeError);
  expect(parseOCSPResponse(encodeOCSPFailure('unauthorized'))).toEqual({ responseStatus: 'unauthorized' });
});
