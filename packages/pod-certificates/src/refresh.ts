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
 * The `beginRefreshAt` that a signer writes: 80 % of the lifetime less the jitter, but never with less than half an hour
 * (or the outage budget) left, and within the margins that the API server demands.
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
  const at = refreshAt(validity, { ...options, outageBudget }, random);
  const { notBefore, notAfter } = validity;
  return Math.min(Math.max(at, notBefore + refreshMargin), notAfter - refreshMargin);
}
