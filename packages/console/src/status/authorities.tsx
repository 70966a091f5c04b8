import type { AuthorityStatus, StatusSummary } from './snapshot.js';
import { distanceText, momentText, positionIn } from './time-scale.js';

const STATES: Readonly<Record<AuthorityStatus['state'], { readonly badge: string; readonly meaning: string }>> = {
  prepared: { badge: 'note', meaning: 'signs next, trusted' },
  active: { badge: 'good', meaning: 'signs' },
  retiring: { badge: 'warning', meaning: 'trusted for what it signed, signs no more' },
};

interface LifeProps {
  readonly authority: AuthorityStatus;
  readonly now: number;
}

/** The authorities of each signer, and the trust bundles that carry them. */
export const Authorities = ({ summary: { authorities, trustBundles, now } }: { readonly summary: StatusSummary }) => (
  <section aria-labelledby="title-authorities" class="card">
    <h2 id="title-authorities">Authorities and trust bundles</h2>
    <ul class="authorities">
      {authorities.map((authority) => (
        <li key={`${authority.signerName} ${authority.serialNumber}`}>
          <span>
            <span class={`badge ${STATES[authority.state].badge}`}>{authority.state}</span> {authority.signerName}{' '}
            <span class="muted code">{authority.serialNumber.slice(0, 8)}</span>
          </span>
          <Life authority={authority} now={now} />
          <span class="muted small">
            {STATES[authority.state].meaning}
            {authority.since !== undefined && ` since ${momentText(authority.since, now)}`}, ends{' '}
            {distanceText(authority.notAfter, now)}
          </span>
        </li>
      ))}
    </ul>
    <ul class="bundles">
      {trustBundles.map(({ name, anchors, generation, changedAt }) => (
        <li key={name}>
          <span class="code">{name}</span>
          <span class="muted small">
            {anchors === 1 ? '1 anchor' : `${anchors} anchors`}, generation {generation}
            {changedAt !== undefined && `, changed ${distanceText(changedAt, now)}`}
          </span>
        </li>
      ))}
      {trustBundles.length === 0 && <li class="muted">No trust bundle is published.</li>}
    </ul>
  </section>
);

/** How much of an authority's life has passed; its words say the same. */
const Life = ({ authority: { notBefore, notAfter }, now }: LifeProps) => (
  <span class="life" aria-hidden="true">
    <span style={{ width: `${positionIn({ from: notBefore, to: notAfter }, now)}%` }} />
  </span>
);
