import { equalBytes, type Seconds } from '@mayfly/der';
import type { Certificate } from '@mayfly/x509';
import { RotationError } from '../errors.js';

/** One certificate authority on its way from publication to oblivion. A value: persist it before acting on it. */
export interface Authority {
  readonly certificate: Certificate;
  /** `prepared`: in the bundle, not signing. `active`: signing. `retiring`: in the bundle for what it signed. */
  readonly state: 'prepared' | 'active' | 'retiring';
  /** When it entered this state; for `prepared` that is when it entered the bundle. */
  readonly since: Seconds;
  /** Latest `notAfter` of any leaf it signed, recorded before signing; 0 before the first. */
  readonly lastLeafNotAfter: Seconds;
}

/** The durations that decide about succession, in seconds. */
export interface SuccessionPolicy {
  /** Longest time from signing a leaf to its `notAfter`. */
  readonly maxLeafLifetime: Seconds;
  /** Time until every relying party has a new bundle. */
  readonly propagation: Seconds;
  /** How far the clock of a relying party may be behind. Default 300. */
  readonly skew?: Seconds;
  /**
   * How much sooner a successor is prepared than it has to be. Default: a tenth of the authority's lifetime, which
   * makes every interval between two looks safe that is at most a twentieth of that lifetime.
   */
  readonly slack?: Seconds;
}

/** What is to be done next; `wait` says until when nothing is. */
export type Step =
  | { readonly type: 'prepare' }
  | { readonly type: 'activate' | 'retire'; readonly authority: Authority }
  | { readonly type: 'wait'; readonly until: Seconds };

const DEFAULT_SKEW = 300;

/**
 * Says what to do next, for any state at any time. Three rules and nothing else: publish before signing, sign only what
 * you can outlive, keep trusting what you signed. `prepare` means: make an authority that lives at least
 * {@link minAuthorityLifetime}, add it with {@link prepare}, publish the bundle.
 */
export function nextStep(authorities: readonly Authority[], policy: SuccessionPolicy, now: Seconds): Step {
  const active = authorities.find(({ state }) => state === 'active');
  const prepared = firstPrepared(authorities);
  const retirable = authorities.find((authority) => retireAt(authority, policy) <= now);
  if (retirable !== undefined) return { type: 'retire', authority: retirable };
  if (active === undefined && prepared === undefined) return { type: 'prepare' };
  const succession = prepared !== undefined ? activateAt(prepared, authorities, policy) : prepareAt(active!, policy);
  if (succession <= now)
    return prepared !== undefined ? { type: 'activate', authority: prepared } : { type: 'prepare' };
  return {
    type: 'wait',
    until: Math.min(succession, ...authorities.map((authority) => retireAt(authority, policy))),
  };
}

/** The certificates that a bundle has to contain now: of every authority that signs, will sign, or has signed. */
export function trustAnchors(authorities: readonly Authority[]): readonly Certificate[] {
  return authorities.map(({ certificate }) => certificate);
}

/**
 * The authority to sign with now, or `undefined` when none may sign: none is active, or the active one could not
 * outlive a leaf of the longest lifetime.
 */
export function signingAuthority(
  authorities: readonly Authority[],
  { maxLeafLifetime }: SuccessionPolicy,
  now: Seconds,
): Authority | undefined {
  return authorities.find(
    ({ state, certificate }) => state === 'active' && now + maxLeafLifetime <= certificate.validity.notAfter,
  );
}

/**
 * The shortest lifetime with which an authority is published, succeeds, signs leaves of the longest lifetime and has a
 * successor in time; `notBefore` may lie `skew` in the past.
 */
export function minAuthorityLifetime(policy: SuccessionPolicy): Seconds {
  const { maxLeafLifetime, propagation, skew = DEFAULT_SKEW, slack } = policy;
  // Two seconds: one because notAfter is inclusive, one so that it is not succeeded in the second in which it begins.
  const work = maxLeafLifetime + 2 * propagation + skew + 2;
  return slack === undefined ? Math.ceil((work * 10) / 9) : work + Math.ceil(slack);
}

/**
 * Adds an authority to the bundle; it signs nothing yet. One that lives less than {@link minAuthorityLifetime} would
 * need a successor before it could sign, and so without end: ask before making it.
 * @throws {@link RotationError} `ERR_ROTATION_ORDER` when it is there already.
 */
export function prepare(
  authorities: readonly Authority[],
  certificate: Certificate,
  now: Seconds,
): readonly Authority[] {
  if (authorities.some((authority) => equalBytes(authority.certificate.der, certificate.der)))
    throw outOfOrder('prepare', 'it is in the bundle already');
  return [...authorities, { certificate, state: 'prepared', since: now, lastLeafNotAfter: 0 }];
}

/**
 * Lets a prepared authority sign; the active one retires.
 * @throws {@link RotationError} `ERR_ROTATION_ORDER` before `propagation` has passed, or when it is not prepared.
 */
export function activate(
  authorities: readonly Authority[],
  authority: Authority,
  policy: SuccessionPolicy,
  now: Seconds,
): readonly Authority[] {
  const chosen = find(authorities, authority, 'activate');
  if (chosen.state !== 'prepared') throw outOfOrder('activate', `it is ${chosen.state}`);
  const at = activateAt(chosen, authorities, policy);
  if (now < at) throw outOfOrder('activate', `relying parties may lack it for another ${at - now} s`);
  return authorities.map((each) => {
    if (each === chosen) return { ...each, state: 'active', since: now };
    return each.state === 'active' ? { ...each, state: 'retiring', since: now } : each;
  });
}

/**
 * Takes an authority out of the bundle.
 * @throws {@link RotationError} `ERR_ROTATION_ORDER` while a leaf of it may be valid, or when it is not retiring.
 */
export function retire(
  authorities: readonly Authority[],
  authority: Authority,
  policy: SuccessionPolicy,
  now: Seconds,
): readonly Authority[] {
  const chosen = find(authorities, authority, 'retire');
  if (chosen.state !== 'retiring') throw outOfOrder('retire', `it is ${chosen.state}`);
  const at = retireAt(chosen, policy);
  if (now < at) throw outOfOrder('retire', `a leaf that it signed is trusted for another ${at - now} s`);
  return authorities.filter((each) => each !== chosen);
}

/**
 * Notes a leaf that is about to be signed, so that its authority is trusted for as long. Persist the result first.
 * @throws {@link RotationError} `ERR_ROTATION_ORDER` when the authority is not active or would not outlive the leaf.
 * RangeError when `notAfter` is no whole second: trust would end by it.
 */
export function recordLeaf(
  authorities: readonly Authority[],
  authority: Authority,
  notAfter: Seconds,
): readonly Authority[] {
  if (!Number.isSafeInteger(notAfter))
    throw new RangeError(`Cannot note a leaf until ${notAfter}: need a whole second`);
  const chosen = find(authorities, authority, 'sign with');
  if (chosen.state !== 'active') throw outOfOrder('sign with', `it is ${chosen.state}`);
  const outlived = notAfter - chosen.certificate.validity.notAfter;
  if (outlived > 0) throw outOfOrder('sign with', `the leaf would outlive it by ${outlived} s`);
  if (notAfter <= chosen.lastLeafNotAfter) return authorities;
  return authorities.map((each) => (each === chosen ? { ...each, lastLeafNotAfter: notAfter } : each));
}

/** Sign only what you can outlive: the successor has to be published, and its propagation over, before that ends. */
function prepareAt({ certificate: { validity } }: Authority, policy: SuccessionPolicy): Seconds {
  const { maxLeafLifetime, propagation, slack = (validity.notAfter - validity.notBefore + 1) / 10 } = policy;
  return Math.floor(validity.notAfter - maxLeafLifetime - propagation - slack);
}

/** Publish before signing. The very first authority has no relying party to wait for. */
function activateAt(
  prepared: Authority,
  authorities: readonly Authority[],
  { propagation }: SuccessionPolicy,
): Seconds {
  const isFirst = authorities.every(({ state }) => state === 'prepared');
  return isFirst ? prepared.since : prepared.since + propagation;
}

/** Keep trusting what you signed, through the whole second of `notAfter` and for clocks that are behind. */
function retireAt(authority: Authority, { skew = DEFAULT_SKEW }: SuccessionPolicy): Seconds {
  return authority.state === 'retiring' ? authority.lastLeafNotAfter + 1 + skew : Number.POSITIVE_INFINITY;
}

function firstPrepared(authorities: readonly Authority[]): Authority | undefined {
  return authorities.filter(({ state }) => state === 'prepared').sort((a, b) => a.since - b.since)[0];
}

function find(authorities: readonly Authority[], { certificate }: Authority, action: string): Authority {
  const found = authorities.find((each) => equalBytes(each.certificate.der, certificate.der));
  if (found === undefined) throw outOfOrder(action, 'it is not among the authorities');
  return found;
}

const outOfOrder = (action: string, state: string): RotationError =>
  new RotationError('ERR_ROTATION_ORDER', `Cannot ${action} the authority: ${state}`);
