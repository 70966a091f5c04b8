import type { CertificateStatus, StatusChanges, StatusEvent, StatusSnapshot, StatusSummary } from './snapshot.js';

/** What the page knows. */
export interface Known {
  readonly summary: StatusSummary;
  readonly certificates: ReadonlyMap<string, CertificateStatus>;
  /** Oldest first. */
  readonly events: readonly StatusEvent[];
}

/** Events that the page keeps. */
const MAX_EVENTS = 300;

/** Everything anew. */
const begin = ({ summary, certificates, events }: StatusSnapshot): Known => ({
  summary,
  certificates: new Map(certificates.map((certificate) => [certificate.id, certificate])),
  events,
});

/** What is known once something changed. */
function change(known: Known, { summary, certificates, events }: StatusChanges): Known {
  if (certificates.length === 0 && events.length === 0) return { ...known, summary };
  const changed = new Map(known.certificates);
  for (const certificate of certificates) changed.set(certificate.id, certificate);
  return { summary, certificates: changed, events: [...known.events, ...events].slice(-MAX_EVENTS) };
}

/** Milliseconds after which a server is asked again that had no place, or was another program's. */
const RETRY_DELAY = 5000;

/** Follows the event stream until the returned function is called, and connects anew whenever it ends. */
export function follow(onKnown: (known: Known) => void, onConnection: (isConnected: boolean) => void): () => void {
  let stream: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let known: Known | undefined;
  const connect = (): void => {
    stream = new EventSource('status/events');
    stream.addEventListener('snapshot', ({ data }: MessageEvent<string>) => {
      known = begin(JSON.parse(data) as StatusSnapshot); // from the server of the page
      onKnown(known);
    });
    stream.addEventListener('changes', ({ data }: MessageEvent<string>) => {
      if (known === undefined) return;
      known = change(known, JSON.parse(data) as StatusChanges); // from the server of the page
      onKnown(known);
    });
    stream.addEventListener('open', () => onConnection(true));
    stream.addEventListener('error', () => {
      onConnection(false);
      // A browser connects anew by itself, but not where it was refused.
      if (stream.readyState === EventSource.CLOSED) timer = setTimeout(connect, RETRY_DELAY);
    });
  };
  connect();
  return () => {
    clearTimeout(timer);
    stream.close();
  };
}
