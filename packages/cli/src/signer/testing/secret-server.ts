import { ApiError } from '@mayfly/pod-certificates/api';
import type { ApiCall } from '@mayfly/pod-certificates/kubernetes';
import { isObject, type JsonObject } from '../json.js';

/** One Secret with the one rule that matters: a write has to name the version that it replaces. */
export interface SecretServer {
  readonly request: (call: ApiCall) => Promise<unknown>;
  /** What it is now. */
  readonly secret: () => { readonly metadata: JsonObject; readonly data: Readonly<Record<string, string>> };
  /** Writes as somebody else would. */
  change(metadata: JsonObject, data?: JsonObject): void;
  /** Called before each write; what it throws is what the writer gets. */
  beforeWrite: () => void;
  /** And after it: then the write has happened and its answer is lost. */
  afterWrite: () => void;
  readonly writes: () => number;
}

export function secretServer(data: JsonObject = {}): SecretServer {
  let version = 1;
  let writes = 0;
  let current: JsonObject = { kind: 'Secret', metadata: { name: 'ca', resourceVersion: '1' }, data };
  const metadataOf = (object: unknown): JsonObject =>
    isObject(object) && isObject(object['metadata']) ? object['metadata'] : {};
  const server: SecretServer = {
    async request({ method, body }) {
      if (method === 'GET') return structuredClone(current);
      server.beforeWrite();
      if (metadataOf(body)['resourceVersion'] !== metadataOf(current)['resourceVersion'])
        throw new ApiError('Conflict', 'the object has been modified');
      writes++;
      const changed = method === 'PATCH' ? merge(current, body) : structuredClone(body);
      current = {
        ...(changed as JsonObject),
        metadata: { ...metadataOf(changed), resourceVersion: String(++version) },
      };
      server.afterWrite();
      return structuredClone(current);
    },
    secret: () => structuredClone(current) as ReturnType<SecretServer['secret']>,
    change(metadata, changed) {
      current = {
        ...current,
        metadata: { ...metadataOf(current), ...metadata, resourceVersion: String(++version) },
        ...(changed && { data: changed }),
      };
    },
    beforeWrite: () => {},
    afterWrite: () => {},
    writes: () => writes,
  };
  return server;
}

/** RFC 7396. */
function merge(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const merged: Record<string, unknown> = { ...(isObject(target) ? target : {}) };
  for (const [name, value] of Object.entries(patch))
    if (value === null) delete merged[name];
    else merged[name] = merge(merged[name], value);
  return merged;
}
