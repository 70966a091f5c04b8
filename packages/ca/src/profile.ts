import type { Oid, Seconds } from '@mayfly/der';
import type { KeyUsageBit } from '@mayfly/x509/extensions';
import { CaError } from './errors.js';

/** What every certificate of one kind has in common. Plain data, for example from a file. */
export interface ProfileConfig {
  readonly name: string;
  /** Longest lifetime that is granted, in seconds. */
  readonly maxLifetime: Seconds;
  /** `notBefore` is this long before now. 0 to 300, default 60. A kube-apiserver refuses 300. */
  readonly backdate?: Seconds;
  /**
   * How a lifetime is counted. RFC 5280 includes the second of `notAfter`, so `inclusive` ends one second earlier than
   * `difference`, where `notAfter - notBefore` is the lifetime as Kubernetes subtracts it. Default `inclusive`.
   */
  readonly lifetimeCounts?: 'inclusive' | 'difference';
  readonly keyUsage: readonly KeyUsageBit[];
  /** OIDs; empty leaves the extension out. */
  readonly extKeyUsage: readonly Oid[];
  /** Whether the subject of a request is taken over. Default `empty`: names stand in subjectAltName. */
  readonly subject?: 'empty' | 'from-request';
  /** `rfc7093` writes one, from SHA-256; RFC 5280 §4.2.1.2 wants it in CA certificates. Default `omit`, for CAs `rfc7093`. */
  readonly subjectKeyIdentifier?: 'omit' | 'rfc7093';
  /** Whether each certificate is an X.509-SVID: exactly one URI, a SPIFFE ID of a workload. Default false. */
  readonly svid?: boolean;
  /** A sub-CA, and how many CAs may stand below it. Default an end entity. */
  readonly cA?: boolean;
  readonly pathLenConstraint?: number;
}

declare const validated: unique symbol;

/** A config that passed {@link defineProfile}; nothing else can be compiled. */
export interface Profile extends Required<Omit<ProfileConfig, 'pathLenConstraint'>> {
  readonly pathLenConstraint: number | undefined;
  readonly [validated]: true;
}

/** Longest backdate: a kube-apiserver wants `notBefore` within five minutes of its clock. */
const MAX_BACKDATE: Seconds = 300;

/**
 * Checks a config and fills in its defaults.
 * @throws {@link CaError} `ERR_CA_PROFILE` naming the member and what was found.
 */
export function defineProfile(config: ProfileConfig): Profile {
  const {
    name,
    maxLifetime,
    backdate = 60,
    lifetimeCounts = 'inclusive',
    keyUsage,
    extKeyUsage,
    cA = false,
    subject = 'empty',
    subjectKeyIdentifier = cA ? 'rfc7093' : 'omit',
    svid = false,
    pathLenConstraint,
    ...unknown
  } = config;
  unknown satisfies Record<string, never>;
  const refuse = (member: string, state: string): never => {
    throw new CaError('ERR_CA_PROFILE', `Cannot define profile ${JSON.stringify(name)}: ${member} ${state}`);
  };
  const stranger = Object.keys(unknown)[0];
  if (stranger !== undefined) refuse(stranger, 'is no member of a profile');
  if (typeof name !== 'string' || name === '') refuse('name', 'is empty');
  if (!Number.isSafeInteger(maxLifetime) || maxLifetime < 1)
    refuse('maxLifetime', `is ${maxLifetime}, not whole seconds`);
  if (!Number.isSafeInteger(backdate) || backdate < 0 || backdate > MAX_BACKDATE)
    refuse('backdate', `is ${backdate}, not 0 to ${MAX_BACKDATE}`);
  if (lifetimeCounts !== 'inclusive' && lifetimeCounts !== 'difference')
    refuse('lifetimeCounts', `is ${lifetimeCounts}`);
  if (subject !== 'empty' && subject !== 'from-request') refuse('subject', `is ${subject}`);
  if (subjectKeyIdentifier !== 'omit' && subjectKeyIdentifier !== 'rfc7093')
    refuse('subjectKeyIdentifier', `is ${subjectKeyIdentifier}`);
  if (keyUsage.length === 0) refuse('keyUsage', 'is empty');
  if (cA !== keyUsage.includes('keyCertSign')) refuse('keyUsage', 'has keyCertSign exactly when cA is true');
  if (cA && subject === 'empty') refuse('subject', 'of a CA cannot be empty (RFC 5280 §4.1.2.6)');
  if (cA && subjectKeyIdentifier === 'omit')
    refuse('subjectKeyIdentifier', 'of a CA is not omitted (RFC 5280 §4.2.1.2)');
  if (svid && (cA || !keyUsage.includes('digitalSignature')))
    refuse('svid', 'is for workloads with digitalSignature (X509-SVID §4)');
  if (pathLenConstraint !== undefined && (!cA || !Number.isSafeInteger(pathLenConstraint) || pathLenConstraint < 0))
    refuse('pathLenConstraint', `is ${pathLenConstraint}, not a count of CAs below a CA`);
  const profile: Omit<Profile, typeof validated> = {
    name,
    maxLifetime,
    backdate,
    lifetimeCounts,
    keyUsage: [...keyUsage],
    extKeyUsage: [...extKeyUsage],
    subject,
    subjectKeyIdentifier,
    svid,
    cA,
    pathLenConstraint,
  };
  // The one place where a Profile comes from: everything above was checked.
  return Object.freeze(profile) as Profile;
}
