import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, randomBytes, sign, verify, X509Certificate } from 'node:crypto';
import type { KeyForms, LeafFacts } from '../jobs.js';
import { type Contender, contender } from '../measure.js';

const impl = 'node:crypto';

const line = (text: string, type: string): string =>
  text
    .split('\n')
    .find((candidate) => candidate.startsWith(`${type}=`))!
    .slice(type.length + 1);

const alternatives = (text: string, type: string): readonly string[] =>
  text
    .split(', ')
    .filter((name) => name.startsWith(`${type}:`))
    .map((name) => name.slice(type.length + 1));

export const parseLeaf = (der: Uint8Array, check: (facts: LeafFacts) => void): Contender =>
  contender(
    impl,
    () => {
      const { subject, subjectAltName, validFrom, validTo } = new X509Certificate(der);
      return { subject, subjectAltName, validFrom, validTo };
    },
    ({ subject, subjectAltName = '', validFrom, validTo }) =>
      check({
        organization: line(subject, 'O'),
        commonName: line(subject, 'CN'),
        dNSNames: alternatives(subjectAltName, 'DNS'),
        uri: alternatives(subjectAltName, 'URI')[0]!,
        notBefore: Date.parse(validFrom) / 1000,
        notAfter: Date.parse(validTo) / 1000,
      }),
  );

/** The least that a signed thing of so many octets can cost here. */
export function bareSignature({ pkcs8, spki }: KeyForms, byteLength: number): Contender {
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  const bytes = randomBytes(byteLength);
  return contender(
    impl,
    () => sign('sha256', bytes, privateKey),
    (signature) => assert.ok(verify('sha256', bytes, publicKey, signature)),
  );
}

/** Imports a key and verifies one signature: what no reader of requests can undercut. */
export const bareVerification = (spki: Uint8Array, tbs: Uint8Array, signature: Uint8Array): Contender =>
  contender(
    impl,
    () => verify('sha256', tbs, { key: Buffer.from(spki), format: 'der', type: 'spki' }, signature),
    (good) => assert.equal(good, true),
  );
