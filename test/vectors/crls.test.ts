import { bitString, checkDer, encode, raw, read, sequence, tags, toHex } from '@mayfly/der';
import { verifyWithNode } from '@mayfly/keys/node';
import { algorithmIdentifierNode, parseCertificate, readAlgorithmIdentifier } from '@mayfly/x509';
import { describe, expect, test } from 'vitest';
import { derOf, ofKind, vectors } from './read-vectors.js';
import { signatureNames } from './translate.js';
import type { CrlFacts, CrlVector, Made } from './types.js';

const sound = vectors
  .filter(ofKind('crl'))
  .filter((vector): vector is CrlVector & { facts: CrlFacts; made: Made } => vector.facts !== undefined);

describe.each(sound.map((vector) => [vector.file, vector] as const))('%s', (file, { facts, made }) => {
  const der = derOf(file);
  const list = read(der, (reader) => {
    const signed = reader.sequence('certificateList');
    const tbs = signed.element('tbsCertList', tags.sequence);
    const signatureAlgorithm = readAlgorithmIdentifier(signed, 'signatureAlgorithm');
    const signatureValue = signed.bitStringOctets('signatureValue');
    signed.end();
    return { tbs, signatureAlgorithm, signatureValue };
  });

  test('is DER', () => {
    checkDer(der);
    expect(signatureNames[list.signatureAlgorithm.algorithm]).toBe(facts.signatureAlgorithm);
  });

  test('comes out as it went in', () => {
    const { tbs, signatureAlgorithm, signatureValue } = list;
    const again = encode(sequence(raw(tbs), algorithmIdentifierNode(signatureAlgorithm), bitString(signatureValue)));
    expect(toHex(again)).toBe(toHex(der));
  });

  test('is signed by its issuer', () => {
    expect(verifyWithNode(list, derOf(`keys/${made.signer}-public.pem`))).toBe(true);
  });
});

test('there are issuers for every list', () => {
  for (const { facts } of sound) {
    const issuers = vectors
      .filter(ofKind('certificate'))
      .filter((vector) => vector.facts?.subject.text === facts.issuer.text);
    expect(issuers.length).toBeGreaterThan(0);
    for (const { file } of issuers) expect(parseCertificate(derOf(file)).version).toBe(3);
  }
});
