import { createHash } from 'node:crypto';
import { encode, read, toHex, utf8String } from '@mayfly/der';
import { fromPkcs8, verifyWithNode } from '@mayfly/keys/node';
import {
  type Attribute,
  createCertificationRequestSync,
  encodeCertificationRequestInfo,
  parseCertificationRequest,
  verifyCertificationRequest,
} from '@mayfly/pkcs10';
import { encodeName, parseName } from '@mayfly/x509/name';
import { describe, expect, test } from 'vitest';
import { formats } from '../fuzz/formats.js';
import { extensionCodecs } from './extension-codecs.js';
import { derOf, ofKind, vectors } from './read-vectors.js';
import { nameOf, opensslName, schemeOf, signatureNames } from './translate.js';
import type { Made, RequestFacts, RequestVector } from './types.js';

const sound = vectors
  .filter(ofKind('request'))
  .filter((vector): vector is RequestVector & { facts: RequestFacts; made: Made } => vector.facts !== undefined);
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';
const ATTRIBUTES: Readonly<Record<string, string>> = {
  challengePassword: '1.2.840.113549.1.9.7',
  unstructuredName: '1.2.840.113549.1.9.2',
};

describe.each(sound.map((vector) => [vector.file, vector] as const))('%s', (file, { facts, made }) => {
  const der = derOf(file);
  const request = parseCertificationRequest(der);

  test('reads as openssl reads it', () => {
    expect(signatureNames[request.signatureAlgorithm.algorithm]).toBe(facts.signatureAlgorithm);
    expect(opensslName(parseName(request.subject))).toEqual(facts.subject.rdns);
    expect(sha256(request.subjectPublicKeyInfo)).toBe(facts.publicKey);
    expect(sha256(request.signature)).toBe(facts.signature);
    expect(
      request.extensions.map(({ extnID, critical, extnValue }) => ({
        name: extensionCodecs[extnID]?.name ?? extnID,
        critical,
        value: toHex(extnValue),
        text: extensionCodecs[extnID]?.text?.(request),
      })),
    ).toEqual(facts.extensions.map(({ name, critical, value, text }) => ({ name, critical, value, text })));
    expect(
      Object.fromEntries(
        request.attributes
          .filter(({ type }) => type !== EXTENSION_REQUEST)
          .map(({ type, values }) => [
            Object.keys(ATTRIBUTES).find((name) => ATTRIBUTES[name] === type),
            values.map((value) => read(value, (reader) => reader.string('value'))).join(),
          ]),
      ),
    ).toEqual(Object.fromEntries(facts.attributes));
  });

  test('is signed by the key that it carries', async () => {
    expect(await verifyCertificationRequest(request, verifyWithNode)).toBe(true);
  });

  test('comes out as it went in', () => {
    expect(toHex(formats.request.again(der))).toBe(toHex(der));
  });

  test(`is made from its facts${made.deterministic ? ' to the byte' : ', up to the signature'}`, () => {
    const key = fromPkcs8(derOf(`keys/${made.signer}.pem`), { scheme: schemeOf(made) });
    const contents = {
      subject: encodeName(nameOf(facts.subject)),
      extensions: request.extensions.map(
        (extension) => extensionCodecs[extension.extnID]?.again(request, extension.critical) ?? extension,
      ),
      attributes: facts.attributes.map(
        ([name, value]): Attribute => ({
          type: ATTRIBUTES[name]!,
          values: [encode(utf8String(value))],
        }),
      ),
    };
    expect(toHex(encodeCertificationRequestInfo(contents, derOf(`keys/${made.key}-public.pem`)))).toBe(
      toHex(request.certificationRequestInfo),
    );
    if (made.deterministic) expect(toHex(createCertificationRequestSync(contents, key))).toBe(toHex(der));
    else expect(key.signatureAlgorithm).toEqual({ ...request.signatureAlgorithm });
  });
});
