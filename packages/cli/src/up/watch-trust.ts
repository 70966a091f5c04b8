import type { PodCertificateApi, TrustBundleSelector } from '@mayfly/pod-certificates/api';
import type { Emit } from './event.js';
import type { PodRunner } from './pod-runner.js';

/** Carries every change of a trust bundle into the volumes; `undefined` follows all bundles. */
export async function watchTrust(
  api: Pick<PodCertificateApi, 'watchTrustBundles'>,
  selector: TrustBundleSelector | undefined,
  runners: readonly Pick<PodRunner, 'trustChanged'>[],
  emit: Emit,
  signal: AbortSignal,
): Promise<void> {
  let synced = false;
  for await (const event of api.watchTrustBundles(selector, { signal })) {
    if (event.type === 'bookmark') {
      synced = true;
      continue;
    }
    if (!synced) continue;
    emit({
      type: 'Normal',
      reason: 'TrustBundleWritten',
      message: `Trust bundle ${event.object.metadata.name} changed`,
    });
    for (const runner of runners) runner.trustChanged();
  }
}
