import { readFile } from 'node:fs/promises';
import type { PodCertificateApi } from '@mayfly/pod-certificates/api';
import { CliError } from '../errors.js';
import { systemState } from '../input-file.js';

/**
 * The API with the roots of a signer from a file, for clusters that serve no ClusterTrustBundles. The file is read anew for each
 * certificate and each write of the volume; nobody watches it.
 */
export function withRoots(api: PodCertificateApi, signerName: string, path: string): PodCertificateApi {
  const bundle = async () => ({
    metadata: { name: path, uid: path, resourceVersion: '0', creationTimestamp: 0, labels: {}, ownerReferences: [] },
    spec: { signerName, trustBundle: await readRoots(path) },
  });
  return {
    ...api,
    getTrustBundle: bundle,
    listTrustBundles: async () => ({ items: [await bundle()], resourceVersion: '0' }),
  };
}

async function readRoots(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new CliError('ERR_CLI_FILE', `Cannot read ${path}: ${systemState(cause)}`, { cause });
  }
}
