import type { CertificateStatus, StatusEvent, StatusSummary } from '@mayfly/console';

/** Who knows how things stand. */
export interface StatusSource {
  summary(): StatusSummary;
  certificates(): readonly CertificateStatus[];
}

/** What the status page reads: everything at once, or what changes. */
export interface StatusFeed {
  /** Keeps an event for those who ask. */
  note(event: StatusEvent): void;
  /** A `StatusSnapshot` as JSON. */
  snapshot(): string;
  /** A new reader, who has read nothing yet. */
  reader(): StatusReader;
}

/** Somebody who follows the changes. */
export interface StatusReader {
  /** The next message of the event stream, as a browser's EventSource reads it. */
  next(): string;
}

/** Events that are kept. */
const MAX_EVENTS = 300;

/** Makes a feed; the source is asked only when somebody reads. */
export function createStatusFeed(source: StatusSource): StatusFeed {
  let events: readonly { readonly number: number; readonly event: StatusEvent }[] = [];
  let eventCount = 0;
  let rows = new Map<string, { readonly json: string; readonly revision: number }>();
  let revision = 0;
  /** Rises when a certificate is gone: readers from before get everything anew. */
  let epoch = 0;

  const look = (): void => {
    revision++;
    const seen = new Map<string, { readonly json: string; readonly revision: number }>();
    for (const certificate of source.certificates()) {
      const json = JSON.stringify(certificate);
      const known = rows.get(certificate.id);
      seen.set(certificate.id, known?.json === json ? known : { json, revision });
    }
    for (const id of rows.keys())
      if (!seen.has(id)) {
        epoch++;
        break;
      }
    rows = seen;
  };
  const message = (afterRevision: number, afterEvent: number): string => {
    const changed = [...rows.values()].filter((row) => row.revision > afterRevision).map(({ json }) => json);
    const news = events.filter(({ number }) => number > afterEvent).map(({ event }) => event);
    return `{"summary":${JSON.stringify(source.summary())},"certificates":[${changed.join(',')}],"events":${JSON.stringify(news)}}`;
  };

  return {
    note(event) {
      events = [...events.slice(-MAX_EVENTS + 1), { number: ++eventCount, event }];
    },
    snapshot() {
      look();
      return message(0, 0);
    },
    reader() {
      let read = { epoch: -1, revision: 0, event: 0 };
      return {
        next() {
          look();
          const isNew = read.epoch !== epoch;
          const data = isNew ? message(0, 0) : message(read.revision, read.event);
          read = { epoch, revision, event: eventCount };
          return `event: ${isNew ? 'snapshot' : 'changes'}\ndata: ${data}\n\n`;
        },
      };
    },
  };
}
