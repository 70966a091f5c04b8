import {
  bitString,
  type DerNode,
  encode,
  encodeInto,
  explicit,
  integer,
  primitive,
  raw,
  type Seconds,
  sequence,
  tags,
} from '@mayfly/der';
import {
  algorithmIdentifierNode,
  type Extension,
  extensionNode,
  type KnownParts,
  type Validity,
  validityNode,
} from '@mayfly/x509';
import {
  authorityKeyIdentifierExtension,
  basicConstraints,
  basicConstraintsExtension,
  extKeyUsage,
  extKeyUsageExtension,
  idCeSubjectAltName,
  type KeyUsageBit,
  keyPurposes,
  keyUsage,
  keyUsageExtension,
  subjectKeyIdentifier,
  subjectKeyIdentifierExtension,
} from '@mayfly/x509/extensions';
import { type GeneralName, generalNamesNode } from '@mayfly/x509/general-name';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { CaError } from './errors.js';
import { defineIssuer, type Issuer } from './issuer.js';
import { lintProfile } from './lint-profile.js';
import { type Allocate, ownMemory } from './memory.js';
import type { Profile } from './profile.js';

/** What a certificate is to say; decided by the caller's rules, never copied from a request unseen. */
export interface IssuanceRequest {
  /** DER. */
  readonly subjectPublicKeyInfo: Uint8Array;
  /** DER of a Name; used by profiles whose subject is `from-request`. Default the empty name. */
  readonly subject?: Uint8Array;
  readonly subjectAltName: readonly GeneralName[];
  /** Seconds. An upper bound; the profile's maximum and the issuer's remaining lifetime bound it too. */
  readonly lifetime: Seconds;
  /** Seconds that the certificate has to live to be of use. Default 1. */
  readonly minLifetime?: Seconds;
}

/** Whatever makes two runs differ. */
export interface Surroundings {
  readonly now: () => Seconds;
  /** Cryptographically secure. Returns a new array. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/** A profile bound to an issuer, with every constant part of the TBSCertificate already encoded. */
export interface CompiledProfile<I extends Issuer = Issuer> {
  readonly profile: Profile;
  readonly issuer: I;
  /** Version, and what stands between serial number and validity, as DER. */
  readonly constant: {
    readonly version: DerNode;
    readonly algorithmAndIssuer: DerNode;
    /** The first extensions of every certificate, and the same as one piece of DER. */
    readonly extensions: readonly Extension[];
    readonly extensionsDer: DerNode;
    /** What the issuing key's signatures are made with, as DER. */
    readonly signatureAlgorithm: DerNode;
    /** DER of the issuers, as {@link Issued} has it. */
    readonly chain: readonly Uint8Array[];
  };
  /** What {@link lint} has judged when the profile was compiled, so that it need not be decoded for every certificate. */
  readonly judged: {
    /** Where the same octets stand again, this is what they say. */
    readonly parts: KnownParts;
    /** The keyUsage that the extensions of the profile say. */
    readonly keyUsage: ReadonlySet<KeyUsageBit>;
  };
}

/** What is to be signed. */
export interface Prepared extends Validity {
  readonly tbsCertificate: Uint8Array;
  readonly serialNumber: bigint;
}

/** A certificate with the chain that goes with it. */
export interface Issued extends Prepared {
  /** DER, the caller's; certificates of one batch are parts of larger arrays. */
  readonly certificate: Uint8Array;
  /** DER of the issuers, nearest first, without the root. */
  readonly chain: readonly Uint8Array[];
}

/** Random octets of a serial number, behind the instance octet: 128 bits of entropy, 17 octets in all. */
const SERIAL_RANDOM_LENGTH = 16;
const EMPTY_NAME: Uint8Array = /* @__PURE__ */ Uint8Array.of(0x30, 0);

/**
 * Binds a profile to an issuer.
 * @throws {@link CaError} `ERR_CA_ISSUER` when the certificate cannot issue this profile.
 */
export function compile<I extends Issuer>(profile: Profile, issuer: I): CompiledProfile<I> {
  defineIssuer(issuer);
  requireScope(profile, issuer);
  const { certificate, key } = issuer;
  // RFC 5280 §4.2.1.1: the authority key identifier of a certificate is the subject key identifier of its issuer.
  const keyIdentifier = subjectKeyIdentifier(certificate)!;
  const constraints = profile.pathLenConstraint === undefined ? {} : { pathLenConstraint: profile.pathLenConstraint };
  const optional: readonly (Extension | false)[] = [
    profile.cA && basicConstraintsExtension({ cA: true, ...constraints }),
    keyUsageExtension(profile.keyUsage),
    profile.extKeyUsage.length > 0 && extKeyUsageExtension(profile.extKeyUsage),
    authorityKeyIdentifierExtension({ keyIdentifier }),
  ];
  const extensions = optional.filter((extension) => extension !== false);
  const finding = lintProfile(profile, issuer, { extensions });
  if (finding !== undefined)
    throw new CaError('ERR_CA_LINT', `Cannot compile ${profile.name}, ${finding.rule}: ${finding.message}`);
  const signatureAlgorithm = encode(algorithmIdentifierNode(key.signatureAlgorithm));
  return {
    profile,
    issuer,
    constant: {
      version: raw(encode(explicit(0, integer(2)))),
      algorithmAndIssuer: together(raw(signatureAlgorithm), raw(certificate.subject)),
      extensions,
      extensionsDer: together(...extensions.map(extensionNode)),
      signatureAlgorithm: raw(signatureAlgorithm),
      chain: issuer.chain.map(({ der }) => der),
    },
    judged: {
      parts: {
        signature: { der: signatureAlgorithm, value: key.signatureAlgorithm },
        extensions: extensions.map((value) => ({ der: encode(extensionNode(value)), value })),
      },
      keyUsage: keyUsage({ extensions })!, // lintProfile has seen it
    },
  };
}

/** What the issuer may pass on: below it everything else would be refused by whoever validates the path. */
function requireScope({ name, cA, extKeyUsage: wanted }: Profile, { certificate }: Issuer): void {
  const refuse = (state: string): never => {
    throw new CaError(
      'ERR_CA_ISSUER',
      `Cannot issue ${name} from certificate ${certificate.serialNumber.toString(16)}: ${state}`,
    );
  };
  if (cA && basicConstraints(certificate)?.pathLenConstraint === 0)
    refuse('its pathLenConstraint of 0 allows no CA below');
  const allowed = extKeyUsage(certificate);
  if (allowed === undefined || allowed.includes(keyPurposes.anyExtendedKeyUsage)) return;
  const stranger = wanted.find((purpose) => !allowed.includes(purpose));
  if (stranger !== undefined) refuse(`its extKeyUsage lacks ${stranger}`);
}

/** Encodes siblings once, so that they are spliced in as one piece. */
function together(...nodes: readonly DerNode[]): DerNode {
  const all = encode(sequence(...nodes));
  let length = 0;
  for (const node of nodes) length += node.byteLength;
  return raw(all.subarray(all.length - length));
}

/**
 * The validity that is granted now: the least of what was asked for, what the profile allows and what the issuer has left.
 * @throws {@link CaError} `ERR_CA_ISSUER_EXPIRING` when that is less than `minLifetime`: the authority is to be renewed,
 * and the request is to wait rather than to be denied.
 */
export function grantedValidity(compiled: CompiledProfile, request: IssuanceRequest, now: Seconds): Validity {
  const { profile, issuer } = compiled;
  const { minLifetime = 1 } = request;
  if (!Number.isSafeInteger(request.lifetime) || request.lifetime < 1)
    throw new CaError('ERR_CA_REQUEST', `Cannot issue for ${request.lifetime} s: not whole seconds above zero`);
  const issuerValidity = issuer.certificate.validity;
  // A new authority is younger than the backdate; its leaves begin no earlier than it does.
  const notBefore = Math.max(now - profile.backdate, Math.min(issuerValidity.notBefore, now));
  const lifetime = Math.min(request.lifetime, profile.maxLifetime);
  const inclusive = profile.lifetimeCounts === 'inclusive' ? 1 : 0;
  const notAfter = Math.min(notBefore + lifetime - inclusive, issuerValidity.notAfter);
  if (notBefore < issuerValidity.notBefore || notAfter < now || notAfter - notBefore + inclusive < minLifetime)
    throw new CaError(
      'ERR_CA_ISSUER_EXPIRING',
      `Cannot issue for ${minLifetime} s: the issuer is valid from ${issuerValidity.notBefore} to ${issuerValidity.notAfter}, and it is ${now}`,
    );
  return { notBefore, notAfter };
}

/**
 * Builds what is to be signed. Pure: the same inputs, clock and random bytes give the same bytes.
 * @param allocate - Where it is written. Default an array of its own.
 * @throws {@link CaError} `ERR_CA_ISSUER_EXPIRING`, `ERR_CA_REQUEST`.
 */
export function prepare(
  compiled: CompiledProfile,
  request: IssuanceRequest,
  around: Surroundings,
  allocate: Allocate = ownMemory,
): Prepared {
  const { profile, issuer, constant } = compiled;
  const validity = grantedValidity(compiled, request, around.now());
  const serial = new Uint8Array(1 + SERIAL_RANDOM_LENGTH);
  serial[0] = issuer.instance ?? 1;
  const random = around.randomBytes(SERIAL_RANDOM_LENGTH);
  if (random.length !== SERIAL_RANDOM_LENGTH)
    throw new CaError(
      'ERR_CA_REQUEST',
      `Cannot draw a serial number: ${random.length} random octets, not ${SERIAL_RANDOM_LENGTH}`,
    );
  serial.set(random, 1);
  const subject = profile.subject === 'from-request' ? (request.subject ?? EMPTY_NAME) : EMPTY_NAME;
  const { subjectAltName } = request;
  const opaque = subjectAltName.find(({ type }) => type === 'x400Address' || type === 'ediPartyName');
  // Written as they come, so any other name could stand in them.
  if (opaque !== undefined) throw new CaError('ERR_CA_REQUEST', `Cannot issue for a name of type ${opaque.type}`);
  const node = sequence(
    constant.version,
    primitive(tags.integer, serial),
    constant.algorithmAndIssuer,
    validityNode(validity),
    raw(subject),
    raw(request.subjectPublicKeyInfo),
    explicit(
      3,
      sequence(
        constant.extensionsDer,
        // RFC 5280 §4.2.1.6: critical when it is all that names the subject.
        subjectAltName.length > 0 &&
          extensionNode({
            extnID: idCeSubjectAltName,
            critical: subject.length === 2,
            extnValue: generalNamesNode(subjectAltName),
          }),
        profile.subjectKeyIdentifier === 'rfc7093' &&
          extensionNode(subjectKeyIdentifierExtension(rfc7093KeyIdentifier(request.subjectPublicKeyInfo))),
      ),
    ),
  );
  const tbsCertificate = encodeIn(allocate, node);
  return { tbsCertificate, serialNumber: serialToBigInt(serial), ...validity };
}

/** Six octets at a time: a DataView would move the few octets out of V8's heap first (benchmarks/issue). */
function serialToBigInt(serial: Uint8Array): bigint {
  let value = 0n;
  for (let at = 0, end = serial.length % 6; at < serial.length; end += 6) {
    let chunk = 0;
    for (; at < end; at++) chunk = chunk * 256 + serial[at]!;
    value = (value << 48n) | BigInt(chunk);
  }
  return value;
}

function encodeIn(allocate: Allocate, node: DerNode): Uint8Array {
  const octets = allocate(node.byteLength);
  encodeInto(node, octets);
  return octets;
}

/**
 * Puts the signature to what was prepared.
 * @param allocate - Where the certificate is written. Default an array of its own.
 */
export const complete = (
  { constant }: CompiledProfile,
  { tbsCertificate, serialNumber, notBefore, notAfter }: Prepared,
  signatureValue: Uint8Array,
  allocate: Allocate = ownMemory,
): Issued => ({
  tbsCertificate,
  serialNumber,
  notBefore,
  notAfter,
  // RFC 5280 §4.1: SIGNED{} of the three.
  certificate: encodeIn(
    allocate,
    sequence(raw(tbsCertificate), constant.signatureAlgorithm, bitString(signatureValue)),
  ),
  chain: constant.chain,
});
