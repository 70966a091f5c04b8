import { useEffect, useMemo, useState } from 'preact/hooks';
import { Brand } from '../view/brand.js';
import { Notice } from '../view/notice.js';
import { ThemeButton } from '../view/theme.js';
import { ActivityPlot } from './activity-plot.js';
import { Authorities } from './authorities.js';
import { Events } from './events.js';
import { follow, type Known } from './follow.js';
import { inUse, tally, upcoming } from './outlook.js';
import type { StatusStep, StatusSummary } from './snapshot.js';
import { TimeLine } from './time-line.js';
import { distanceText, durationText, lengthFor, momentText, spanAround, spanLengths } from './time-scale.js';

/** Things that are told to happen next. */
const UPCOMING = 8;

const CONNECTIONS = { asking: 'Connecting', live: 'Live', lost: 'Not connected' } as const;

const membersText = (members: number): string =>
  members === 1 ? 'alone on the Lease' : `one of ${members} that share the requests`;

/** The whole page. */
export function StatusPage() {
  const [known, setKnown] = useState<Known>();
  const [isConnected, setConnected] = useState<boolean>();
  useEffect(() => follow(setKnown, setConnected), []);
  const connection = isConnected === false ? 'lost' : known === undefined ? 'asking' : 'live';
  return (
    <>
      <header class="top">
        <Brand title="Mayfly status" />
        <p class="tagline" role="status">
          {known !== undefined && (
            <>
              <code>mayfly {known.summary.command}</code> for{' '}
              {durationText(known.summary.now - known.summary.startedAt)}
              {known.summary.members !== undefined && `, ${membersText(known.summary.members)}`}
            </>
          )}
        </p>
        <span class={`connection ${connection}`} role="status">
          {CONNECTIONS[connection]}
        </span>
        <ThemeButton />
      </header>
      <main>
        {connection === 'lost' && (
          <Notice kind="bad">
            The command does not answer; it is asked again and again.{' '}
            {known !== undefined && `What is shown is from ${momentText(known.summary.now, known.summary.now)}.`}
          </Notice>
        )}
        {connection === 'asking' && <p class="empty">Asking the command…</p>}
        {known !== undefined && <Board known={known} />}
      </main>
    </>
  );
}

function Board({ known }: { readonly known: Known }) {
  const { summary, certificates, events } = known;
  const { now } = summary;
  const [length, setLength] = useState(() => lengthFor(typicalLifetime(known)));
  const rows = [...certificates.values()];
  const standings = tally(rows, now);
  const next = useMemo(() => upcoming(rows, summary.steps, now, UPCOMING), [certificates, summary]);
  const waiting = standings.requested + standings.none;
  return (
    <>
      <Health summary={summary} />
      <dl class="figures">
        <Figure name="Valid" value={standings.valid} of={rows.length} />
        <Figure name="Waiting" value={waiting} />
        <Figure name="In trouble" value={standings.trouble + standings.expired} isBad />
        <Figure name="Issued" value={summary.counts.issued} />
        <Figure name="Rotations" value={summary.counts.rotations} />
        <Figure name="Overdue" value={summary.counts.overdue} isBad />
        <Figure name="Refused" value={summary.counts.refused} isBad />
      </dl>
      <section aria-labelledby="title-time" class="card wide">
        <div class="card-head">
          <h2 id="title-time">Certificates</h2>
          <label class="inline">
            Show
            <select value={length} onChange={(event) => setLength(Number(event.currentTarget.value))}>
              {spanLengths.map(({ seconds, title }) => (
                <option key={seconds} value={seconds}>
                  {title}
                </option>
              ))}
            </select>
          </label>
        </div>
        <ActivityPlot certificates={certificates} span={spanAround(now, length)} now={now} />
        <TimeLine certificates={certificates} span={spanAround(now, length)} now={now} />
      </section>
      <div class="cards">
        <UpcomingCard steps={next} now={now} />
        <Authorities summary={summary} />
        <Events events={events} now={now} />
      </div>
    </>
  );
}

/** Lifetime of a certificate that is in use: the middle one of some. */
function typicalLifetime({ certificates }: Known): number {
  const lifetimes: number[] = [];
  for (const row of certificates.values()) {
    const certificate = inUse(row);
    if (certificate !== undefined) lifetimes.push(certificate.notAfter - certificate.notBefore);
    if (lifetimes.length === 1000) break;
  }
  return lifetimes.sort((a, b) => a - b)[Math.floor(lifetimes.length / 2)] ?? 3600;
}

/** Problems that are named; the others are counted. */
const NAMED_PROBLEMS = 5;

const Health = ({ summary: { problems, problemCount } }: { readonly summary: StatusSummary }) =>
  problemCount === 0 ? (
    <Notice kind="good">
      <strong>Ready</strong>: nothing is wrong.
    </Notice>
  ) : (
    <Notice kind="bad">
      <strong>Not ready</strong>:{' '}
      {problemCount === 1 ? 'one thing is wrong.' : `${problemCount.toLocaleString('en')} things are wrong.`}
      <ul class="named">
        {problems.slice(0, NAMED_PROBLEMS).map((problem) => (
          <li key={problem}>{problem}</li>
        ))}
        {problemCount > NAMED_PROBLEMS && <li>and {(problemCount - NAMED_PROBLEMS).toLocaleString('en')} more</li>}
      </ul>
    </Notice>
  );

interface FigureProps {
  readonly name: string;
  readonly value: number;
  readonly of?: number;
  readonly isBad?: boolean;
}

const Figure = ({ name, value, of, isBad = false }: FigureProps) => (
  <div class={isBad && value > 0 ? 'figure bad' : 'figure'}>
    <dt>{name}</dt>
    <dd>
      {value.toLocaleString('en')}
      {of !== undefined && <span class="muted"> of {of.toLocaleString('en')}</span>}
    </dd>
  </div>
);

const UpcomingCard = ({ steps, now }: { readonly steps: readonly StatusStep[]; readonly now: number }) => (
  <section aria-labelledby="title-next" class="card">
    <h2 id="title-next">What happens next</h2>
    {steps.length === 0 ? (
      <p class="muted">Nothing is known yet.</p>
    ) : (
      <ol class="steps">
        {steps.map(({ at, message }) => (
          <li key={`${at} ${message}`}>
            <span class="when">{distanceText(at, now)}</span>
            <span>{message}</span>
            <span class="muted code">{momentText(at, now)}</span>
          </li>
        ))}
      </ol>
    )}
  </section>
);
