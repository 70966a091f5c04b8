import type { PodCertificateApi } from '../api.js';
import type { EmbeddedApi } from '../embedded.js';
import { runSigner, type SignerEvent, type SignerOptions } from '../signer.js';
import type { PodCertificateRequest } from '../types.js';
import type { TestAuthority } from './authority.js';
import { testCluster, testRequest, testSigner } from './cluster.js';

/** A round of what other microtasks and immediates wait for. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A cluster of its own with a signer that runs when a test says so. */
export interface SignerBench extends Awaited<ReturnType<typeof testCluster>> {
  /** What signers told, in order. */
  readonly events: SignerEvent[];
  /** Creates a request in the namespace `shop`. */
  create(spec?: Parameters<typeof testRequest>[0]): Promise<PodCertificateRequest>;
  reread(request: PodCertificateRequest): ReturnType<EmbeddedApi['getRequest']>;
  /** The API, which refuses so many writes of a status. */
  refusingWrites(count: number, error: () => Error): PodCertificateApi;
  /** Runs a signer while `work` does what it does. */
  whileSigning<T>(options: Partial<SignerOptions>, work: () => Promise<T>): Promise<T>;
}

export async function signerBench(authority: TestAuthority): Promise<SignerBench> {
  const { api, clock } = await testCluster();
  const events: SignerEvent[] = [];
  return {
    api,
    clock,
    events,
    create: (spec = {}) => api.createRequest(testRequest(spec)),
    reread: ({ metadata }) => api.getRequest('shop', metadata.name),
    refusingWrites(count, error) {
      let left = count;
      return {
        ...api,
        async updateStatus(version, status) {
          if (left-- > 0) throw error();
          return await api.updateStatus(version, status);
        },
      };
    },
    async whileSigning(options, work) {
      const controller = new AbortController();
      const onEvent = (event: SignerEvent) => events.push(event);
      const running = runSigner(testSigner({ clock, api }, authority, controller.signal, { onEvent, ...options }));
      try {
        const result = await work();
        for (let i = 0; i < 5; i++) await turn();
        return result;
      } finally {
        controller.abort();
        await running;
      }
    },
  };
}
