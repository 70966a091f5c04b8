import type { Seconds } from '@mayfly/der';
import { type Clock, sleepFor } from '@mayfly/rotation';
import type { ClusterAuthorities } from './authorities.js';
import { because, type Log } from './log.js';
import { BundleError, type BundlePublisher } from './trust-bundle.js';

/** Seconds between two looks at the authorities; what was read counts for six of them. */
const LOOK_PERIOD: Seconds = 10;

export interface KeepAuthoritiesOptions {
  readonly authorities: ClusterAuthorities;
  /** Whether this is the one that acts. */
  readonly acts: () => boolean;
  readonly publisher: Pick<BundlePublisher, 'publish' | 'doubt'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Whether somebody acts, this one or another. */
  readonly isActedUpon: () => boolean;
  /** Told after each look whether the bundle is out there; whoever does not act leaves that to the one that does. */
  readonly onState: (isPublished: boolean) => void;
}

/** Looks at the authorities, and acts where that is this one's to do, until the signal is aborted. Trouble is told once. */
export async function keepAuthorities(options: KeepAuthoritiesOptions): Promise<void> {
  const { authorities, acts, publisher, clock, log, signal, isActedUpon, onState } = options;
  let told = '';
  let wasActing = false;
  while (!signal.aborted) {
    let trouble = '';
    let reason = 'AuthoritiesNotRead';
    try {
      if (await authorities.look())
        log({
          level: 'info',
          reason: 'AuthoritiesRead',
          message: 'The authorities changed and are used as they are now',
        });
    } catch (error) {
      trouble = because(
        'The authorities cannot be read; those that were read before stay in use as long as they may',
        error,
      );
    }
    const isActing = acts();
    if (isActing && !wasActing) publisher.doubt();
    wasActing = isActing;
    if (trouble === '' && isActing)
      try {
        await authorities.act(publisher.publish, () => !signal.aborted && acts());
        onState(true);
      } catch (error) {
        const isOfBundle = error instanceof BundleError;
        if (isOfBundle) onState(false);
        reason = isOfBundle ? 'TrustBundleNotPublished' : 'SuccessionTrouble';
        trouble = because('The authorities and their trust bundle are not as they should be', error);
      }
    else if (!isActing) onState(isActedUpon());
    if (trouble !== '' && trouble !== told) log({ level: 'error', reason, message: trouble });
    told = trouble;
    for (let waited = 0; waited < LOOK_PERIOD && !signal.aborted && acts() === isActing; waited++)
      await sleepFor(clock, 1, signal);
  }
}
