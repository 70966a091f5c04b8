import { useMemo, useState } from 'preact/hooks';
import { VirtualRows } from '../view/virtual-rows.js';
import { inUse, listed, type Next, nextOf, type Order, type Standing, standingOf } from './outlook.js';
import type { CertificateStatus } from './snapshot.js';
import { distanceText, momentText, positionIn, type TimeSpan, ticksIn } from './time-scale.js';

const ROW_HEIGHT = 28;
/** Round times above the lanes. */
const TICKS = 8;
/** Shares of the span on either side of now that its label takes, on a desk and on a phone. */
const NOW_ROOM = 0.05;
const NOW_ROOM_NARROW = 0.25;

interface TimeLineProps {
  readonly certificates: ReadonlyMap<string, CertificateStatus>;
  readonly span: TimeSpan;
  readonly now: number;
}

const ORDERS: Readonly<Record<Order, string>> = {
  next: 'what is next first',
  trouble: 'trouble first',
  name: 'by name',
};

const STANDINGS: Readonly<Record<Standing, string>> = {
  good: 'valid',
  due: 'refresh due',
  requested: 'waits',
  trouble: 'in trouble',
  expired: 'expired',
  none: 'no certificate yet',
};

/** A lane for every certificate, however many there are: its validity, its refresh window, its rotations. */
export function TimeLine({ certificates, span, now }: TimeLineProps) {
  const [search, setSearch] = useState('');
  const [order, setOrder] = useState<Order>('next');
  const [chosen, setChosen] = useState<string>();
  const rows = useMemo(() => listed(certificates.values(), { order, search, now }), [certificates, order, search, now]);
  const index = rows.findIndex(({ id }) => id === chosen);
  const row = chosen === undefined ? undefined : certificates.get(chosen);
  const move = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + 10,
      PageUp: index - 10,
      Home: 0,
      End: rows.length - 1,
    };
    const wanted = steps[event.key];
    if (wanted === undefined || rows.length === 0) return;
    event.preventDefault();
    setChosen(rows[Math.min(rows.length - 1, Math.max(0, wanted))]!.id);
  };
  const isFar = (at: number, share: number): boolean => Math.abs(at - now) > share * (span.to - span.from);
  return (
    <div class="time-line">
      <div class="tools">
        <input
          type="search"
          aria-label="Search pods, signers and problems"
          placeholder="Search pods, signers, problems"
          value={search}
          onInput={(event) => setSearch(event.currentTarget.value)}
        />
        <select
          aria-label="Order"
          value={order}
          onChange={(event) => {
            setOrder(event.currentTarget.value as Order);
            setChosen(undefined); // which would be kept in sight, wherever it comes to stand
          }}
        >
          {Object.entries(ORDERS).map(([id, title]) => (
            <option key={id} value={id}>
              {title}
            </option>
          ))}
        </select>
        <span class="muted small" role="status">
          {rows.length === certificates.size
            ? `${rows.length.toLocaleString('en')} ${rows.length === 1 ? 'certificate' : 'certificates'}`
            : `${rows.length.toLocaleString('en')} of ${certificates.size.toLocaleString('en')}`}
        </span>
        <ul class="legend" aria-label="Legend">
          <li>
            <i class="swatch valid" /> valid
          </li>
          <li>
            <i class="swatch window" /> to be refreshed
          </li>
          <li>
            <i class="swatch past" /> rotated before
          </li>
        </ul>
      </div>
      <div class="lane-row axis" aria-hidden="true">
        <span class="lane">
          {ticksIn(span, TICKS)
            .filter(({ at }) => isFar(at, NOW_ROOM))
            .map(({ at, text }) => (
              <span
                key={at}
                class={`tick ${isFar(at, NOW_ROOM_NARROW) ? '' : 'near'}`}
                style={{ left: `${positionIn(span, at)}%` }}
              >
                {text}
              </span>
            ))}
          <span class="now-label" style={{ left: `${positionIn(span, now)}%` }}>
            now
          </span>
        </span>
      </div>
      {rows.length === 0 ? (
        <p class="empty">{certificates.size === 0 ? 'No certificate was asked for yet.' : 'Nothing has this text.'}</p>
      ) : (
        <VirtualRows
          key={`${order} ${search}`} // another list begins at its top
          class="lanes"
          role="listbox"
          aria-label="Certificates; arrow keys choose one"
          tabIndex={0}
          aria-activedescendant={index === -1 ? undefined : `lane-${index}`}
          onKeyDown={move}
          count={rows.length}
          rowHeight={ROW_HEIGHT}
          shown={index === -1 ? undefined : index}
          row={(i) => (
            <Lane
              key={rows[i]!.id}
              row={rows[i]!}
              index={i}
              count={rows.length}
              span={span}
              now={now}
              isChosen={i === index}
              onChoose={() => setChosen(rows[i]!.id)}
            />
          )}
        />
      )}
      {row !== undefined && <Details row={row} now={now} />}
    </div>
  );
}

interface LaneProps {
  readonly row: CertificateStatus;
  readonly index: number;
  readonly count: number;
  readonly span: TimeSpan;
  readonly now: number;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

const nameOf = ({ pod, volume }: CertificateStatus): string => (volume === undefined ? pod : `${pod} ${volume}`);

const NEXT: Readonly<Record<Exclude<Next['what'], 'answer'>, string>> = {
  refresh: 'refresh',
  retry: 'asks again',
  end: 'ends',
};

function nextText(row: CertificateStatus, now: number): string {
  const next = nextOf(row, now);
  if (next === undefined) return '';
  return next.what === 'answer'
    ? `asked ${distanceText(row.requestedAt ?? now, now)}`
    : `${NEXT[next.what]} ${distanceText(next.at, now)}`;
}

function Lane({ row, index, count, span, now, isChosen, onChoose }: LaneProps) {
  const standing = standingOf(row, now);
  const certificate = inUse(row);
  const { held } = row;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list itself has the focus and the keys
    // biome-ignore lint/a11y/useFocusableInteractive: aria-activedescendant of the list
    <div
      id={`lane-${index}`}
      role="option"
      aria-posinset={index + 1}
      aria-setsize={count}
      aria-selected={isChosen}
      class={`lane-row ${standing}`}
      title={row.problem}
      onClick={onChoose}
    >
      <span class="lane-name">
        {row.pod} {row.volume !== undefined && <span class="muted">{row.volume}</span>}
      </span>
      <span class="lane" aria-hidden="true">
        {held.map(({ serialNumber, notBefore, refreshAt, notAfter }, i) => {
          const end = held[i + 1]?.notBefore ?? Math.min(refreshAt, notAfter);
          const kind = i === held.length - 1 ? 'valid' : 'past';
          return (
            end > span.from &&
            notBefore < span.to && <Bar key={serialNumber} kind={kind} span={span} from={notBefore} to={end} />
          );
        })}
        {certificate !== undefined && certificate.notAfter > span.from && certificate.refreshAt < span.to && (
          <Bar kind="window" span={span} from={certificate.refreshAt} to={certificate.notAfter} />
        )}
        <span class="now" style={{ left: `${positionIn(span, now)}%` }} />
      </span>
      <span class="lane-next">
        {standing === 'good' ? '' : <span class={`badge ${BADGES[standing]}`}>{STANDINGS[standing]}</span>}{' '}
        {nextText(row, now)}
      </span>
    </div>
  );
}

const BADGES: Readonly<Record<Standing, string>> = {
  good: 'good',
  due: 'warning',
  requested: 'note',
  trouble: 'error',
  expired: 'error',
  none: 'warning',
};

interface BarProps {
  readonly kind: 'valid' | 'past' | 'window';
  readonly span: TimeSpan;
  readonly from: number;
  readonly to: number;
}

const Bar = ({ kind, span, from, to }: BarProps) => {
  const start = positionIn(span, from);
  return <span class={`bar ${kind}`} style={{ left: `${start}%`, width: `${positionIn(span, to) - start}%` }} />;
};

/** What a lane has no room for. */
const Details = ({ row, now }: { readonly row: CertificateStatus; readonly now: number }) => (
  <section class="chosen" aria-label="The certificate that is chosen" aria-live="polite">
    <p>
      <strong>{nameOf(row)}</strong> <span class="muted">{row.signerName}</span>{' '}
      <span class={`badge ${BADGES[standingOf(row, now)]}`}>{STANDINGS[standingOf(row, now)]}</span>{' '}
      <span class="muted">
        {row.rotations === 1 ? 'one rotation' : `${row.rotations} rotations`}
        {nextOf(row, now) !== undefined && `, ${nextText(row, now)}`}
      </span>
    </p>
    {row.problem !== undefined && <p class="fault">{row.problem}</p>}
    {row.held.length > 0 && (
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">Serial number</th>
              <th scope="col">Valid from</th>
              <th scope="col">Refresh from</th>
              <th scope="col">Valid until</th>
            </tr>
          </thead>
          <tbody>
            {row.held.toReversed().map(({ serialNumber, notBefore, refreshAt, notAfter }) => (
              <tr key={serialNumber}>
                <td class="code">{serialNumber}</td>
                <td>{momentText(notBefore, now)}</td>
                <td>{momentText(refreshAt, now)}</td>
                <td>{momentText(notAfter, now)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    )}
  </section>
);
