import type { ClusterTrustBundle } from '@mayfly/pod-certificates';
import type { PodCertificateApi, TrustBundleSelector } from '@mayfly/pod-certificates/api';
import type { Emit } from './event.js';
import type { PodRunner } from './pod-runner.js';

/** Hears of every bundle; `isNews` for what happened since the watch began. */
export type OnBundle = (bundle: ClusterTrustBundle, isDeleted: boolean, isNews: boolean) => void;

/** Carries every change of a trust bundle into the volumes; `undefined` follows all bundles. */
export async function watchTrust(
  api: Pick<PodCertificateApi, 'watchTrustBundles'>,
  selector: TrustBundleSelector | undefined,
  runners: readonly Pick<PodRunner, 'trustChanged'>[],
  emit: Emit,
  signal: AbortSignal,
  onBundle: OnBundle = () => {},
): Promise<void> {
  let synced = false;
  for await (const event of api.watchTrustBundles(selector, { signal })) {
    if (event.type === 'bookmark') {
      synced = true;
      continue;
    }
    onBundle(event.object, event.type === 'deleted', synced);
    if (!synced) continue;
    emit({
      type: 'Normal',
      reason: 'TrustBundleWritten',
      message: `Trust bundle ${event.object.metadata.name} changed`,
    });
    for (const runner of runners) runner.trustChanged();
  }
}
