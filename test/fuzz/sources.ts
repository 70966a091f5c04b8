import { toHex } from '@mayfly/der';
import { parseCertificate } from '@mayfly/x509';
import { extensionCodecs } from '../vectors/extension-codecs.js';
import { derOf, vectors } from '../vectors/read-vectors.js';
import type { Vector } from '../vectors/types.js';
import { extensionFormats, type Format, formats } from './formats.js';

/** A format and sound inputs of it: the vectors that its reader accepts. */
export interface Target {
  readonly format: Format;
  readonly sources: readonly Uint8Array[];
}

const accepted = vectors.filter(({ kind, expect }) => kind !== 'pem' && kind !== 'crl' && expect !== 'refused');
const filesOf = (wanted: (vector: Vector) => boolean): readonly Uint8Array[] =>
  accepted.filter(wanted).map(({ file }) => derOf(file));
const ofForm =
  (kind: Vector['kind'], form: string) =>
  (vector: Vector): boolean =>
    vector.kind === kind && 'form' in vector && vector.form === form;

/** Each only once: hundreds of certificates have the same few names. */
const distinct = (inputs: readonly Uint8Array[]): readonly Uint8Array[] => [
  ...new Map(inputs.map((input) => [toHex(input), input])).values(),
];

/** Every format with its inputs. */
export function targets(): readonly Target[] {
  const certificates = filesOf(({ kind }) => kind === 'certificate');
  const parsed = certificates.map((der) => parseCertificate(der));
  const extensions = Object.entries(extensionCodecs).map(([extnID, { field }]) => ({
    format: extensionFormats[`extension ${field}`]!,
    sources: distinct(
      parsed.flatMap((certificate) =>
        certificate.extensions.filter((extension) => extension.extnID === extnID).map(({ extnValue }) => extnValue),
      ),
    ),
  }));
  return [
    { format: formats.certificate, sources: certificates },
    { format: formats.request, sources: filesOf(({ kind }) => kind === 'request') },
    { format: formats['private-key'], sources: filesOf(ofForm('private-key', 'pkcs8')) },
    { format: formats['encrypted-private-key'], sources: filesOf(ofForm('private-key', 'pkcs8-encrypted')) },
    { format: formats.sec1, sources: filesOf(ofForm('private-key', 'sec1')) },
    { format: formats.pkcs1, sources: filesOf(ofForm('private-key', 'pkcs1')) },
    { format: formats['pkcs1-public-key'], sources: filesOf(ofForm('public-key', 'pkcs1')) },
    {
      format: formats['public-key'],
      sources: distinct([
        ...filesOf(ofForm('public-key', 'spki')),
        ...parsed.map(({ subjectPublicKeyInfo }) => subjectPublicKeyInfo),
      ]),
    },
    { format: formats.name, sources: distinct(parsed.flatMap(({ subject, issuer }) => [subject, issuer])) },
    ...extensions,
  ];
}
