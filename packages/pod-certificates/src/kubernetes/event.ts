import { randomUUID } from 'node:crypto';
import type { PodEvent } from '../api.js';
import type { JsonObject } from '../json.js';

/** Longest note that the API takes, in characters. */
const MAX_NOTE = 1024;

/** And longest instance. */
const MAX_INSTANCE = 128;

/** An Event of events.k8s.io/v1 about a pod or a request, as the API wants it. */
export function eventToJson(
  { type, reason, note, regarding, reportingController, eventTime }: PodEvent,
  reportingInstance: string,
): JsonObject {
  const { namespace, name, uid, kind = 'Pod', apiVersion = 'v1' } = regarding;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace, name: `${name.slice(0, 220)}.${randomUUID().replaceAll('-', '').slice(0, 16)}` },
    type,
    reason,
    action: reason,
    note: note.slice(0, MAX_NOTE),
    regarding: { apiVersion, kind, namespace, name, ...(uid !== '' && { uid }) },
    reportingController,
    reportingInstance: reportingInstance.slice(0, MAX_INSTANCE),
    eventTime: microTime(eventTime * 1000),
  };
}

/** RFC 3339 with six digits of a second, as metav1.MicroTime has it. @param at - Milliseconds since 1970. */
export const microTime = (at: number): string => new Date(at).toISOString().replace('Z', '000Z');
