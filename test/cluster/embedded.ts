import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePem } from '@mayfly/der/pem';
import type { SimulatedClock } from '@mayfly/rotation/testing';
import type { EmbeddedApi } from '../../packages/pod-certificates/src/embedded.js';
import { type TestAuthority, testRoot } from '../../packages/pod-certificates/src/testing/authority.js';
import { NOW, testCluster } from '../../packages/pod-certificates/src/testing/cluster.js';
import {
  type HttpFace,
  type HttpFaceOptions,
  openHttpFace,
} from '../../packages/pod-certificates/src/testing/http-face.js';

export const SIGNER = 'pki.example.com/workload';

/** The embedded API behind HTTP on a simulated clock, a root whose bundle it has, and a directory of one's own. */
export interface EmbeddedCluster {
  readonly api: EmbeddedApi;
  readonly clock: SimulatedClock;
  readonly face: HttpFace;
  readonly root: TestAuthority;
  readonly directory: string;
  /** Writes a kubeconfig whose user has this token; returns its path. */
  kubeconfig(token: string): string;
  close(): Promise<void>;
}

export async function openEmbeddedCluster(options: HttpFaceOptions = {}): Promise<EmbeddedCluster> {
  const { api, clock } = await testCluster();
  const root = testRoot(NOW);
  await api.applyTrustBundle({
    metadata: { name: `${SIGNER.replace('/', ':')}:roots` },
    spec: { signerName: SIGNER, trustBundle: encodePem('CERTIFICATE', root.certificate.der) },
  });
  const face = await openHttpFace(api, { date: () => new Date(clock.now() * 1000), ...options });
  const directory = mkdtempSync(join(tmpdir(), 'mayfly-cluster-'));
  return {
    ...{ api, clock, face, root, directory },
    kubeconfig(token) {
      const path = join(directory, 'kubeconfig');
      const config = {
        'current-context': 'test',
        contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
        clusters: [{ name: 'test', cluster: { server: face.url } }],
        users: [{ name: 'test', user: { token } }],
      };
      writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
      return path;
    },
    async close() {
      await face.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A token with these claims; nobody here looks at its signature. */
export const tokenOf = (claims: object): string =>
  ['{}', JSON.stringify(claims), 'signature'].map((part) => Buffer.from(part).toString('base64url')).join('.');
