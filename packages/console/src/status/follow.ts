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

/** Follows the event stream until the returned function is called; the browser connects anew by itself. */
export function follow(onKnown: (known: Known) => void, onConnection: (isConnected: boolean) => void): () => void {
  const stream = new EventSource('status/events');
  let known: Known | undefined;
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
  stream.addEventListener('error', () => onConnection(false));
  return () => stream.close();
}
