import { equalBytes } from '@mayfly/der';
import type { HasExtensions } from '@mayfly/x509';
import {
  authorityKeyIdentifier,
  basicConstraints,
  extKeyUsage,
  keyUsage,
  subjectKeyIdentifier,
} from '@mayfly/x509/extensions';
import type { Issuer } from './issuer.js';
import type { Profile } from './profile.js';

/** A fault of what is about to be signed. */
export interface Finding {
  /** The rule in kebab-case. */
  readonly rule: string;
  readonly message: string;
}

/** Reads the extensions that all certificates of a profile share, once, and holds them against it and the issuer. */
export function lintProfile(profile: Profile, issuer: Issuer, constant: HasExtensions): Finding | undefined {
  const authority = authorityKeyIdentifier(constant)?.keyIdentifier;
  const ofIssuer = subjectKeyIdentifier(issuer.certificate);
  if (authority === undefined || ofIssuer === undefined || !equalBytes(authority, ofIssuer))
    return { rule: 'authority-key-identifier', message: 'is not the subjectKeyIdentifier of the issuer' };
  const usage = keyUsage(constant);
  if (usage === undefined || usage.size !== profile.keyUsage.length || !profile.keyUsage.every((bit) => usage.has(bit)))
    return { rule: 'key-usage', message: 'differs from the profile' };
  const purposes = extKeyUsage(constant) ?? [];
  if (purposes.length !== profile.extKeyUsage.length || !profile.extKeyUsage.every((oid) => purposes.includes(oid)))
    return { rule: 'ext-key-usage', message: 'differs from the profile' };
  const constraints = basicConstraints(constant);
  if ((constraints?.cA ?? false) !== profile.cA || constraints?.pathLenConstraint !== profile.pathLenConstraint)
    return { rule: 'basic-constraints', message: 'cA or pathLenConstraint differs from the profile' };
  return undefined;
}
