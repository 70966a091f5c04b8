import type { Seconds } from '@mayfly/der';

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** RFC 3339 in UTC with whole seconds, as Kubernetes writes metav1.Time: `2026-09-01T10:00:00Z`. */
export const formatTimestamp = (at: Seconds): string => new Date(at * 1000).toISOString().slice(0, 19) + 'Z';

/**
 * Reads RFC 3339; fractions of a second are dropped, as Kubernetes drops them on writing.
 * @returns `undefined` for anything else.
 */
export function parseTimestamp(text: unknown): Seconds | undefined {
  if (typeof text !== 'string' || !RFC3339.test(text)) return undefined;
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? undefined : Math.floor(milliseconds / 1000);
}
