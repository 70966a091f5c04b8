import type { Seconds } from '@mayfly/der';

/** The two bounds of the API server that follow from its one-hour floor. */
export interface Limits {
  /** Shortest lifetime, and least value of `maxExpirationSeconds`. */
  readonly minExpirationSeconds: Seconds;
  /** What `beginRefreshAt` keeps from `notBefore` and from `notAfter`, both inclusive. */
  readonly refreshMargin: Seconds;
}

/** What every Kubernetes API server enforces: an hour, and ten minutes from both ends. */
export const kubernetesLimits: Limits = { minExpirationSeconds: 3600, refreshMargin: 600 };

/**
 * Limits for local mode, where certificates may live shorter than an hour: the margin keeps its share of the floor, a
 * sixth, rounded down. A floor of 60 s has a margin of 10 s; a floor of 3600 s is {@link kubernetesLimits}.
 * @throws RangeError unless the floor is 1 to 3600 whole seconds.
 */
export function localLimits(minExpirationSeconds: Seconds): Limits {
  const { minExpirationSeconds: hour, refreshMargin } = kubernetesLimits;
  if (!Number.isSafeInteger(minExpirationSeconds) || minExpirationSeconds < 1 || minExpirationSeconds > hour)
    throw new RangeError(`Cannot lower the shortest lifetime to ${minExpirationSeconds} s: need 1 to ${hour}`);
  return { minExpirationSeconds, refreshMargin: Math.floor((refreshMargin * minExpirationSeconds) / hour) };
}
