import { DerError, equalBytes, type Oid, type Seconds } from '@mayfly/der';
import {
  describePublicKey,
  equalAlgorithmIdentifiers,
  parseTBSCertificate,
  type TBSCertificate,
  X509Error,
} from '@mayfly/x509';
import {
  idCeAuthorityKeyIdentifier,
  idCeBasicConstraints,
  idCeExtKeyUsage,
  idCeKeyUsage,
  idCeSubjectAltName,
  idCeSubjectKeyIdentifier,
  subjectAltName,
} from '@mayfly/x509/extensions';
import { fieldLints, firstFinding, keyLints, nameLints } from '@mayfly/x509/lint';
import { validateLeafSVID } from '@mayfly/x509/spiffe';
import type { CompiledProfile, Prepared } from './compile.js';
import { isPlain, MOST_BACKDATED } from './glance.js';
import type { Finding } from './lint-profile.js';

export type { Finding } from './lint-profile.js';

/** Longest TBSCertificate that is signed, in octets. */
const MAX_TBS_LENGTH = 60_000;

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
  if (isPlain(compiled, prepared, now)) return undefined;
  try {
    const tbs = parseTBSCertificate(tbsCertificate, compiled.judged.parts);
    return (
      lintFields(compiled, prepared, tbs, now) ??
      lintExtensions(compiled, tbs) ??
      lintContents(compiled, tbs) ??
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
  if (tbs.serialNumber !== prepared.serialNumber)
    return { rule: 'serial-number', message: 'not the one that was drawn' };
  if (!equalAlgorithmIdentifiers(tbs.signature, issuer.key.signatureAlgorithm))
    return {
      rule: 'signature-algorithm',
      message: `${tbs.signature.algorithm} is not the algorithm of the issuing key`,
    };
  if (!equalBytes(tbs.issuer, issuer.certificate.subject))
    return { rule: 'issuer-name', message: 'differs from the subject of the issuer' };
  if (notBefore < bounds.notBefore || notAfter > bounds.notAfter)
    return { rule: 'validity-of-issuer', message: `${notBefore} to ${notAfter} is not within that of the issuer` };
  if (notBefore > now || notBefore < now - MOST_BACKDATED)
    return { rule: 'backdate', message: `notBefore is ${now - notBefore} s ago` };
  if (notAfter - notBefore + (profile.lifetimeCounts === 'inclusive' ? 1 : 0) > profile.maxLifetime)
    return { rule: 'lifetime', message: 'longer than the profile allows' };
  if (profile.subject === 'empty' && tbs.subject.length !== 2)
    return { rule: 'subject', message: 'is not empty, as the profile wants it' };
  if (profile.cA && tbs.subject.length === 2) return { rule: 'subject', message: 'of a CA is empty' };
  return undefined;
}

/**
 * What RFC 5280 asks of every certificate. The extensions of the profile were asked when it was compiled, and stand here to
 * the octet, as {@link lintExtensions} has seen.
 */
function lintContents({ judged }: CompiledProfile, tbs: TBSCertificate): Finding | undefined {
  // Decoded once, because the lints share them and every certificate pays (benchmarks/issue).
  const publicKey = describePublicKey(tbs.subjectPublicKeyInfo);
  const alternatives = subjectAltName(tbs);
  const finding =
    firstFinding(fieldLints, tbs) ??
    firstFinding(nameLints, { subject: tbs.subject, extensions: tbs.extensions, alternatives }) ??
    firstFinding(keyLints, {
      subjectPublicKeyInfo: tbs.subjectPublicKeyInfo,
      extensions: tbs.extensions,
      publicKey,
      usage: judged.keyUsage,
    });
  return finding && { rule: finding.id, message: finding.message };
}

function lintSvid({ profile }: CompiledProfile, tbs: TBSCertificate): Finding | undefined {
  if (!profile.svid) return undefined;
  const result = validateLeafSVID(tbs);
  return result.ok ? undefined : { rule: 'svid', message: result.message };
}

/**
 * The extensions of the profile to the octet, as {@link lintProfile} has seen them, then those of this certificate alone,
 * and nothing else.
 */
function lintExtensions({ profile, constant }: CompiledProfile, { extensions }: TBSCertificate): Finding | undefined {
  let at = 0;
  for (const expected of constant.extensions) {
    const found = extensions[at++];
    if (found === expected) continue; // the reader has seen that it stands there to the octet
    const { extnID, critical, extnValue } = expected;
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
