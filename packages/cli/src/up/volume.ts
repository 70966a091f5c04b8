import { encodePem } from '@mayfly/der/pem';
import type { PodCertificateApi } from '@mayfly/pod-certificates/api';
import { type CredentialBundle, encodeBundle } from '@mayfly/rotation';
import { type FileOperations, type VolumeFile, writeVolume } from '@mayfly/rotation/fs';
import type { ClusterTrustBundleReference, PodCertificateSource, Volume } from '../manifests/manifest.js';
import type { KeystoreFiles } from './keystore.js';
import { signerAnchors, trustBundleText } from './trust.js';

/** What became of an attempt to write a volume. */
export type VolumeOutcome =
  | { readonly type: 'written' | 'unchanged' }
  /** Something is missing that the pod cannot start without; `what` names it. */
  | { readonly type: 'incomplete'; readonly what: string };

/** What a volume is written with. */
export interface VolumeSurroundings {
  readonly api: Pick<PodCertificateApi, 'getTrustBundle' | 'listTrustBundles'>;
  readonly files: FileOperations;
  /** Permission bits that a file with a key may have; directories are open to the same people. */
  readonly keyMode: number;
  /** Makes the key stores, where the volume has any. */
  readonly keystoreFiles: KeystoreFiles;
}

/**
 * Writes all files of a volume as one set. As with a kubelet, nothing is written before everything is there that is not
 * optional.
 * @param bundles - What each source holds now.
 * @throws {@link RotationError} when the disk refuses; what stood there stays.
 */
export async function writePodVolume(
  directory: string,
  volume: Volume,
  bundles: ReadonlyMap<PodCertificateSource, CredentialBundle>,
  { api, files: operations, keyMode, keystoreFiles }: VolumeSurroundings,
): Promise<VolumeOutcome> {
  const files: VolumeFile[] = [];
  const keys: CredentialBundle[] = [];
  let trust = '';
  for (const source of volume.sources) {
    if (source.type === 'podCertificate') {
      const bundle = bundles.get(source);
      if (bundle === undefined) return { type: 'incomplete', what: `a certificate of ${source.signerName}` };
      keys.push(bundle);
      files.push(...credentialFiles(source, bundle, volume.defaultMode, keyMode));
    } else {
      const text = await trustBundleText(api, source.from);
      if (text !== undefined) {
        trust += text;
        files.push({ path: source.path, bytes: utf8(text), mode: volume.defaultMode });
      } else if (!source.optional) {
        return { type: 'incomplete', what: `the ClusterTrustBundle ${describe(source.from)}` };
      }
    }
  }
  if (volume.keystore !== undefined)
    files.push(
      ...(await keystoreFiles(volume.keystore, keys, trust || (await anchorsOf(volume, api)), volume.defaultMode)),
    );
  // Who may read keys may enter directories.
  const directoryMode = keyMode | ((keyMode & 0o444) >> 2);
  return { type: await writeVolume(directory, files, { files: operations, directoryMode }) };
}

/** What the signers of a volume publish, for a trust store in a volume without a trust bundle. */
async function anchorsOf(volume: Volume, api: Pick<PodCertificateApi, 'listTrustBundles'>): Promise<string> {
  const signers = new Set(
    volume.sources.flatMap((source) => (source.type === 'podCertificate' ? [source.signerName] : [])),
  );
  const anchors = (await Promise.all([...signers].map((signer) => signerAnchors(api, signer)))).flat();
  return anchors.map(({ der }) => encodePem('CERTIFICATE', der)).join('');
}

function credentialFiles(
  source: PodCertificateSource,
  bundle: CredentialBundle,
  mode: number,
  keyMode: number,
): readonly VolumeFile[] {
  const { credentialBundlePath, keyPath, certificateChainPath } = source;
  const secret = mode & keyMode;
  const files: VolumeFile[] = [];
  if (credentialBundlePath !== undefined)
    files.push({ path: credentialBundlePath, bytes: utf8(encodeBundle(bundle)), mode: secret });
  if (keyPath !== undefined)
    files.push({ path: keyPath, bytes: utf8(encodePem('PRIVATE KEY', bundle.privateKeyInfo)), mode: secret });
  if (certificateChainPath !== undefined) {
    const chain = bundle.chain.map((der) => encodePem('CERTIFICATE', der)).join('');
    files.push({ path: certificateChainPath, bytes: utf8(chain), mode });
  }
  return files;
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

function describe(from: ClusterTrustBundleReference): string {
  if ('name' in from) return `${from.name}, which only a document of that name in the manifests makes here`;
  // As in a cluster: absent selects nothing, empty selects all.
  return from.labelSelector === undefined
    ? `of signer ${from.signerName}: without labelSelector nothing matches, write labelSelector: {} for all`
    : `of signer ${from.signerName}`;
}
