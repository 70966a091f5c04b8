import assert from 'node:assert/strict';
import jsrsasign from 'jsrsasign';
import { checkRequest, type Identity, type KeyForms, type LeafFacts } from '../jobs.js';
import { type Contender, contender } from '../measure.js';

const impl = 'jsrsasign';

const { KEYUTIL, KJUR, X509 } = jsrsasign;

type Name = ReturnType<InstanceType<typeof X509>['getSubject']>;
type AltNames = ReturnType<InstanceType<typeof X509>['getExtSubjectAltName']>['array'];

const hex = (der: Uint8Array): string => Buffer.from(der).toString('hex');

const pem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;

const who = ({ array }: Name, alternatives: AltNames): Identity => {
  const value = (type: string) => array.flat().find((attribute) => attribute.type === type)!.value;
  return {
    organization: value('O'),
    commonName: value('CN'),
    dNSNames: alternatives.flatMap(({ dns }) => dns ?? []),
    uri: alternatives.flatMap(({ uri }) => uri ?? [])[0]!,
  };
};

/** From `YYMMDDHHMMSSZ`. */
const seconds = (time: string): number =>
  Date.parse(`20${time.replace(/^(..)(..)(..)(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z')}`) / 1000;

export const parseLeaf = (der: Uint8Array, check: (facts: LeafFacts) => void): Contender =>
  contender(
    impl,
    () => {
      const certificate = new X509();
      certificate.readCertHex(hex(der)); // its type for bytes
      return {
        subject: certificate.getSubject(),
        alternatives: certificate.getExtSubjectAltName(),
        notBefore: certificate.getNotBefore(),
        notAfter: certificate.getNotAfter(),
      };
    },
    ({ subject, alternatives, notBefore, notAfter }) =>
      check({ ...who(subject, alternatives.array), notBefore: seconds(notBefore), notAfter: seconds(notAfter) }),
  );

export function createRequest({ pkcs8, spki }: KeyForms, identity: Identity): Contender {
  const sbjprvkey = KEYUTIL.getKey(pem('PRIVATE KEY', pkcs8));
  const sbjpubkey = KEYUTIL.getKey(pem('PUBLIC KEY', spki));
  return contender(
    impl,
    () =>
      new KJUR.asn1.csr.CertificationRequest({
        subject: {
          array: [[{ type: 'O', value: identity.organization }], [{ type: 'CN', value: identity.commonName }]],
        },
        sbjpubkey,
        sbjprvkey,
        sigalg: 'SHA256withECDSA',
        extreq: [
          { extname: 'subjectAltName', array: [...identity.dNSNames.map((dns) => ({ dns })), { uri: identity.uri }] },
        ],
      }).tohex(),
    (request) => checkRequest(new Uint8Array(Buffer.from(request, 'hex')), spki),
  );
}

export const parseRequest = (der: Uint8Array, check: (found: Identity) => void): Contender => {
  const text = pem('CERTIFICATE REQUEST', der); // it reads nothing else
  return contender(
    impl,
    () => KJUR.asn1.csr.CSRUtil.getParam(text),
    ({ subject, extreq }) => check(who(subject, extreq.find(({ extname }) => extname === 'subjectAltName')!.array!)),
  );
};

/** The same, its signature checked; that reads the request once more. */
export const verifyRequest = (der: Uint8Array, check: (found: Identity) => void): Contender => {
  const text = pem('CERTIFICATE REQUEST', der);
  return contender(
    impl,
    () => ({ isSigned: KJUR.asn1.csr.CSRUtil.verifySignature(text), parameters: KJUR.asn1.csr.CSRUtil.getParam(text) }),
    ({ isSigned, parameters: { subject, extreq } }) => {
      assert.ok(isSigned);
      check(who(subject, extreq.find(({ extname }) => extname === 'subjectAltName')!.array!));
    },
  );
};

/** What a program keeps of a certificate that it goes on reading. */
export function holdLeaf(der: Uint8Array): object {
  const certificate = new X509();
  certificate.readCertHex(hex(der));
  return { certificate, subject: certificate.getSubject(), alternatives: certificate.getExtSubjectAltName() };
}
