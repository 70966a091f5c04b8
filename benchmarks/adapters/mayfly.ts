import { compile, issueSync, type Surroundings, type SyncIssuer } from '@mayfly/ca';
import { podPeer } from '@mayfly/ca/profiles';
import { fromPkcs8 } from '@mayfly/keys/node';
import { createCertificationRequestSync, parseCertificationRequest, requestSignedParts } from '@mayfly/pkcs10';
import { parseCertificate } from '@mayfly/x509';
import { idCeSubjectAltName, subjectAltName } from '@mayfly/x509/extensions';
import { type GeneralName, generalNamesNode } from '@mayfly/x509/general-name';
import {
  attributeTypes,
  attributeValues,
  buildName,
  encodeName,
  type Name,
  nameNode,
  parseName,
} from '@mayfly/x509/name';
import type { SyncSigningKey, SyncVerifySignature } from '@mayfly/x509/signed';
import { checkIssued, checkRequest, type Identity, type IssueJob, type KeyForms, type LeafFacts } from '../jobs.js';
import { type Contender, contender } from '../measure.js';

const impl = 'mayfly';

const who = (subject: Name, alternatives: readonly GeneralName[] = []): Identity => ({
  organization: attributeValues(subject, attributeTypes.organization.type)[0]!,
  commonName: attributeValues(subject, attributeTypes.commonName.type)[0]!,
  dNSNames: alternatives.flatMap((name) => (name.type === 'dNSName' ? [name.value] : [])),
  uri: alternatives.flatMap((name) => (name.type === 'uniformResourceIdentifier' ? [name.value] : []))[0]!,
});

const nameOf = ({ organization, commonName }: Identity): Name => buildName({ organization, commonName });

const alternativesOf = ({ dNSNames, uri }: Identity): readonly GeneralName[] => [
  ...dNSNames.map((value) => ({ type: 'dNSName', value }) as const),
  { type: 'uniformResourceIdentifier', value: uri },
];

export const parseLeaf = (der: Uint8Array, check: (facts: LeafFacts) => void): Contender =>
  contender(
    impl,
    () => {
      const certificate = parseCertificate(der);
      const { validity } = certificate;
      return { subject: parseName(certificate.subject), alternatives: subjectAltName(certificate), validity };
    },
    ({ subject, alternatives, validity }) => check({ ...who(subject, alternatives), ...validity }),
  );

export function createRequest(
  { pkcs8, spki }: KeyForms,
  identity: Identity,
  key: SyncSigningKey = fromPkcs8(pkcs8),
): Contender {
  return contender(
    impl,
    () =>
      createCertificationRequestSync(
        {
          subject: nameNode(nameOf(identity)),
          extensions: [
            { extnID: idCeSubjectAltName, critical: false, extnValue: generalNamesNode(alternativesOf(identity)) },
          ],
        },
        key,
      ),
    (der) => checkRequest(der, spki),
  );
}

export const parseRequest = (der: Uint8Array, check: (found: Identity) => void): Contender =>
  contender(
    impl,
    () => {
      const request = parseCertificationRequest(der);
      return { subject: parseName(request.subject), alternatives: subjectAltName(request) };
    },
    ({ subject, alternatives }) => check(who(subject, alternatives)),
  );

/** The same, its signature checked; `verify` is to meet each key for the first time. */
export function verifyRequest(
  ders: readonly Uint8Array[],
  verify: SyncVerifySignature,
  check: (found: Identity) => void,
): Contender {
  let next = 0;
  return contender(
    impl,
    () => {
      const request = parseCertificationRequest(ders[next++ % ders.length]!);
      if (!verify(requestSignedParts(request), request.subjectPublicKeyInfo))
        throw new Error('Cannot believe the request: it is not signed by its key');
      return { subject: parseName(request.subject), alternatives: subjectAltName(request) };
    },
    ({ subject, alternatives }) => check(who(subject, alternatives)),
  );
}

/** What a program keeps of a certificate that it goes on reading. */
export function holdLeaf(der: Uint8Array): object {
  const certificate = parseCertificate(der);
  return { certificate, subject: parseName(certificate.subject), alternatives: subjectAltName(certificate) };
}

export function issueLeaf(job: IssueJob, authority: SyncIssuer, around: Surroundings): Contender {
  const compiled = compile(podPeer(), authority);
  const { identity, spki, lifetime } = job;
  return contender(
    impl,
    () =>
      issueSync(
        compiled,
        {
          subjectPublicKeyInfo: spki,
          subject: encodeName(nameOf(identity)),
          subjectAltName: alternativesOf(identity),
          lifetime,
        },
        around,
      ),
    ({ certificate }) => checkIssued(certificate, job),
  );
}
