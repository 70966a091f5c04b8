import { concatBytes, encode, explicit, integer, type Seconds, tags } from '@mayfly/der';
import {
  algorithmIdentifierNode,
  type Extension,
  extensionNode,
  type Known,
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
  type KeyUsageBit,
  keyPurposes,
  keyUsage,
  keyUsageExtension,
  subjectKeyIdentifier,
} from '@mayfly/x509/extensions';
import type { GeneralName } from '@mayfly/x509/general-name';
import { isPossible } from '@mayfly/x509/lint';
import { CaError } from './errors.js';
import { defineIssuer, type Issuer } from './issuer.js';
import { lintProfile } from './lint-profile.js';
import type { Profile } from './profile.js';
import { SERIAL_LENGTH } from './serial-numbers.js';

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
  /** What stands before the octets of the serial number, and between them and the validity, as DER. */
  readonly constant: {
    readonly versionAndSerialHeader: Uint8Array;
    readonly algorithmAndIssuer: Uint8Array;
    /** DER of a Validity, which those who ask within a second have in common. */
    readonly validityDer: (validity: Validity) => Uint8Array;
    /** The first extensions of every certificate, and the same as one piece of DER. */
    readonly extensions: readonly Extension[];
    readonly extensionsDer: Uint8Array;
    /** What the issuing key's signatures are made with, as DER. */
    readonly signatureAlgorithm: Uint8Array;
    /** DER of the issuers, as {@link Issued} has it. */
    readonly chain: readonly Uint8Array[];
  };
  /** What {@link lint} has judged when the profile was compiled, so that it need not be decoded for every certificate. */
  readonly judged: {
    /** Where the same octets stand again, this is what they say. */
    readonly parts: KnownParts;
    /** The keyUsage that the extensions of the profile say. */
    readonly keyUsage: ReadonlySet<KeyUsageBit>;
    /** Whether keys on curves can do all of it. */
    readonly fitsCurves: boolean;
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
      versionAndSerialHeader: Uint8Array.of(...encode(explicit(0, integer(2))), tags.integer, SERIAL_LENGTH),
      algorithmAndIssuer: concatBytes(signatureAlgorithm, certificate.subject),
      validityDer: rememberingValidity(),
      extensions,
      extensionsDer: concatBytes(...extensions.map((extension) => encode(extensionNode(extension)))),
      signatureAlgorithm,
      chain: issuer.chain.map(({ der }) => der),
    },
    judged: {
      parts: {
        signature: { der: signatureAlgorithm, value: key.signatureAlgorithm },
        extensions: extensions.map((value) => ({ der: encode(extensionNode(value)), value })),
      },
      keyUsage: keyUsage({ extensions })!, // lintProfile has seen it
      fitsCurves: profile.keyUsage.every((bit) => isPossible('EC', bit)),
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

/** Encodes validities, each once as long as no other comes between. */
function rememberingValidity(): (validity: Validity) => Uint8Array {
  let last: Known<Validity> | undefined;
  return (value) => {
    if (last === undefined || last.value.notBefore !== value.notBefore || last.value.notAfter !== value.notAfter)
      last = { der: encode(validityNode(value)), value };
    return last.der;
  };
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
