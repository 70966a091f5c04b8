import type { Seconds } from '@mayfly/der';
import { type RefreshOptions, refreshAt } from '@mayfly/rotation';
import type { Validity } from '@mayfly/x509';
import { kubernetesLimits, type Limits } from './limits.js';

/**
 * Margins that are kept free before `notAfter`: thirty minutes by Kubernetes' rules. A kubelet can be nine minutes late
 * with an answer at hand, so this leaves twenty for the signer, and makes it half the lifetime of a one-hour certificate.
 */
const SLACK_MARGINS = 3;
/**
 * Pods start together more often than single certificates do, with a rollout or a cluster, and a kubelet adds five minutes at most.
 * A tenth would leave such a herd together for a day; this scatters it within three or four lifetimes of an hour, for a tenth more
 * certificates (benchmarks/fleet.mjs).
 */
const JITTER = 0.25;

/**
 * The `beginRefreshAt` that a signer writes: 80 % of the lifetime less the jitter, but never with less than half an hour
 * (or the outage budget) left, and within the margins that the API server demands.
 * @param options - As of `refreshAt`, but for the jitter, which is a quarter of the lifetime unless given, at most half the fraction.
 * @param random - One draw from [0, 1).
 * @throws RangeError as `refreshAt` of `@mayfly/rotation` does.
 */
export function beginRefreshAt(
  validity: Validity,
  options: RefreshOptions,
  random: () => number,
  { refreshMargin }: Limits = kubernetesLimits,
): Seconds {
  const outageBudget = Math.max(options.outageBudget ?? 0, SLACK_MARGINS * refreshMargin);
  const jitter = options.jitter ?? Math.min(JITTER, (options.fraction ?? 1) / 2);
  const at = refreshAt(validity, { ...options, jitter, outageBudget }, random);
  const { notBefore, notAfter } = validity;
  return Math.min(Math.max(at, notBefore + refreshMargin), notAfter - refreshMargin);
}
