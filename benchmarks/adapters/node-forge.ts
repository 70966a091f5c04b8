import forge from 'node-forge';
import type { LeafFacts } from '../jobs.js';
import { type Contender, contender } from '../measure.js';

/** Types of GeneralName. */
const DNS_NAME = 2;
const URI = 6;

/** Reads RSA certificates only. */
export const parseLeaf = (der: Uint8Array, check: (facts: LeafFacts) => void): Contender =>
  contender(
    'node-forge',
    () => {
      const asn1 = forge.asn1.fromDer(Buffer.from(der).toString('latin1')); // its type for bytes
      const certificate = forge.pki.certificateFromAsn1(asn1);
      const { subject, validity } = certificate;
      return { subject, validity, altNames: certificate.getExtension('subjectAltName').altNames };
    },
    ({ subject, validity, altNames }) =>
      check({
        organization: subject.getField('O').value,
        commonName: subject.getField('CN').value,
        dNSNames: altNames.filter(({ type }) => type === DNS_NAME).map(({ value }) => value),
        uri: altNames.find(({ type }) => type === URI)!.value,
        notBefore: validity.notBefore.getTime() / 1000,
        notAfter: validity.notAfter.getTime() / 1000,
      }),
  );
