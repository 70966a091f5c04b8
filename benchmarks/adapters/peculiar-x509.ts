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

/** The same, its signature checked. */
export const verifyRequest = (der: Uint8Array<ArrayBuffer>, check: (found: Identity) => void): Contender =>
  contender(
    impl,
    async () => {
      const { subjectName, names } = await readRequest(der);
      return { subjectName, names };
    },
    ({ subjectName, names }) => check(who(subjectName, names)),
  );

async function readRequest(der: Uint8Array<ArrayBuffer>) {
  const request = new x509.Pkcs10CertificateRequest(der);
  if (!(await request.verify())) throw new Error('Cannot believe the request: it is not signed by its key');
  const extension = request.getExtension(SUBJECT_ALT_NAME)!; // asked for
  return { request, subjectName: request.subjectName, extension, names: alternatives(extension) };
}

/** From names and a public key at hand to the DER of a leaf. */
export function issueLeaf(job: IssueJob): Contender {
  const spki = new Uint8Array(job.spki);
  const sign = issuing(job);
  return contender(
    impl,
    () => sign(nameOf(job.identity), new x509.PublicKey(spki), subjectAltName(job.identity)),
    (der) => checkIssued(new Uint8Array(der), job),
  );
}

/** From the DER of a request, its signature checked, to that of a leaf with its names. */
export function answerRequest(job: IssueJob, der: Uint8Array<ArrayBuffer>): Contender {
  const sign = issuing(job);
  return contender(
    impl,
    async () => {
      const { request, subjectName, extension } = await readRequest(der);
      return sign(subjectName, request.publicKey, extension);
    },
    (made) => checkIssued(new Uint8Array(made), job),
  );
}

/** What fills in the rest of a leaf and signs it. */
function issuing({ issuer: der, issuerKey, lifetime }: IssueJob) {
  const issuer = new x509.X509Certificate(new Uint8Array(der));
  const { keyId } = issuer.getExtension(x509.SubjectKeyIdentifierExtension)!;
  return async (subject: x509.Name | x509.JsonName, publicKey: x509.PublicKey, names: x509.Extension) => {
    const now = Math.floor(Date.now() / 1000);
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: `01${randomBytes(16).toString('hex')}`,
      subject: subject instanceof x509.Name ? subject.toJSON() : subject,
      issuer: issuer.subjectName,
      notBefore: new Date(now * 1000),
      notAfter: new Date((now + lifetime) * 1000),
      publicKey,
      signingKey: issuerKey.privateKey,
      signingAlgorithm: ECDSA,
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
        new x509.AuthorityKeyIdentifierExtension(keyId),
        names,
      ],
    });
    return certificate.rawData;
  };
}

/** What a program keeps of a certificate that it goes on reading. */
export function holdLeaf(der: Uint8Array): object {
  const certificate = new x509.X509Certificate(new Uint8Array(der));
  return {
    certificate,
    subject: certificate.subjectName,
    names: alternatives(certificate.getExtension(SUBJECT_ALT_NAME)),
  };
}
