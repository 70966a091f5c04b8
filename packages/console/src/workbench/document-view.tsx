import { useEffect, useMemo, useState } from 'preact/hooks';
import { type Document, isInputFault, type Problem } from '../inspect/document.js';
import { allFields, type Field, fieldsAt } from '../inspect/field.js';
import { isLocked, openDocument } from '../inspect/open.js';
import { Notice } from '../view/notice.js';
import { HexView } from './hex-view.js';
import { KeptUnder } from './kept-under.js';
import { Tree } from './tree.js';

interface DocumentViewProps {
  readonly document: Document;
  readonly onOpened: (documents: readonly Document[]) => void;
}

/** Fields that a tree opens at first; more are closed from the second level on. */
const OPEN_FIELDS = 1200;

function firstClosed(root: Field): ReadonlySet<Field> {
  const fields = [...allFields(root)];
  if (fields.length > OPEN_FIELDS)
    return new Set(fields.filter((field) => field.children.length > 8 && field !== root));
  // Names and extensions say in their own line what is below.
  return new Set(fields.filter(({ children, text }) => children.length > 0 && text !== ''));
}

/** One structure: what it says, what is wrong with it, its fields beside its octets. */
export function DocumentView({ document, onOpened }: DocumentViewProps) {
  const { root, bytes, facts, problems, isRewritten } = document;
  const [selected, setSelected] = useState(root);
  const [hovered, setHovered] = useState<Field>();
  const [cursor, setCursor] = useState(0);
  const [closed, setClosed] = useState(() => firstClosed(root));
  const [isRevealed, setRevealed] = useState(false);
  const hasSecret = useMemo(() => [...allFields(root)].some((field) => field.isSecret), [root]);

  const reveal = (trail: readonly Field[]) => {
    if (trail.slice(0, -1).some((field) => closed.has(field)))
      setClosed(new Set([...closed].filter((field) => !trail.slice(0, -1).includes(field))));
  };
  const select = (field: Field, at: number = field.offset) => {
    reveal(trailTo(root, field));
    setSelected(field);
    setCursor(at);
  };
  const selectByte = (offset: number) => select(fieldsAt(root, offset).at(-1) ?? root, offset);
  const toggle = (field: Field) => {
    const next = new Set(closed);
    if (!next.delete(field)) next.add(field);
    setClosed(next);
  };
  const first = problems[0];
  useEffect(() => {
    if (first?.severity === 'fault') select(first.field, first.offset);
  }, [first]);

  return (
    <div class="document">
      {facts.length > 0 && (
        <dl class="facts">
          {facts.map(({ name, value, isCode, judgement }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd class={[isCode && 'code', judgement].filter(Boolean).join(' ')}>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      {isLocked(document) && <Unlock document={document} onOpened={onOpened} />}
      {isRewritten && (
        <Notice kind="note">This file is BER. Fields and offsets are those of the same content written as DER.</Notice>
      )}
      {problems.length > 0 && (
        <Problems problems={problems} onSelect={(problem) => select(problem.field, problem.offset)} />
      )}
      {bytes.length > 0 && (
        <div class="split">
          <section aria-label="Structure" class="pane">
            <Tree
              root={root}
              problems={problems}
              selected={selected}
              closed={closed}
              onSelect={(field) => select(field)}
              onToggle={toggle}
              onHover={setHovered}
            />
          </section>
          <section aria-label="Octets of the structure" class="pane">
            <HexView
              bytes={bytes}
              root={root}
              selected={selected}
              hovered={hovered}
              cursor={cursor}
              isRevealed={isRevealed}
              onSelect={selectByte}
              onHover={(offset) => setHovered(offset === undefined ? undefined : fieldsAt(root, offset).at(-1))}
            />
          </section>
          <Details field={selected} problems={problems} isRevealed={isRevealed}>
            {hasSecret && (
              <button type="button" onClick={() => setRevealed(!isRevealed)}>
                {isRevealed ? 'Hide the octets of the private key' : 'Show the octets of the private key'}
              </button>
            )}
          </Details>
        </div>
      )}
    </div>
  );
}

function trailTo(root: Field, wanted: Field): readonly Field[] {
  if (root === wanted) return [root];
  for (const child of root.children) {
    if (wanted.offset < child.offset || wanted.end > child.end) continue;
    const trail = trailTo(child, wanted);
    if (trail.length > 0) return [root, ...trail];
  }
  return [];
}

interface DetailsProps {
  readonly field: Field;
  readonly problems: readonly Problem[];
  readonly isRevealed: boolean;
  readonly children: import('preact').ComponentChildren;
}

/** What one line of the tree has no room for. */
function Details({ field, problems, children }: DetailsProps) {
  const { path, type, text, oid, offset, end } = field;
  const found = problems.filter((problem) => problem.field === field);
  return (
    <section class="details" aria-label="The field that is chosen" aria-live="polite">
      <p class="code path">{path}</p>
      <p class="muted">
        {type}
        {oid !== undefined && ` · ${oid}`} · {range(offset, end)}
      </p>
      {text !== '' && <p class="value">{text}</p>}
      {found.map(({ severity, message, source }) => (
        <p key={message} class={`finding ${severity}`}>
          <span class={`badge ${severity}`}>{severity}</span> {message} <span class="muted">{source}</span>
        </p>
      ))}
      {children}
    </section>
  );
}

const range = (offset: number, end: number): string =>
  end - offset <= 1 ? `byte ${offset}` : `bytes ${offset} to ${end - 1}, ${end - offset} octets`;

interface ProblemsProps {
  readonly problems: readonly Problem[];
  readonly onSelect: (problem: Problem) => void;
}

const Problems = ({ problems, onSelect }: ProblemsProps) => (
  <ul class="problems" aria-label="What is wrong">
    {problems.map((problem) => (
      <li key={`${problem.offset} ${problem.message}`}>
        <button type="button" class="plain" onClick={() => onSelect(problem)}>
          <span class={`badge ${problem.severity}`}>{problem.severity}</span>
          <span>
            {problem.message} <span class="muted">{problem.source}</span>
          </span>
          <span class="muted code">byte {problem.offset}</span>
        </button>
      </li>
    ))}
  </ul>
);

/** Asks for the password of what is encrypted. */
function Unlock({ document, onOpened }: DocumentViewProps) {
  const [password, setPassword] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const open = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setFault('');
    try {
      onOpened(await openDocument(document, password));
      setPassword('');
    } catch (error) {
      if (!isInputFault(error)) throw error;
      setFault(
        error.code.endsWith('_PASSWORD') ? 'This password does not open it.' : `${error.message} (${error.code}).`,
      );
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="unlock" onSubmit={open}>
      <KeptUnder name={document.title} />
      <label>
        Password
        <input
          type="password"
          autocomplete="off"
          value={password}
          aria-invalid={fault !== ''}
          aria-describedby="unlock-fault"
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="primary" disabled={isBusy}>
        {isBusy ? 'Opening…' : 'Open'}
      </button>
      <p id="unlock-fault" class="fault" role="alert">
        {fault}
      </p>
    </form>
  );
}
