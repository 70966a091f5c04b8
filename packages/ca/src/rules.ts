import { DerError, type Seconds } from '@mayfly/der';
import { describePublicKey, X509Error } from '@mayfly/x509';
import { formatGeneralName, type GeneralName } from '@mayfly/x509/general-name';
import type { IssuanceRequest } from './compile.js';

/** What the rules look at. Names say who vouches for what. */
export interface Evidence {
  readonly request: IssuanceRequest;
  /** Facts that somebody trustworthy has checked, for example the API server the namespace of a pod. */
  readonly verified: Readonly<Record<string, string>>;
  /** Claims of the requester, for example annotations. */
  readonly unverified: Readonly<Record<string, string>>;
}

/** Why a request is refused: a reason for machines, a message for people. */
export interface Denial {
  /** A word in CamelCase, fit for a Kubernetes condition. */
  readonly reason: string;
  readonly message: string;
}

/** One policy; `undefined` lets the request pass. */
export type Rule = (evidence: Evidence) => Denial | undefined;

export type Decision =
  | { readonly ok: true; readonly request: IssuanceRequest }
  | { readonly ok: false; readonly denial: Denial };

/** Asks the rules in their order; the first denial wins. */
export function decide(rules: readonly Rule[], evidence: Evidence): Decision {
  for (const rule of rules) {
    const denial = rule(evidence);
    if (denial !== undefined) return { ok: false, denial };
  }
  return { ok: true, request: evidence.request };
}

/** Denies lifetimes above `maximum` seconds. */
export const lifetimeTooLong =
  (maximum: Seconds): Rule =>
  ({ request }) =>
    request.lifetime > maximum
      ? { reason: 'LifetimeTooLong', message: `Asked for ${request.lifetime} s, at most ${maximum} s are granted` }
      : undefined;

/** Denies lifetimes below `minimum` seconds. */
export const lifetimeTooShort =
  (minimum: Seconds): Rule =>
  ({ request }) =>
    request.lifetime < minimum
      ? { reason: 'LifetimeTooShort', message: `Asked for ${request.lifetime} s, at least ${minimum} s are granted` }
      : undefined;

/** Kinds of keys by the names that Kubernetes gives them in `keyType`, and RSA2048 besides. */
export type KeyType = 'RSA2048' | 'RSA3072' | 'RSA4096' | 'ECDSAP256' | 'ECDSAP384' | 'ECDSAP521' | 'ED25519';

/**
 * Names the kind of a key.
 * @returns `undefined` for any key that is none of {@link KeyType}, a malformed one too.
 */
export function keyType(subjectPublicKeyInfo: Uint8Array): KeyType | undefined {
  try {
    const key = describePublicKey(subjectPublicKeyInfo);
    if (key.algorithm === 'Ed25519') return 'ED25519';
    if (key.algorithm === 'EC') return `ECDSA${key.namedCurve.replace('-', '') as 'P256' | 'P384' | 'P521'}`;
    if (key.algorithm !== 'RSA') return undefined;
    const { modulusLength } = key;
    return modulusLength === 2048 || modulusLength === 3072 || modulusLength === 4096
      ? `RSA${modulusLength}`
      : undefined;
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error) return undefined;
    throw error;
  }
}

/** Denies keys of any other kind, naming the kinds that work. */
export const supportedKeys =
  (types: readonly KeyType[]): Rule =>
  ({ request }) => {
    const found = keyType(request.subjectPublicKeyInfo);
    if (found !== undefined && types.includes(found)) return undefined;
    return {
      reason: 'UnsupportedKeyType',
      message: `Key type ${found ?? 'unknown'} is not signed here; use ${types.join(', ')}`,
    };
  };

/** Denies annotations that nobody here understands: the Kubernetes API asks signers to. */
export const knownAnnotations =
  (keys: readonly string[]): Rule =>
  ({ unverified }) => {
    const stranger = Object.keys(unverified).find((key) => !keys.includes(key));
    if (stranger === undefined) return undefined;
    return {
      reason: 'InvalidUnverifiedUserAnnotations',
      message: `Annotation ${JSON.stringify(stranger.slice(0, 253))} is not known here${keys.length > 0 ? `; known are ${keys.join(', ')}` : ''}`,
    };
  };

/** Denies requests that name somebody whom `entitled` does not allow, naming the first such name. */
export const namesWithin =
  (entitled: (name: GeneralName, evidence: Evidence) => boolean): Rule =>
  (evidence) => {
    const stranger = evidence.request.subjectAltName.find((name) => !entitled(name, evidence));
    if (stranger === undefined) return undefined;
    return { reason: 'NameNotAllowed', message: `${formatGeneralName(stranger).slice(0, 300)} is not granted` };
  };
