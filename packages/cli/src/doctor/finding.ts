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

/** Things of which the first few are told and the others counted. */
export interface Things {
  add(text: () => string): void;
  readonly count: number;
  /** Behind a summary. */
  after(summary: string): string;
}

export function createThings(): Things {
  const told: string[] = [];
  let count = 0;
  return {
    add(text) {
      if (count++ < MAX_TOLD) told.push(text());
    },
    get count() {
      return count;
    },
    after: (summary) =>
      [summary, ...told, ...(count > told.length ? [`and ${count - told.length} more`] : [])].join('; '),
  };
}

/**
 * Goes through a collection page by page, so that no more than a page is held.
 * @returns How many there are; `undefined` when this user may not list them.
 */
export async function eachIfAllowed(
  client: Pick<KubernetesClient, 'pages'>,
  path: string,
  query: Query,
  see: (object: JsonObject) => void,
): Promise<number | undefined> {
  let count = 0;
  try {
    for await (const { items } of client.pages(path, query)) {
      count += items.length;
      for (const item of items) see(item);
    }
    return count;
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'Forbidden') return undefined;
    throw error;
  }
}
