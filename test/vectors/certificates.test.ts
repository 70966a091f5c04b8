import { createHash } from 'node:crypto';
import { toHex } from '@mayfly/der';
import { fromPkcs8 } from '@mayfly/keys/node';
import { encodePrivateKeyInfo, parsePrivateKeyInfo } from '@mayfly/pkcs8';
import { type Certificate, type Extension, encodeTBSCertificate, parseCertificate } from '@mayfly/x509';
import { encodeName, formatDistinguishedName, namesMatch, parseDistinguishedName, parseName } from '@mayfly/x509/name';
import { assemble } from '@mayfly/x509/signed';
import { describe, expect, test } from 'vitest';
import { formats } from '../fuzz/formats.js';
import { extensionCodecs, otherExtensionNames } from './extension-codecs.js';
import { derOf, ofKind, vectors } from './read-vectors.js';
import { nameOf, opensslName, schemeOf, signatureNames } from './translate.js';
import type { CertificateFacts, CertificateVector, Made } from './types.js';

const sound = vectors
  .filter(ofKind('certificate'))
  .filter(
    (vector): vector is CertificateVector & { facts: CertificateFacts; made: Made } => vector.facts !== undefined,
  );
const table = sound.map((vector) => [vector.file, vector] as const);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const seconds = (text: string): number => Date.parse(text.replace(' ', 'T')) / 1000;

test('there are certificates of every kind', () => {
  expect(sound.length).toBeGreaterThan(100);
});

describe.each(table)('%s', (file, { facts, made }) => {
  const der = derOf(file);
  const certificate = parseCertificate(der);

  test('reads as openssl reads it', () => {
    expect(certificate.version).toBe(facts.version);
    expect(certificate.serialNumber).toBe(BigInt(`0x${facts.serialNumber}`));
    expect(signatureNames[certificate.signatureAlgorithm.algorithm]).toBe(facts.signatureAlgorithm);
    expect(certificate.validity).toEqual({ notBefore: seconds(facts.notBefore), notAfter: seconds(facts.notAfter) });
    expect(sha256(certificate.subjectPublicKeyInfo)).toBe(facts.publicKey);
    expect(sha256(certificate.signatureValue)).toBe(facts.signature);
    expect(opensslName(parseName(certificate.issuer))).toEqual(facts.issuer.rdns);
    expect(opensslName(parseName(certificate.subject))).toEqual(facts.subject.rdns);
    expect(certificate.extensions.map(described(certificate))).toEqual(facts.extensions.map(withoutUntold));
  });

  test('names are text as openssl writes it', () => {
    const subject = parseName(certificate.subject);
    expect(namesMatch(parseDistinguishedName(formatDistinguishedName(subject)), subject)).toBe(!isTeletex(subject));
    // Where a type has no RFC 4514 name both sides write an OID, but openssl has names for more types.
    if (!/(^|[,+])(name|GN|generationQualifier|initials|pseudonym|n3|SN|title|dnQualifier|\d)/.test(facts.subject.text))
      expect(
        namesMatch(
          parseDistinguishedName(facts.subject.text),
          parseDistinguishedName(formatDistinguishedName(subject)),
        ),
      ).toBe(true);
  });

  test('comes out as it went in', () => {
    expect(toHex(formats.certificate.again(der))).toBe(toHex(der));
    expect(toHex(encodeName(parseName(certificate.subject)))).toBe(toHex(certificate.subject));
    for (const extension of certificate.extensions)
      expect(extensionCodecs[extension.extnID]?.again(certificate, extension.critical) ?? extension).toEqual({
        ...extension,
        extnValue: Uint8Array.from(extension.extnValue),
      });
  });

  test(`is made from its facts${made.deterministic ? ' to the byte' : ', up to the signature'}`, () => {
    const key = fromPkcs8(encodePrivateKeyInfo(parsePrivateKeyInfo(derOf(`keys/${made.signer}.pem`))), {
      scheme: schemeOf(made),
    });
    const tbs = encodeTBSCertificate({
      version: certificate.version,
      serialNumber: BigInt(`0x${facts.serialNumber}`),
      signature: key.signatureAlgorithm,
      issuer: encodeName(nameOf(facts.issuer)),
      validity: { notBefore: seconds(facts.notBefore), notAfter: seconds(facts.notAfter) },
      subject: encodeName(nameOf(facts.subject)),
      subjectPublicKeyInfo: derOf(`keys/${made.key}-public.pem`),
      extensions: certificate.extensions.map(
        (extension) => extensionCodecs[extension.extnID]?.again(certificate, extension.critical) ?? extension,
      ),
    });
    expect(toHex(tbs)).toBe(toHex(certificate.tbsCertificate));
    if (made.deterministic)
      expect(toHex(assemble({ tbs, signatureAlgorithm: key.signatureAlgorithm, signatureValue: key.sign(tbs) }))).toBe(
        toHex(der),
      );
    else expect(key.signatureAlgorithm.algorithm).toBe(certificate.signatureAlgorithm.algorithm);
  });
});

/** An extension as the facts have it; text where there is a function for it. */
function described(certificate: Certificate): (extension: Extension) => object {
  return ({ extnID, critical, extnValue }) => {
    const codec = extensionCodecs[extnID];
    return {
      name: codec?.name ?? otherExtensionNames[extnID] ?? extnID,
      critical,
      value: toHex(extnValue),
      ...(codec?.text && { text: normalized(codec.text(certificate)) }),
    };
  };
}

/** openssl's text is compared only where there is a function for ours. */
function withoutUntold(fact: CertificateFacts['extensions'][number]): object {
  const codec = Object.values(extensionCodecs).find(({ name }) => name === fact.name);
  const { name, critical, value, text } = fact;
  return { name, critical, value, ...(codec?.text && { text: normalized(text) }) };
}

/** openssl puts no line feed between a full name and what follows, and blank lines between points. */
const normalized = (text: string): string =>
  text
    .replaceAll(/ {4,}(Reasons:|Only )/g, '\n$1')
    .replaceAll(/\n{2,}/g, '\n')
    .trim();

const isTeletex = (name: ReturnType<typeof parseName>): boolean =>
  name.some((rdn) => rdn.some(({ stringType }) => stringType === 'teletexString'));
