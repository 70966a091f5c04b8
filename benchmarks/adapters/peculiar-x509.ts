import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { checkIssued, checkRequest, type Identity, type IssueJob, type KeyForms, type LeafFacts } from '../jobs.js';
import { type Contender, contender } from '../measure.js';

const impl = '@peculiar/x509';

const ECDSA = { name: 'ECDSA', hash: 'SHA-256' };

x509.cryptoProvider.set(webcrypto);

const who = (subject: x509.Name, names: readonly x509.GeneralName[]): Identity => ({
  organization: subject.getField('O')[0]!,
  commonName: subject.getField('CN')[0]!,
  dNSNames: names.filter(({ type }) => type === 'dns').map(({ value }) => value),
  uri: names.find(({ type }) => type === 'url')!.value,
});

const alternatives = (extension: x509.Extension | null): readonly x509.GeneralName[] =>
  extension instanceof x509.SubjectAlternativeNameExtension ? extension.names.items : [];

/** `id-ce-subjectAltName`. */
const SUBJECT_ALT_NAME = '2.5.29.17';

const nameOf = ({ organization, commonName }: Identity): x509.JsonName => [{ O: [organization] }, { CN: [commonName] }];

const subjectAltName = ({ dNSNames, uri }: Identity): x509.SubjectAlternativeNameExtension =>
  new x509.SubjectAlternativeNameExtension([
    ...dNSNames.map((value) => ({ type: 'dns', value }) as const),
    { type: 'url', value: uri },
  ]);

export const parseLeaf = (der: Uint8Array<ArrayBuffer>, check: (facts: LeafFacts) => void): Contender =>
  contender(
    impl,
    () => {
      const certificate = new x509.X509Certificate(der);
      const { subjectName, notBefore, notAfter } = certificate;
      return { subjectName, names: alternatives(certificate.getExtension(SUBJECT_ALT_NAME)), notBefore, notAfter };
    },
    ({ subjectName, names, notBefore, notAfter }) =>
      check({
        ...who(subjectName, names),
        notBefore: notBefore.getTime() / 1000,
        notAfter: notAfter.getTime() / 1000,
      }),
  );

export const createRequest = ({ privateKey, publicKey, spki }: KeyForms, identity: Identity): Contender =>
  contender(
    impl,
    async () => {
      const request = await x509.Pkcs10CertificateRequestGenerator.create({
        name: nameOf(identity),
        keys: { privateKey, publicKey },
        signingAlgorithm: ECDSA,
        extensions: [subjectAltName(identity)],
      });
      return request.rawData;
    },
    (der) => checkRequest(new Uint8Array(der), spki),
  );

export const parseRequest = (der: Uint8Array<ArrayBuffer>, check: (found: Identity) => void): Contender =>
  contender(
    impl,
    () => {
      const request = new x509.Pkcs10CertificateRequest(der);
      return { subjectName: request.subjectName, names: alternatives(request.getExtension(SUBJECT_ALT_NAME)) };
    },
    ({ subjectName, names }) => check(who(subjectName, names)),
  );

export function issueLeaf(job: IssueJob): Contender {
  const { identity, issuerKey, lifetime } = job;
  const spki = new Uint8Array(job.spki);
  const issuer = new x509.X509Certificate(new Uint8Array(job.issuer));
  const { keyId } = issuer.getExtension(x509.SubjectKeyIdentifierExtension)!;
  return contender(
    impl,
    async () => {
      const now = Math.floor(Date.now() / 1000);
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: `01${randomBytes(16).toString('hex')}`,
        subject: nameOf(identity),
        issuer: issuer.subjectName,
        notBefore: new Date(now * 1000),
        notAfter: new Date((now + lifetime) * 1000),
        publicKey: new x509.PublicKey(spki),
        signingKey: issuerKey.privateKey,
        signingAlgorithm: ECDSA,
        extensions: [
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
          new x509.AuthorityKeyIdentifierExtension(keyId),
          subjectAltName(identity),
        ],
      });
      return certificate.rawData;
    },
    (der) => checkIssued(new Uint8Array(der), job),
  );
}
