import { equalBytes } from '@mayfly/der';
import { encodePem, parsePem } from '@mayfly/der/pem';
import type { PodCertificateApi, TrustBundleSelector } from '@mayfly/pod-certificates/api';
import { ApiError } from '@mayfly/pod-certificates/api';
import { type Certificate, inspectCertificate } from '@mayfly/x509';
import type { ClusterTrustBundleReference } from '../manifests/manifest.js';

/**
 * The certificates of all bundles that a source refers to: merged, none twice, in a stable order.
 * @returns `undefined` while there is no such bundle.
 */
export async function trustBundleText(
  api: Pick<PodCertificateApi, 'getTrustBundle' | 'listTrustBundles'>,
  from: ClusterTrustBundleReference,
): Promise<string | undefined> {
  const bundles = 'name' in from ? await byName(api, from.name) : (await api.listTrustBundles(selector(from))).items;
  if (bundles.length === 0) return undefined;
  const anchors: Uint8Array[] = [];
  for (const { spec } of [...bundles].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)))
    for (const { bytes } of parsePem(spec.trustBundle))
      if (!anchors.some((anchor) => equalBytes(anchor, bytes))) anchors.push(bytes);
  return anchors.map((der) => encodePem('CERTIFICATE', der)).join('');
}

/** The anchors that a signer has published. */
export async function signerAnchors(
  api: Pick<PodCertificateApi, 'listTrustBundles'>,
  signerName: string,
): Promise<readonly Certificate[]> {
  const { items } = await api.listTrustBundles({ signerName, labelSelector: {} });
  return items.flatMap(({ spec }) => parsePem(spec.trustBundle).map(({ bytes }) => inspectCertificate(bytes)));
}

const selector = (from: Exclude<ClusterTrustBundleReference, { readonly name: string }>): TrustBundleSelector => from;

async function byName(api: Pick<PodCertificateApi, 'getTrustBundle'>, name: string) {
  try {
    return [await api.getTrustBundle(name)];
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'NotFound') return [];
    throw error;
  }
}
