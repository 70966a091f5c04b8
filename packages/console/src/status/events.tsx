import { useState } from 'preact/hooks';
import type { StatusEvent } from './snapshot.js';
import { momentText } from './time-scale.js';

/** Events that are shown. */
const SHOWN = 60;

/** What happened, the newest first. */
export function Events({ events, now }: { readonly events: readonly StatusEvent[]; readonly now: number }) {
  const [areWarnings, setWarnings] = useState(false);
  const shown = events
    .filter(({ type }) => !areWarnings || type === 'Warning')
    .slice(-SHOWN)
    .reverse();
  return (
    <section aria-labelledby="title-events" class="card wide">
      <div class="card-head">
        <h2 id="title-events">What happened</h2>
        <label class="inline">
          <input type="checkbox" checked={areWarnings} onChange={(event) => setWarnings(event.currentTarget.checked)} />
          Warnings alone
        </label>
      </div>
      {shown.length === 0 ? (
        <p class="muted">Nothing yet.</p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached by keyboard
        <ol class="events" tabIndex={0} aria-label="Events">
          {shown.map(({ at, type, reason, message }, i) => (
            <li key={`${at} ${message} ${i}`} class={type === 'Warning' ? 'warning' : ''}>
              <span class="muted code">{momentText(at, now)}</span>
              <span class={`badge ${type === 'Warning' ? 'warning' : 'note'}`}>{reason}</span>
              <span>{message}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
