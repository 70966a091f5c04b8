import type { JsonObject } from './json.js';

export type { JsonObject } from './json.js';

/** Where the embedded API keeps its objects: one JSON object per key. */
export interface ObjectStorage {
  /** Everything that was put and not deleted. */
  load(): Promise<ReadonlyMap<string, JsonObject>>;
  /** Durable when it resolves; all or nothing. Keys are two DNS-1123 pieces with a slash between them. */
  put(key: string, json: JsonObject): Promise<void>;
  /** Durable when it resolves. A key that is not there is no error. */
  delete(key: string): Promise<void>;
}
