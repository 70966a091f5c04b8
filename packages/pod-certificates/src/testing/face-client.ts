import type { KubernetesClient } from '../kubernetes/client.js';
import { testCluster } from './cluster.js';
import { type HttpFace, type HttpFaceOptions, openHttpFace } from './http-face.js';
import { loopbackClient } from './loopback.js';

/** A cluster behind its face over HTTP, and a client of that; `closing` gets what ends both, last first. */
export async function openFaceClient(
  closing: (() => Promise<unknown>)[],
  options: HttpFaceOptions = {},
  ...client: [Parameters<typeof loopbackClient>[1]?, Parameters<typeof loopbackClient>[2]?]
): Promise<{ face: HttpFace; client: KubernetesClient; cluster: Awaited<ReturnType<typeof testCluster>> }> {
  const cluster = await testCluster();
  const face = await openHttpFace(cluster.api, options);
  const opened = loopbackClient(face.url, ...client);
  closing.push(
    () => face.close(),
    () => opened.close(),
  );
  return { face, client: opened, cluster };
}
