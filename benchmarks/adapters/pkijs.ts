import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import type { ChainJob } from '../chains.js';
import { checkIssued, checkRequest, type Identity, type IssueJob, type KeyForms, type LeafFacts } from '../jobs.js';
import { type Contender, contender } from '../measure.js';

const impl = 'pkijs';

const oids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
  extensionRequest: '1.2.840.113549.1.9.14',
  purposes: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'],
};

/** Types of GeneralName. */
const DNS_NAME = 2;
const URI = 6;

pkijs.setEngine('node', new pkijs.CryptoEngine({ name: 'node', crypto: webcrypto }));

const subjectValue = (subject: pkijs.RelativeDistinguishedNames, oid: string): string =>
  subject.typesAndValues.find(({ type }) => type === oid)!.value.valueBlock.value;

const altNames = (extensions: readonly pkijs.Extension[] = []): readonly pkijs.GeneralName[] => {
  const extension = extensions.find(({ extnID }) => extnID === oids.subjectAltName);
  return extension?.parsedValue.altNames ?? [];
};

const who = (subject: pkijs.RelativeDistinguishedNames, alternatives: readonly pkijs.GeneralName[]): Identity => ({
  organization: subjectValue(subject, oids.organization),
  commonName: subjectValue(subject, oids.commonName),
  dNSNames: alternatives.filter(({ type }) => type === DNS_NAME).map(({ value }) => value),
  uri: alternatives.find(({ type }) => type === URI)!.value,
});

function addSubject(subject: pkijs.RelativeDistinguishedNames, { organization, commonName }: Identity): void {
  const add = (type: string, value: string) =>
    subject.typesAndValues.push(new pkijs.AttributeTypeAndValue({ type, value: new asn1js.Utf8String({ value }) }));
  add(oids.organization, organization);
  add(oids.commonName, commonName);
}

const extension = (extnID: string, critical: boolean, value: asn1js.BaseBlock): pkijs.Extension =>
  new pkijs.Extension({ extnID, critical, extnValue: value.toBER() });

const subjectAltName = ({ dNSNames, uri }: Identity): pkijs.Extension =>
  extension(
    oids.subjectAltName,
    false,
    new pkijs.GeneralNames({
      names: [
        ...dNSNames.map((value) => new pkijs.GeneralName({ type: DNS_NAME, value })),
        new pkijs.GeneralName({ type: URI, value: uri }),
      ],
    }).toSchema(),
  );

export const parseLeaf = (der: Uint8Array, check: (facts: LeafFacts) => void): Contender =>
  contender(
    impl,
    () => {
      const { subject, notBefore, notAfter, extensions } = pkijs.Certificate.fromBER(der);
      return { subject, alternatives: altNames(extensions), notBefore: notBefore.value, notAfter: notAfter.value };
    },
    ({ subject, alternatives, notBefore, notAfter }) =>
      check({
        ...who(subject, alternatives),
        notBefore: notBefore.getTime() / 1000,
        notAfter: notAfter.getTime() / 1000,
      }),
  );

export const createRequest = ({ privateKey, spki }: KeyForms, identity: Identity): Contender =>
  contender(
    impl,
    async () => {
      const request = new pkijs.CertificationRequest();
      addSubject(request.subject, identity);
      request.subjectPublicKeyInfo = pkijs.PublicKeyInfo.fromBER(spki);
      const extensions = new pkijs.Extensions({ extensions: [subjectAltName(identity)] });
      request.attributes = [new pkijs.Attribute({ type: oids.extensionRequest, values: [extensions.toSchema()] })];
      await request.sign(privateKey, 'SHA-256');
      return request.toSchema(true).toBER();
    },
    (der) => checkRequest(new Uint8Array(der), spki),
  );

export const parseRequest = (der: Uint8Array, check: (found: Identity) => void): Contender =>
  contender(
    impl,
    () => {
      const request = pkijs.CertificationRequest.fromBER(der);
      return { subject: request.subject, alternatives: altNames(requestedExtensions(request)) };
    },
    ({ subject, alternatives }) => check(who(subject, alternatives)),
  );

/** The same, its signature checked. */
export const verifyRequest = (der: Uint8Array, check: (found: Identity) => void): Contender =>
  contender(
    impl,
    async () => {
      const request = await readRequest(der);
      return { subject: request.subject, alternatives: altNames(requestedExtensions(request)) };
    },
    ({ subject, alternatives }) => check(who(subject, alternatives)),
  );

async function readRequest(der: Uint8Array): Promise<pkijs.CertificationRequest> {
  const request = pkijs.CertificationRequest.fromBER(der);
  if (!(await request.verify())) throw new Error('Cannot believe the request: it is not signed by its key');
  return request;
}

function requestedExtensions({ attributes }: pkijs.CertificationRequest): readonly pkijs.Extension[] {
  const attribute = attributes?.find(({ type }) => type === oids.extensionRequest);
  return new pkijs.Extensions({ schema: attribute?.values[0] }).extensions;
}

/** From names and a public key at hand to the DER of a leaf. */
export function issueLeaf(job: IssueJob): Contender {
  const { identity, spki } = job;
  const sign = issuing(job);
  return contender(
    impl,
    () => {
      const certificate = new pkijs.Certificate();
      addSubject(certificate.subject, identity);
      return sign(certificate, pkijs.PublicKeyInfo.fromBER(spki), subjectAltName(identity));
    },
    (der) => checkIssued(new Uint8Array(der), job),
  );
}

/** From the DER of a request, its signature checked, to that of a leaf with its names. */
export function answerRequest(job: IssueJob, request: Uint8Array): Contender {
  const sign = issuing(job);
  return contender(
    impl,
    async () => {
      const read = await readRequest(request);
      const certificate = new pkijs.Certificate();
      certificate.subject = read.subject;
      const names = requestedExtensions(read).find(({ extnID }) => extnID === oids.subjectAltName)!; // asked for
      return sign(certificate, read.subjectPublicKeyInfo, names);
    },
    (der) => checkIssued(new Uint8Array(der), job),
  );
}

/** What fills in the rest of a leaf and signs it. */
function issuing(job: IssueJob) {
  const { issuerKey, lifetime } = job;
  const issuer = pkijs.Certificate.fromBER(job.issuer);
  const { valueBlock } = asn1js.fromBER(
    issuer.extensions!.find(({ extnID }) => extnID === oids.subjectKeyIdentifier)!.extnValue.valueBlock.valueHexView,
  ).result as asn1js.OctetString; // the CA has one, and that is its type
  const keyIdentifier = new asn1js.OctetString({ valueHex: valueBlock.valueHexView });
  return async (certificate: pkijs.Certificate, key: pkijs.PublicKeyInfo, names: pkijs.Extension) => {
    certificate.version = 2;
    const serialNumber = webcrypto.getRandomValues(new Uint8Array(17));
    serialNumber[0] = 1; // above zero
    certificate.serialNumber = new asn1js.Integer({ valueHex: serialNumber });
    const now = Math.floor(Date.now() / 1000);
    certificate.notBefore.value = new Date(now * 1000);
    certificate.notAfter.value = new Date((now + lifetime) * 1000);
    certificate.issuer = issuer.subject;
    certificate.subjectPublicKeyInfo = key;
    certificate.extensions = [
      extension(oids.keyUsage, true, new asn1js.BitString({ valueHex: Uint8Array.of(0x80), unusedBits: 7 })),
      extension(oids.extKeyUsage, false, new pkijs.ExtKeyUsage({ keyPurposes: oids.purposes }).toSchema()),
      extension(oids.authorityKeyIdentifier, false, new pkijs.AuthorityKeyIdentifier({ keyIdentifier }).toSchema()),
      names,
    ];
    await certificate.sign(issuerKey.privateKey, 'SHA-256');
    return certificate.toSchema(true).toBER();
  };
}

/** What a program keeps of a certificate that it goes on reading. */
export function holdLeaf(der: Uint8Array): object {
  const certificate = pkijs.Certificate.fromBER(der as Uint8Array<ArrayBuffer>); // not shared
  return { certificate, alternatives: altNames(certificate.extensions) };
}

/** Root, intermediate and leaf, with the engine of the library. */
export function validateChain({ root, intermediate, leaves, at }: ChainJob): Contender {
  let next = 0;
  return contender(
    impl,
    () => {
      const [trusted, issuing, leaf] = [root, intermediate, leaves[next++ % leaves.length]!].map((der) =>
        pkijs.Certificate.fromBER(der as Uint8Array<ArrayBuffer>),
      );
      return new pkijs.CertificateChainValidationEngine({
        trustedCerts: [trusted!],
        certs: [issuing!, leaf!],
        checkDate: new Date(at * 1000),
      }).verify();
    },
    ({ result, resultMessage }) => assert.equal(result, true, resultMessage),
  );
}
