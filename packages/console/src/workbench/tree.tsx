import { useMemo } from 'preact/hooks';
import type { Problem } from '../inspect/document.js';
import type { Field } from '../inspect/field.js';
import { VirtualRows } from '../view/virtual-rows.js';

const ROW_HEIGHT = 28;

interface TreeProps {
  readonly root: Field;
  readonly problems: readonly Problem[];
  readonly selected: Field;
  readonly closed: ReadonlySet<Field>;
  readonly onSelect: (field: Field) => void;
  readonly onToggle: (field: Field) => void;
  readonly onHover: (field: Field | undefined) => void;
}

/** A field as a row. */
interface Row {
  readonly field: Field;
  readonly level: number;
  readonly position: number;
  readonly siblings: number;
  readonly parent: number;
}

function rowsOf(root: Field, closed: ReadonlySet<Field>): readonly Row[] {
  const rows: Row[] = [];
  const add = (field: Field, level: number, position: number, siblings: number, parent: number): void => {
    const index = rows.push({ field, level, position, siblings, parent }) - 1;
    if (closed.has(field)) return;
    for (const [i, child] of field.children.entries()) add(child, level + 1, i + 1, field.children.length, index);
  };
  add(root, 1, 1, 1, -1);
  return rows;
}

/** The structure as a tree by the pattern of the ARIA Authoring Practices. */
export function Tree({ root, problems, selected, closed, onSelect, onToggle, onHover }: TreeProps) {
  const rows = useMemo(() => rowsOf(root, closed), [root, closed]);
  const now = rows.findIndex(({ field }) => field === selected);
  const move = (event: KeyboardEvent) => {
    const row = rows[now];
    if (row === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const { field, parent } = row;
    const isOpen = field.children.length > 0 && !closed.has(field);
    const target: Readonly<Record<string, number | (() => void)>> = {
      ArrowDown: now + 1,
      ArrowUp: now - 1,
      PageDown: Math.min(rows.length - 1, now + 12),
      PageUp: Math.max(0, now - 12),
      Home: 0,
      End: rows.length - 1,
      ArrowRight: isOpen ? now + 1 : () => field.children.length > 0 && onToggle(field),
      ArrowLeft: isOpen ? () => onToggle(field) : parent,
      Enter: () => field.children.length > 0 && onToggle(field),
      ' ': () => field.children.length > 0 && onToggle(field),
    };
    const what = target[event.key];
    if (what === undefined) return;
    event.preventDefault();
    if (typeof what === 'function') what();
    else if (rows[what] !== undefined) onSelect(rows[what].field);
  };
  return (
    <VirtualRows
      class="tree"
      role="tree"
      aria-label="Fields"
      tabIndex={0}
      aria-activedescendant={now === -1 ? undefined : `row-${now}`}
      onKeyDown={move}
      onMouseLeave={() => onHover(undefined)}
      count={rows.length}
      rowHeight={ROW_HEIGHT}
      shown={now}
      row={(index) => {
        const { field, level, position, siblings } = rows[index]!;
        const found = problems.filter((problem) => problem.field === field);
        const isParent = field.children.length > 0;
        return (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the tree itself has the focus and the keys
          // biome-ignore lint/a11y/useFocusableInteractive: aria-activedescendant of the tree
          <div
            key={`${field.path}@${field.offset}`}
            id={`row-${index}`}
            role="treeitem"
            aria-level={level}
            aria-posinset={position}
            aria-setsize={siblings}
            aria-selected={field === selected}
            {...(isParent && { 'aria-expanded': !closed.has(field) })}
            class={`tree-row${found.length > 0 ? ` has-${worst(found)}` : ''}`}
            style={{ paddingInlineStart: `${(level - 1) * 0.85 + 0.25}rem` }}
            onClick={() => onSelect(field)}
            onDblClick={() => isParent && onToggle(field)}
            onMouseEnter={() => onHover(field)}
          >
            <span
              class="twist"
              aria-hidden="true"
              onClick={(event) => {
                event.stopPropagation();
                if (isParent) onToggle(field);
              }}
            >
              {isParent ? (closed.has(field) ? '▸' : '▾') : ''}
            </span>
            <span class="tree-label">{field.label}</span>
            {found.length > 0 && (
              <span class={`badge ${worst(found)}`} title={found.map(({ message }) => message).join('\n')}>
                {worst(found)}
              </span>
            )}
            <span class="tree-text">{field.text || (isParent ? '' : field.type)}</span>
          </div>
        );
      }}
    />
  );
}

/** The gravest of several. */
export function worst(problems: readonly Problem[]): Problem['severity'] {
  const severities = problems.map(({ severity }) => severity);
  return severities.includes('fault') ? 'fault' : severities.includes('error') ? 'error' : 'warning';
}
