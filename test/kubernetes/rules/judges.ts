import { randomBytes } from 'node:crypto';
import { decodeBase64 } from '@mayfly/der/pem';
import { ApiError, type PodCertificateApi } from '@mayfly/pod-certificates/api';
import { openEmbeddedApi } from '@mayfly/pod-certificates/embedded';
import { nodeVerifiers } from '@mayfly/pod-certificates/node';
import { systemClock } from '@mayfly/rotation';
import type { Answer, Client, Json } from '../client.js';
import { CERTIFICATES, type NewObject } from '../objects.js';
import { accepted, type Outcome, refusal } from './outcome.js';

/** A server that takes or refuses what it is sent. */
export interface Judge {
  /** Creates a PodCertificateRequest. */
  create(request: NewObject): Promise<Outcome>;
  /**
   * Creates a request, then writes these statuses one after the other, each to the version that is there then.
   * @returns What became of the last one.
   */
  writeStatuses(request: NewObject, statuses: readonly Json[]): Promise<Outcome>;
  /** Writes a status to a version that is not the newest. */
  writeStale(request: NewObject, status: Json): Promise<Outcome>;
  /** Writes these bundles of one name, one after the other; returns what became of the last one. */
  writeBundles(bundles: readonly NewObject[]): Promise<Outcome>;
}

/** kube-apiserver, asked by an administrator. */
export function realJudge(admin: Client): Judge {
  const outcome = ({ status, body }: Answer, name: string): Outcome => (status < 300 ? accepted : refusal(body, name));
  const requests = ({ metadata }: NewObject) =>
    `${CERTIFICATES}/namespaces/${metadata.namespace}/podcertificaterequests`;
  const writeStatus = async (request: NewObject, status: Json, resourceVersion?: string): Promise<Outcome> => {
    const path = `${requests(request)}/${request.metadata.name}`;
    const current = await admin.expect('GET', path);
    const metadata = { ...current.metadata, ...(resourceVersion !== undefined && { resourceVersion }) };
    return outcome(
      await admin.call('PUT', `${path}/status`, { body: { ...current, metadata, status } }),
      request.metadata.name,
    );
  };
  return {
    create: async (request) =>
      outcome(await admin.call('POST', requests(request), { body: request }), request.metadata.name),
    async writeStatuses(request, statuses) {
      await admin.expect('POST', requests(request), request);
      return await last(statuses, (status) => writeStatus(request, status));
    },
    async writeStale(request, status) {
      const { metadata } = await admin.expect('POST', requests(request), request);
      const path = `${requests(request)}/${request.metadata.name}`;
      const { resourceVersion } = metadata;
      await admin.expect('PUT', path, { ...request, metadata: { ...metadata, labels: { changed: 'yes' } } });
      return await writeStatus(request, status, resourceVersion);
    },
    writeBundles: (bundles) =>
      last(bundles, async (bundle, index) => {
        const { name } = bundle.metadata;
        const path = `${CERTIFICATES}/clustertrustbundles`;
        if (index === 0) return outcome(await admin.call('POST', path, { body: bundle }), name);
        const current = await admin.expect('GET', `${path}/${name}`);
        const body = { ...bundle, metadata: { ...current.metadata, ...bundle.metadata } };
        return outcome(await admin.call('PUT', `${path}/${name}`, { body }), name);
      }),
  };
}

/** The API of `mayfly up`, on the clock of the machine. */
export async function embeddedJudge(): Promise<Judge> {
  const api = await openEmbeddedApi({
    clock: systemClock(),
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    verifiers: nodeVerifiers,
  });
  const outcome = async (name: string, work: () => Promise<unknown>): Promise<Outcome> => {
    try {
      await work();
      return accepted;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { status: code, reason, message, causes } = error;
      return refusal({ code, reason, message, details: { causes } }, name);
    }
  };
  const writeStatus = (request: NewObject, status: Json, resourceVersion?: string): Promise<Outcome> => {
    const { namespace, name } = request.metadata;
    return outcome(name, async () => {
      const { metadata } = await api.getRequest(namespace, name);
      const version = { metadata: { ...metadata, ...(resourceVersion !== undefined && { resourceVersion }) } };
      const update = await api.updateStatus(version, { conditions: [], ...status });
      if (!update.ok) throw new ApiError(update.reason, update.message);
    });
  };
  return {
    create: (request) => outcome(request.metadata.name, () => api.createRequest(typed(request))),
    async writeStatuses(request, statuses) {
      await api.createRequest(typed(request));
      return await last(statuses, (status) => writeStatus(request, status));
    },
    async writeStale(request, status) {
      await api.createRequest(typed(request));
      return await writeStatus(request, status, '0');
    },
    writeBundles: (bundles) =>
      last(bundles, (bundle) => outcome(bundle.metadata.name, () => api.applyTrustBundle(bundle as Json))),
  };
}

/** A request as the API's own types have it: octets instead of base64. */
function typed({ metadata, spec }: NewObject): Parameters<PodCertificateApi['createRequest']>[0] {
  const octets = Object.fromEntries(
    ['stubPKCS10Request', 'pkixPublicKey', 'proofOfPossession'].map((member) => [
      member,
      decodeBase64(spec[member] ?? ''),
    ]),
  );
  return { metadata, spec: { ...spec, ...octets } };
}

async function last<T>(items: readonly T[], write: (item: T, index: number) => Promise<Outcome>): Promise<Outcome> {
  let outcome: Outcome | undefined;
  for (const [index, item] of items.entries()) {
    if (outcome !== undefined && outcome.status !== 200)
      throw new Error(`Cannot go on: what came before was refused: ${outcome.message}`);
    outcome = await write(item, index);
  }
  if (outcome === undefined) throw new Error('Cannot judge: nothing was written');
  return outcome;
}
