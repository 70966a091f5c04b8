import type { Seconds } from '@mayfly/der';
import { ApiError } from '@mayfly/pod-certificates/api';
import type { KubernetesClient, Query } from '@mayfly/pod-certificates/kubernetes';
import type { JsonObject } from '../signer/json.js';

/** One thing that was looked at. */
export interface Finding {
  readonly ok: boolean;
  readonly check: string;
  /** What was found, and where it is not well what to do. */
  readonly message: string;
}

export type Found = Omit<Finding, 'check'>;

/** Seconds after which something should have happened. */
export const PATIENCE: Seconds = 60;
/** What is told one by one. */
const MAX_TOLD = 5;

/** A summary and the first of many things. */
export const someOf = (summary: string, things: readonly string[]): string =>
  [
    summary,
    ...things.slice(0, MAX_TOLD),
    ...(things.length > MAX_TOLD ? [`and ${things.length - MAX_TOLD} more`] : []),
  ].join('; ');

/** Lists a collection; `undefined` when this user may not. */
export async function listIfAllowed(
  client: Pick<KubernetesClient, 'list'>,
  path: string,
  query?: Query,
): Promise<readonly JsonObject[] | undefined> {
  try {
    return (await client.list(path, query)).items;
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'Forbidden') return undefined;
    throw error;
  }
}
