import { DerError, equalBytes, type Seconds } from '@mayfly/der';
import { equalAlgorithmIdentifiers, parseTBSCertificate, type TBSCertificate, X509Error } from '@mayfly/x509';
import {
  authorityKeyIdentifier,
  basicConstraints,
  extKeyUsage,
  keyUsage,
  subjectAltName,
  subjectKeyIdentifier,
} from '@mayfly/x509/extensions';
import { isDNSName } from '@mayfly/x509/general-name';
import type { CompiledProfile, Prepared } from './compile.js';

/** A fault of what is about to be signed. */
export interface Finding {
  /** The rule in kebab-case. */
  readonly rule: string;
  readonly message: string;
}

/** Longest TBSCertificate that is signed, in octets. */
const MAX_TBS_LENGTH = 60_000;
/** Longest serial number of RFC 5280 §4.1.2.2 is 20 octets; ours take 17. */
const MAX_SERIAL_BITS = 159;
/** Names that a certificate may carry; what path validators are ready to look at. */
const MAX_SUBJECT_ALT_NAMES = 1000;

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
    return lintFields(compiled, prepared, tbs, now) ?? lintExtensions(compiled, tbs);
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
  if (notAfter - notBefore > profile.maxLifetime)
    return { rule: 'lifetime', message: 'longer than the profile allows' };
  if (profile.subject === 'empty' && tbs.subject.length !== 2)
    return { rule: 'subject', message: 'is not empty, as the profile wants it' };
  if (profile.cA && tbs.subject.length === 2) return { rule: 'subject', message: 'of a CA is empty' };
  return undefined;
}

function lintExtensions(compiled: CompiledProfile, tbs: TBSCertificate): Finding | undefined {
  const { profile, issuer } = compiled;
  const alternatives = subjectAltName(tbs);
  if (tbs.subject.length === 2 && alternatives === undefined)
    return { rule: 'no-name', message: 'neither subject nor subjectAltName names anybody' };
  if (alternatives !== undefined) {
    const critical = tbs.extensions.find(({ extnID }) => extnID === '2.5.29.17')?.critical;
    if (critical !== (tbs.subject.length === 2))
      return { rule: 'subject-alt-name-critical', message: 'is critical exactly when the subject is empty' };
    if (alternatives.length > MAX_SUBJECT_ALT_NAMES)
      return {
        rule: 'subject-alt-name-count',
        message: `${alternatives.length} names, at most ${MAX_SUBJECT_ALT_NAMES}`,
      };
    for (const name of alternatives)
      if (name.type === 'dNSName' && !isDNSName(name.value, { wildcard: true }))
        return { rule: 'dns-name', message: `${JSON.stringify(name.value.slice(0, 80))} is no host name` };
  }
  const authority = authorityKeyIdentifier(tbs)?.keyIdentifier;
  const ofIssuer = subjectKeyIdentifier(issuer.certificate);
  if (authority === undefined || ofIssuer === undefined || !equalBytes(authority, ofIssuer))
    return { rule: 'authority-key-identifier', message: 'is not the subjectKeyIdentifier of the issuer' };
  const usage = keyUsage(tbs);
  if (usage === undefined || usage.size !== profile.keyUsage.length || !profile.keyUsage.every((bit) => usage.has(bit)))
    return { rule: 'key-usage', message: 'differs from the profile' };
  const purposes = extKeyUsage(tbs) ?? [];
  if (purposes.length !== profile.extKeyUsage.length || !profile.extKeyUsage.every((oid) => purposes.includes(oid)))
    return { rule: 'ext-key-usage', message: 'differs from the profile' };
  if ((basicConstraints(tbs)?.cA ?? false) !== profile.cA)
    return { rule: 'basic-constraints', message: 'cA differs from the profile' };
  if (profile.cA && subjectKeyIdentifier(tbs) === undefined)
    return { rule: 'subject-key-identifier', message: 'is absent in a CA certificate' };
  return undefined;
}
