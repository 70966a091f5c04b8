import type { Seconds } from '@mayfly/der';
import { ApiError } from '../api.js';
import { isObject, type JsonObject, objectMember, textMember } from '../json.js';
import type { ApiCall, KubernetesClient } from './client.js';
import { KubernetesError } from './errors.js';
import { microTime } from './event.js';
import { resourcePath } from './paths.js';

/** A Lease of coordination.k8s.io/v1, as far as it tells who is there. */
export interface Lease {
  readonly name: string;
  readonly resourceVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Empty: given back. */
  readonly holderIdentity: string;
  readonly leaseDurationSeconds: Seconds;
  /** Milliseconds since 1970 by the holder's clock; nobody else's clock is compared with it. */
  readonly renewTime: number | undefined;
  readonly leaseTransitions: number;
}

/** What a Lease is to say. */
export type NewLease = Omit<Lease, 'resourceVersion'>;

/** The Leases of one namespace. Calls reject as those of the client do. */
export interface Leases {
  get(name: string): Promise<Lease | undefined>;
  list(labelSelector: string): Promise<readonly Lease[]>;
  /** @returns `undefined` when another one was faster. */
  create(lease: NewLease): Promise<Lease | undefined>;
  /** Replaces exactly the version given. @returns `undefined` when another one was faster, or it is gone. */
  update(lease: NewLease, resourceVersion: string): Promise<Lease | undefined>;
  delete(name: string): Promise<void>;
}

/** Seconds that a call may take: one that hangs leaves time for another attempt before the Lease runs out. */
const ANSWER_LIMIT: Seconds = 3;

/** Leases of a namespace, over a client. */
export function leasesIn(client: Pick<KubernetesClient, 'request'>, namespace: string): Leases {
  const path = (...rest: readonly string[]): string =>
    resourcePath('coordination.k8s.io/v1', 'leases', namespace, ...rest);
  // What stood behind hundreds of other requests would be late, and who is late loses its share.
  const urgently = (call: ApiCall): Promise<unknown> =>
    client.request({ ...call, urgent: true, timeout: ANSWER_LIMIT });
  return {
    get: (name) => unless(['NotFound'], async () => readLease(await urgently({ method: 'GET', path: path(name) }))),
    async list(labelSelector) {
      const json = await urgently({ method: 'GET', path: path(), query: { labelSelector } });
      const items = isObject(json) ? json['items'] : undefined;
      if (!Array.isArray(items))
        throw new KubernetesError('ERR_KUBERNETES_ANSWER', path(), 'Cannot read Leases: the answer is no list');
      return items.map(readLease);
    },
    create: (lease) =>
      unless(['AlreadyExists', 'Conflict'], async () =>
        readLease(await urgently({ method: 'POST', path: path(), body: leaseToJson(lease, namespace) })),
      ),
    update: (lease, resourceVersion) =>
      unless(['Conflict', 'NotFound'], async () => {
        const body = leaseToJson(lease, namespace, resourceVersion);
        return readLease(await urgently({ method: 'PUT', path: path(lease.name), body }));
      }),
    async delete(name) {
      await unless(['NotFound'], () => urgently({ method: 'DELETE', path: path(name) }));
    },
  };
}

async function unless<T>(reasons: readonly string[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ApiError && reasons.includes(error.reason)) return undefined;
    throw error;
  }
}

function readLease(json: unknown): Lease {
  const metadata = objectMember(json, 'metadata');
  const spec = objectMember(json, 'spec');
  const name = textMember(metadata, 'name');
  if (!isObject(json) || name === '')
    throw new KubernetesError('ERR_KUBERNETES_ANSWER', 'metadata.name', 'Cannot read a Lease: it has no name');
  const renewed = Date.parse(textMember(spec, 'renewTime'));
  const labels = objectMember(metadata, 'labels');
  return {
    name,
    resourceVersion: textMember(metadata, 'resourceVersion'),
    labels: Object.fromEntries(Object.keys(labels).map((key) => [key, textMember(labels, key)])),
    holderIdentity: textMember(spec, 'holderIdentity'),
    leaseDurationSeconds: wholeNumber(spec, 'leaseDurationSeconds'),
    renewTime: Number.isNaN(renewed) ? undefined : renewed,
    leaseTransitions: wholeNumber(spec, 'leaseTransitions'),
  };
}

const wholeNumber = (json: JsonObject, member: string): number => {
  const value = json[member];
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : 0;
};

const leaseToJson = (lease: NewLease, namespace: string, resourceVersion?: string): JsonObject => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { namespace, name: lease.name, labels: lease.labels, ...(resourceVersion && { resourceVersion }) },
  spec: {
    holderIdentity: lease.holderIdentity,
    leaseDurationSeconds: lease.leaseDurationSeconds,
    ...(lease.renewTime !== undefined && { renewTime: microTime(lease.renewTime) }),
    leaseTransitions: lease.leaseTransitions,
  },
});
