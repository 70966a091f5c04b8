import { decodeBase64, PemError } from '@mayfly/der/pem';

/** A JSON object of unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object: no array, no null. */
export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The object under a member; an absent or null member, and one of another type, is an empty object. */
export function objectMember(json: unknown, member: string): JsonObject {
  const value = isObject(json) ? json[member] : undefined;
  return isObject(value) ? value : {};
}

/** The text under a member; an absent or null member is empty text, as the API server's decoder has it. */
export function textMember(json: JsonObject, member: string): string {
  const value = json[member];
  return typeof value === 'string' ? value : '';
}

/**
 * Octets of a base64 member: `null`, `""` and an absent member are empty, as 1.35 to 1.37 send them.
 * @returns `undefined` when the member is something else than base64 text.
 */
export function bytesMember(json: JsonObject, member: string): Uint8Array | undefined {
  const value = json[member];
  if (value === undefined || value === null || value === '') return new Uint8Array();
  if (typeof value !== 'string') return undefined;
  try {
    return decodeBase64(value);
  } catch (error) {
    if (error instanceof PemError) return undefined;
    throw error;
  }
}

/** Whether two JSON values are the same; absent, null and empty members are one and the same. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (isEmpty(a) && isEmpty(b)) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  if (isObject(a) && isObject(b))
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => sameJson(a[key], b[key]));
  return a === b;
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0);
