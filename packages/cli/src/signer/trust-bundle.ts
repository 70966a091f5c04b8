import type { Seconds } from '@mayfly/der';
import { encodePem } from '@mayfly/der/pem';
import { trustBundlePrefix } from '@mayfly/pod-certificates';
import { ApiError, type PodCertificateApi } from '@mayfly/pod-certificates/api';
import { KubernetesError } from '@mayfly/pod-certificates/kubernetes';
import type { Clock } from '@mayfly/rotation';
import { messageOf } from '../errors.js';
import type { Publish } from './authorities.js';
import { because, type Log } from './log.js';

/** Seconds after which a bundle is published again though nothing changed here: somebody may have changed it there. */
const REPUBLISH_PERIOD: Seconds = 60;
/** Seconds between two looks for a canary bundle where there are no canaries: an older signer may have published it again. */
const LEFT_OVER_PERIOD: Seconds = 600;

/** A bundle that is out there. */
export interface PublishedBundle {
  readonly name: string;
  readonly resourceVersion: string;
}

export interface BundlePublisher {
  readonly publish: Publish;
  /** Publishes at the next call though nothing changed here: others may have published since. */
  readonly doubt: () => void;
  /** What this process published last. */
  readonly published: () => PublishedBundle | undefined;
}

/** A trust bundle is not as it should be. */
export class BundleError extends Error {}

/** The canary bundle is not as it should be, and that of all pods is. */
export class CanaryBundleError extends BundleError {}

/** Label of a ClusterTrustBundle: at which write the Secret stood whose authorities it has. */
export const GENERATION_LABEL = 'mayfly.dev/generation';

const bundleName = (signerName: string, bundle: string): string => `${trustBundlePrefix(signerName)}${bundle}`;

/** What a trust bundle says of the state that it was published from. */
export interface BundleWitness {
  readonly name: string;
  readonly generation: number;
}

/**
 * Asks the ClusterTrustBundle of a signer which state its authorities are of. Rejects as `getTrustBundle` does.
 * @returns `undefined` where there is none, or it does not say.
 */
export async function witnessOf(
  api: Pick<PodCertificateApi, 'getTrustBundle'>,
  signerName: string,
  bundle: string,
): Promise<BundleWitness | undefined> {
  const name = bundleName(signerName, bundle);
  try {
    const { metadata } = await api.getTrustBundle(name);
    const noted = metadata.labels[GENERATION_LABEL];
    return noted !== undefined && /^\d{1,15}$/.test(noted) ? { name, generation: Number(noted) } : undefined;
  } catch (error) {
    if (isNowhere(error)) return undefined;
    throw error;
  }
}

const MANAGER_LABEL = 'app.kubernetes.io/managed-by';
const MANAGER = 'mayfly';
/** Tells the bundle that all pods are to have from the one that some have before. */
const VARIANT_LABEL = 'mayfly.dev/variant';

export interface BundlePublisherOptions {
  readonly signerName: string;
  /** Last part of the bundle's name; `undefined` publishes none. */
  readonly bundle: string | undefined;
  /** Whether a second one, `<bundle>-canary`, has the next authority before. */
  readonly hasCanary: boolean;
  /** Whether the API takes writes for done without doing them. */
  readonly isDryRun?: boolean;
  readonly log: Log;
}

/**
 * Publishes anchors as the ClusterTrustBundles of a signer: at once when they changed, now and then when not. What keeps the canary
 * bundle from being published keeps the other one from nothing. One that is left of a signer with canaries is deleted where there are
 * none any more: nobody would keep it as it should be. In an emergency it is changed first, for who has it mounted may keep it.
 */
export function bundlePublisher(
  api: Pick<PodCertificateApi, 'applyTrustBundle' | 'deleteTrustBundle' | 'getTrustBundle'>,
  { signerName, bundle, hasCanary, isDryRun = false, log }: BundlePublisherOptions,
  clock: Clock,
): BundlePublisher {
  if (bundle === undefined) return { publish: async () => {}, doubt() {}, published: () => undefined };
  const name = bundleName(signerName, bundle);
  const live = publishedBundle(api, { signerName, name, variant: 'live', log }, clock);
  const canary = publishedBundle(api, { signerName, name: `${name}-canary`, variant: 'canary', log }, clock);
  const leftOver = leftOverBundle(api, { name: `${name}-canary`, isDryRun, log }, clock);
  return {
    async publish(anchors, generation, upcoming, isEmergency = false) {
      const publishCanary = async (): Promise<CanaryBundleError | undefined> => {
        try {
          if (hasCanary || (isEmergency && (await isThere(api, `${name}-canary`))))
            await canary.publish(upcoming === undefined ? anchors : [...anchors, upcoming], generation);
          return undefined;
        } catch (error) {
          return new CanaryBundleError(messageOf(error), { cause: error });
        }
      };
      if (isEmergency) await live.publish(anchors, generation);
      // Otherwise first: whoever looks at both never misses one.
      const trouble = await publishCanary();
      if (!isEmergency) await live.publish(anchors, generation);
      if (!isEmergency && !hasCanary) await leftOver.remove();
      if (trouble !== undefined) throw trouble;
    },
    doubt() {
      live.doubt();
      canary.doubt();
      leftOver.doubt();
    },
    published: live.published,
  };
}

/** A canary bundle of ours that nobody keeps any more. Only what was looked at is deleted: a signer with canaries may publish meanwhile. */
function leftOverBundle(
  api: Pick<PodCertificateApi, 'deleteTrustBundle' | 'getTrustBundle'>,
  { name, isDryRun, log }: { readonly name: string; readonly isDryRun: boolean; readonly log: Log },
  clock: Clock,
): { remove(): Promise<void>; doubt(): void } {
  /** By the monotonic clock. */
  let lookAt = 0;
  let told = '';
  return {
    async remove() {
      if (clock.monotonic() < lookAt) return;
      lookAt = clock.monotonic() + LEFT_OVER_PERIOD * 1000;
      try {
        const { labels, uid, resourceVersion } = (await api.getTrustBundle(name)).metadata;
        if (labels[MANAGER_LABEL] !== MANAGER || labels[VARIANT_LABEL] !== 'canary') return; // somebody else's
        await api.deleteTrustBundle(name, { uid, resourceVersion });
        const what = isDryRun ? 'would be deleted' : 'is gone';
        const message = `ClusterTrustBundle ${name} ${what}: this signer has no canaries`;
        if (!isDryRun || message !== told) log({ level: 'info', reason: 'TrustBundleDeleted', message });
        told = isDryRun ? message : '';
      } catch (error) {
        if (isNowhere(error)) return;
        lookAt = clock.monotonic() + REPUBLISH_PERIOD * 1000;
        if (error instanceof ApiError && error.reason === 'Conflict') return; // it was published meanwhile
        const message = because(
          `ClusterTrustBundle ${name} goes on trusting what it did, for this signer has no canaries; delete it, or grant that`,
          error,
        );
        if (message !== told) log({ level: 'warn', reason: 'TrustBundleLeft', message });
        told = message;
      }
    },
    doubt() {
      lookAt = 0;
    },
  };
}

/** Whether there is no such bundle, or no bundles at all. */
const isNowhere = (error: unknown): boolean =>
  (error instanceof ApiError && error.reason === 'NotFound') ||
  (error instanceof KubernetesError && error.code === 'ERR_KUBERNETES_UNSUPPORTED');

async function isThere(api: Pick<PodCertificateApi, 'getTrustBundle'>, name: string): Promise<boolean> {
  try {
    await api.getTrustBundle(name);
    return true;
  } catch (cause) {
    if (cause instanceof ApiError && cause.reason === 'NotFound') return false;
    throw new BundleError(
      `Cannot see whether there is a ClusterTrustBundle ${name} that goes on trusting what is replaced: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function publishedBundle(
  api: Pick<PodCertificateApi, 'applyTrustBundle'>,
  {
    signerName,
    name,
    variant,
    log,
  }: { readonly signerName: string; readonly name: string; readonly variant: 'live' | 'canary'; readonly log: Log },
  clock: Clock,
): BundlePublisher {
  let published: (PublishedBundle & { readonly text: string; readonly generation: number | undefined }) | undefined;
  /** By the monotonic clock. */
  let believedUntil = 0;
  return {
    async publish(anchors, generation) {
      const text = anchors.map(({ der }) => encodePem('CERTIFICATE', der)).join('');
      const until = clock.monotonic() + REPUBLISH_PERIOD * 1000;
      const isAsBefore = text === published?.text && generation === published.generation;
      if (isAsBefore && clock.monotonic() < believedUntil) return;
      const noted = generation !== undefined && { [GENERATION_LABEL]: String(generation) };
      let resourceVersion: string;
      try {
        const { metadata } = await api.applyTrustBundle({
          metadata: { name, labels: { [MANAGER_LABEL]: MANAGER, [VARIANT_LABEL]: variant, ...noted } },
          spec: { signerName, trustBundle: text },
        });
        ({ resourceVersion } = metadata);
      } catch (cause) {
        throw new BundleError(`ClusterTrustBundle ${name} is not published: ${messageOf(cause)}`, { cause });
      }
      if (resourceVersion !== published?.resourceVersion)
        log({
          level: 'info',
          reason: 'TrustBundlePublished',
          message: `ClusterTrustBundle ${name} has ${anchors.length} anchors`,
        });
      published = { name, text, generation, resourceVersion };
      believedUntil = until;
    },
    doubt() {
      believedUntil = 0;
    },
    published: () => published,
  };
}
