import { contextConstructedTag, type DerNode, encodeInto, headerLength, tags, writeHeader } from '@mayfly/der';
import { extensionNode } from '@mayfly/x509';
import { idCeSubjectAltName, subjectKeyIdentifierExtension } from '@mayfly/x509/extensions';
import { type GeneralName, generalNamesNode } from '@mayfly/x509/general-name';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import {
  type CompiledProfile,
  grantedValidity,
  type IssuanceRequest,
  type Issued,
  type Prepared,
  type Surroundings,
} from './compile.js';
import { CaError } from './errors.js';
import { type Allocate, ownMemory } from './memory.js';
import { SERIAL_LENGTH, SerialNumbers } from './serial-numbers.js';

const EMPTY_NAME: Uint8Array = /* @__PURE__ */ Uint8Array.of(0x30, 0);

/**
 * Builds what is to be signed. Pure: the same inputs, clock and random bytes give the same bytes.
 * @param allocate - Where it is written. Default an array of its own.
 * @throws {@link CaError} `ERR_CA_ISSUER_EXPIRING`, `ERR_CA_REQUEST`.
 */
export const prepare = (
  compiled: CompiledProfile,
  request: IssuanceRequest,
  around: Surroundings,
  allocate: Allocate = ownMemory,
): Prepared => prepareWith(compiled, request, around, new SerialNumbers(around, 1), allocate);

/**
 * {@link prepare} with serial numbers that may have been drawn with others. Everything is written in its place, without nodes
 * of the fields between: they would take longer to make than the octets to copy (benchmarks/issue).
 */
export function prepareWith(
  compiled: CompiledProfile,
  request: IssuanceRequest,
  around: Pick<Surroundings, 'now'>,
  serials: SerialNumbers,
  allocate: Allocate,
): Prepared {
  const { profile, issuer, constant } = compiled;
  const { subjectPublicKeyInfo, subjectAltName } = request;
  const validity = grantedValidity(compiled, request, around.now());
  const serialNumber = serials.draw(issuer.instance ?? 1);
  requireNamesThatAreRead(subjectAltName);
  const subject = profile.subject === 'from-request' ? (request.subject ?? EMPTY_NAME) : EMPTY_NAME;
  const own = ownExtensions(compiled, request, subject);
  const validityDer = constant.validityDer(validity);
  const { versionAndSerialHeader, algorithmAndIssuer, extensionsDer } = constant;

  let listLength = extensionsDer.length;
  for (const extension of own) listLength += extension.byteLength;
  const wrappedLength = headerLength(listLength) + listLength;
  const length =
    versionAndSerialHeader.length +
    SERIAL_LENGTH +
    algorithmAndIssuer.length +
    validityDer.length +
    subject.length +
    subjectPublicKeyInfo.length +
    headerLength(wrappedLength) +
    wrappedLength;
  const out = allocate(headerLength(length) + length);
  let at = writeHeader(out, 0, tags.sequence, length);
  at = put(out, at, versionAndSerialHeader);
  at = serials.put(out, at);
  at = put(out, at, algorithmAndIssuer);
  at = put(out, at, validityDer);
  at = put(out, at, subject);
  at = put(out, at, subjectPublicKeyInfo);
  at = writeHeader(out, at, contextConstructedTag(3), wrappedLength);
  at = writeHeader(out, at, tags.sequence, listLength);
  at = put(out, at, extensionsDer);
  for (const extension of own) at = encodeInto(extension, out, at);
  return { tbsCertificate: out, serialNumber, notBefore: validity.notBefore, notAfter: validity.notAfter };
}

/** Copies octets; returns the place behind them. */
function put(out: Uint8Array, at: number, octets: Uint8Array): number {
  out.set(octets, at);
  return at + octets.length;
}

/** Some names are written as they come, so any other name could stand in them. */
function requireNamesThatAreRead(names: readonly GeneralName[]): void {
  for (const { type } of names)
    if (type === 'x400Address' || type === 'ediPartyName')
      throw new CaError('ERR_CA_REQUEST', `Cannot issue for a name of type ${type}`);
}

/** The extensions that stand behind those of the profile. */
function ownExtensions(
  { profile }: CompiledProfile,
  { subjectAltName, subjectPublicKeyInfo }: IssuanceRequest,
  subject: Uint8Array,
): readonly DerNode[] {
  const own: DerNode[] = [];
  if (subjectAltName.length > 0)
    own.push(
      extensionNode({
        extnID: idCeSubjectAltName,
        critical: subject.length === 2, // RFC 5280 §4.2.1.6: when it is all that names the subject
        extnValue: generalNamesNode(subjectAltName),
      }),
    );
  if (profile.subjectKeyIdentifier === 'rfc7093')
    own.push(extensionNode(subjectKeyIdentifierExtension(rfc7093KeyIdentifier(subjectPublicKeyInfo))));
  return own;
}

/**
 * Puts the signature to what was prepared.
 * @param allocate - Where the certificate is written. Default an array of its own.
 */
export function complete(
  { constant }: CompiledProfile,
  { tbsCertificate, serialNumber, notBefore, notAfter }: Prepared,
  signatureValue: Uint8Array,
  allocate: Allocate = ownMemory,
): Issued {
  const { signatureAlgorithm, chain } = constant;
  // RFC 5280 §4.1: SIGNED{} of the three.
  const bitsLength = 1 + signatureValue.length;
  const length = tbsCertificate.length + signatureAlgorithm.length + headerLength(bitsLength) + bitsLength;
  const certificate = allocate(headerLength(length) + length);
  let at = writeHeader(certificate, 0, tags.sequence, length);
  at = put(certificate, at, tbsCertificate);
  at = put(certificate, at, signatureAlgorithm);
  at = writeHeader(certificate, at, tags.bitString, bitsLength);
  put(certificate, at + 1, signatureValue); // behind the number of unused bits, which is zero
  return { tbsCertificate, serialNumber, notBefore, notAfter, certificate, chain };
}
