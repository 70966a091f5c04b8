import { DerError, equalBytes, type Oid, type Seconds } from '@mayfly/der';
import {
  describePublicKey,
  equalAlgorithmIdentifiers,
  type PublicKeyDescription,
  parseTBSCertificate,
  type TBSCertificate,
  X509Error,
} from '@mayfly/x509';
import {
  findExtension,
  idCeAuthorityKeyIdentifier,
  idCeBasicConstraints,
  idCeExtKeyUsage,
  idCeKeyUsage,
  idCeSubjectAltName,
  idCeSubjectKeyIdentifier,
  type KeyUsageBit,
  subjectAltName,
} from '@mayfly/x509/extensions';
import { type GeneralName, isDNSName, isMailbox } from '@mayfly/x509/general-name';
import { parseName } from '@mayfly/x509/name';
import { validateLeafSVID } from '@mayfly/x509/spiffe';
import type { CompiledProfile, Prepared } from './compile.js';
import type { Finding } from './lint-profile.js';

export type { Finding } from './lint-profile.js';

/** Longest TBSCertificate that is signed, in octets. */
const MAX_TBS_LENGTH = 60_000;
/** Longest serial number of RFC 5280 §4.1.2.2 is 20 octets; ours take 17. */
const MAX_SERIAL_BITS = 159;
/** RSA that is neither broken nor a burden to whoever verifies with it. */
const MIN_MODULUS_LENGTH = 2048;
const MAX_MODULUS_LENGTH = 8192;
const MAX_EXPONENT_BITS = 33;
/** RFC 3986 §3: a scheme and something behind it, in the characters of §2 (RFC 5280 §4.2.1.6 allows no relative one). */
const ABSOLUTE_URI = /^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9!#$%&'()*+,./:;=?@[\]_~-]+$/;

/** The rule that an extension of the profile belongs to. */
const RULES: Readonly<Record<Oid, string>> = {
  [idCeBasicConstraints]: 'basic-constraints',
  [idCeKeyUsage]: 'key-usage',
  [idCeExtKeyUsage]: 'ext-key-usage',
  [idCeAuthorityKeyIdentifier]: 'authority-key-identifier',
};

/**
 * Reads the bytes that are to be signed with the strict reader and holds them against RFC 5280 and the issuer.
 * The first fault is returned; any is a bug here or in a rule, and nothing may be signed.
 */
export function lint(compiled: CompiledProfile, prepared: Prepared, now: Seconds): Finding | undefined {
  const { tbsCertificate } = prepared;
  if (tbsCertificate.length > MAX_TBS_LENGTH)
    return { rule: 'size', message: `${tbsCertificate.length} octets, at most ${MAX_TBS_LENGTH} are signed` };
  try {
    const tbs = parseTBSCertificate(tbsCertificate);
    return (
      lintFields(compiled, prepared, tbs, now) ??
      lintKey(compiled, tbs) ??
      lintNames(tbs) ??
      lintExtensions(compiled, tbs) ??
      lintSvid(compiled, tbs)
    );
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return { rule: 'der', message: error.message };
    throw error;
  }
}

function lintFields(
  compiled: CompiledProfile,
  prepared: Prepared,
  tbs: TBSCertificate,
  now: Seconds,
): Finding | undefined {
  const { profile, issuer } = compiled;
  const { notBefore, notAfter } = tbs.validity;
  const bounds = issuer.certificate.validity;
  if (tbs.version !== 3) return { rule: 'version', message: `v${tbs.version}, not v3` };
  if (tbs.serialNumber !== prepared.serialNumber || tbs.serialNumber >> BigInt(MAX_SERIAL_BITS) !== 0n)
    return { rule: 'serial-number', message: 'not the one that was drawn, or longer than 20 octets' };
  if (!equalAlgorithmIdentifiers(tbs.signature, issuer.key.signatureAlgorithm))
    return {
      rule: 'signature-algorithm',
      message: `${tbs.signature.algorithm} is not the algorithm of the issuing key`,
    };
  if (!equalBytes(tbs.issuer, issuer.certificate.subject))
    return { rule: 'issuer-name', message: 'differs from the subject of the issuer' };
  if (notBefore > notAfter) return { rule: 'validity', message: 'ends before it begins' };
  if (notBefore < bounds.notBefore || notAfter > bounds.notAfter)
    return { rule: 'validity-of-issuer', message: `${notBefore} to ${notAfter} is not within that of the issuer` };
  if (notBefore > now || notBefore < now - 300)
    return { rule: 'backdate', message: `notBefore is ${now - notBefore} s ago` };
  if (notAfter - notBefore + (profile.lifetimeCounts === 'inclusive' ? 1 : 0) > profile.maxLifetime)
    return { rule: 'lifetime', message: 'longer than the profile allows' };
  if (profile.subject === 'empty' && tbs.subject.length !== 2)
    return { rule: 'subject', message: 'is not empty, as the profile wants it' };
  if (profile.cA && tbs.subject.length === 2) return { rule: 'subject', message: 'of a CA is empty' };
  parseName(tbs.subject);
  if (tbs.issuerUniqueID !== undefined || tbs.subjectUniqueID !== undefined)
    return { rule: 'unique-identifiers', message: 'are there, which RFC 5280 §4.1.2.8 forbids' };
  return undefined;
}

function lintKey({ profile }: CompiledProfile, tbs: TBSCertificate): Finding | undefined {
  const key = describePublicKey(tbs.subjectPublicKeyInfo);
  if (key.algorithm === 'other') return keyFinding(`of ${key.oid}, on a curve or by an algorithm that is not known`);
  if (key.algorithm === 'RSA') {
    const { modulusLength, publicExponent } = key;
    if (modulusLength < MIN_MODULUS_LENGTH || modulusLength > MAX_MODULUS_LENGTH)
      return keyFinding(`RSA of ${modulusLength} bits, not ${MIN_MODULUS_LENGTH} to ${MAX_MODULUS_LENGTH}`);
    if (publicExponent >> BigInt(MAX_EXPONENT_BITS) !== 0n)
      return keyFinding(`RSA with an exponent of more than ${MAX_EXPONENT_BITS} bits`);
  }
  for (const bit of profile.keyUsage)
    if (!isPossible(key.algorithm, bit)) return keyFinding(`${key.algorithm}, which is not good for ${bit}`);
  return undefined;
}

const keyFinding = (message: string): Finding => ({ rule: 'public-key', message });

/** Whether a kind of key can do what a bit of keyUsage says: RFC 3279 §2.3.1, RFC 8813 §3, RFC 9295 §3. */
function isPossible(algorithm: Exclude<PublicKeyDescription['algorithm'], 'other'>, bit: KeyUsageBit): boolean {
  switch (bit) {
    case 'keyEncipherment':
    case 'dataEncipherment':
      return algorithm === 'RSA';
    case 'keyAgreement':
    case 'encipherOnly':
    case 'decipherOnly':
      return algorithm === 'EC' || algorithm === 'X25519' || algorithm === 'X448';
    default:
      return algorithm !== 'X25519' && algorithm !== 'X448';
  }
}

function lintNames(tbs: TBSCertificate): Finding | undefined {
  const alternatives = subjectAltName(tbs);
  if (tbs.subject.length === 2 && alternatives === undefined)
    return { rule: 'no-name', message: 'neither subject nor subjectAltName names anybody' };
  if (alternatives === undefined) return undefined;
  const critical = findExtension(tbs, idCeSubjectAltName)?.critical;
  if (critical !== (tbs.subject.length === 2))
    return { rule: 'subject-alt-name-critical', message: 'is critical exactly when the subject is empty' };
  for (const name of alternatives) {
    const finding = lintName(name);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

function lintSvid({ profile }: CompiledProfile, tbs: TBSCertificate): Finding | undefined {
  if (!profile.svid) return undefined;
  const result = validateLeafSVID(tbs);
  return result.ok ? undefined : { rule: 'svid', message: result.message };
}

function lintName(name: GeneralName): Finding | undefined {
  switch (name.type) {
    case 'dNSName':
      return isDNSName(name.value, { wildcard: true }) ? undefined : nameFinding('dns-name', name.value, 'host name');
    case 'rfc822Name':
      return isMailbox(name.value) ? undefined : nameFinding('rfc822-name', name.value, 'mailbox');
    case 'uniformResourceIdentifier':
      return ABSOLUTE_URI.test(name.value) ? undefined : nameFinding('uri', name.value, 'absolute URI');
    default:
      return undefined; // the reader was strict
  }
}

const nameFinding = (rule: string, text: string, state: string): Finding => ({
  rule,
  message: `${JSON.stringify(text.slice(0, 80))} is no ${state}`,
});

/**
 * The extensions of the profile to the octet, as {@link lintProfile} has seen them, then those of this certificate alone,
 * and nothing else.
 */
function lintExtensions({ profile, constant }: CompiledProfile, { extensions }: TBSCertificate): Finding | undefined {
  let at = 0;
  for (const { extnID, critical, extnValue } of constant.extensions) {
    const found = extensions[at++];
    if (found?.extnID !== extnID || found.critical !== critical || !equalBytes(found.extnValue, extnValue))
      return { rule: RULES[extnID]!, message: 'differs from the profile' };
  }
  let identified = false;
  for (; at < extensions.length; at++) {
    const { extnID } = extensions[at]!;
    if (extnID === idCeSubjectKeyIdentifier) identified = true;
    else if (extnID !== idCeSubjectAltName) return { rule: 'extension', message: `${extnID} is not of the profile` };
  }
  if (identified !== (profile.subjectKeyIdentifier !== 'omit'))
    return { rule: 'subject-key-identifier', message: 'differs from the profile' };
  return undefined;
}
