import type { Seconds } from '@mayfly/der';
import type { KubernetesClient } from '@mayfly/pod-certificates/kubernetes';
import { type Clock, sleepFor } from '@mayfly/rotation';
import type { Log } from './log.js';

/** Skew at which `notBefore` may be refused by somebody's clock; ours follows the server's. */
const LOUD_SKEW: Seconds = 120;
/** Seconds between two looks. */
const PERIOD: Seconds = 60;

/** Says once when the server's clock and this machine's go apart, until the signal is aborted. */
export async function watchSkew(client: KubernetesClient, clock: Clock, signal: AbortSignal, log: Log): Promise<void> {
  let told = false;
  while (!signal.aborted) {
    const ahead = client.clockAhead() ?? 0;
    const isLoud = Math.abs(ahead) >= LOUD_SKEW;
    if (isLoud && !told)
      log({
        level: 'warn',
        reason: 'ClockSkew',
        message: `The server's clock is ${ahead} s ahead of this machine's; certificates follow the server's; set the clock of whichever is wrong`,
        clockAhead: ahead,
      });
    told = isLoud;
    await sleepFor(clock, PERIOD, signal);
  }
}
