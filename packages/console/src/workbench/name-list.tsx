import { useRef } from 'preact/hooks';
import { kindOf, type NameKind, nameFault, nameKinds, splitNames, type TypedName } from './request-fields.js';

const PLACEHOLDERS: Readonly<Record<NameKind, string>> = {
  DNS: 'orders.example.org',
  IP: '192.0.2.7',
  URI: 'spiffe://example.org/ns/shop/sa/orders',
  email: 'user@example.org',
};

interface NameListProps {
  readonly names: readonly TypedName[];
  readonly onNames: (names: readonly TypedName[]) => void;
}

/** The alternative names: a line each, a list where one is pasted. */
export function NameList({ names, onNames }: NameListProps) {
  const list = useRef<HTMLUListElement>(null);
  const change = (index: number, changed: Partial<TypedName>) =>
    onNames(names.map((name, i) => (i === index ? { ...name, ...changed } : name)));
  const add = () => {
    onNames([...names, { kind: names.at(-1)?.kind ?? 'DNS', text: '' }]);
    requestAnimationFrame(() => list.current?.querySelector<HTMLInputElement>('li:last-child input')?.focus());
  };
  const paste = (index: number, event: ClipboardEvent) => {
    const pasted = splitNames(event.clipboardData?.getData('text/plain') ?? '');
    if (pasted.length < 2 && names[index]!.text !== '') return;
    if (pasted.length === 0) return;
    event.preventDefault();
    onNames([...names.slice(0, index), ...pasted, ...names.slice(index + (names[index]!.text === '' ? 1 : 0))]);
  };
  return (
    <fieldset>
      <legend>Names</legend>
      <ul class="names" ref={list}>
        {names.map((name, index) => {
          const wrong = nameFault(name);
          return (
            <li key={index}>
              <select
                aria-label={`Kind of name ${index + 1}`}
                value={name.kind}
                onChange={(event) => change(index, { kind: event.currentTarget.value as NameKind })}
              >
                {nameKinds.map((kind) => (
                  <option key={kind}>{kind}</option>
                ))}
              </select>
              <input
                type="text"
                class="code"
                aria-label={`Name ${index + 1}`}
                autocomplete="off"
                spellcheck={false}
                placeholder={PLACEHOLDERS[name.kind]}
                value={name.text}
                aria-invalid={wrong !== undefined}
                aria-describedby={`name-note-${index}`}
                onInput={(event) => change(index, { text: event.currentTarget.value.trim() })}
                onPaste={(event) => paste(index, event)}
                onKeyDown={(event) => {
                  if (event.key !== 'Enter' || name.text === '') return;
                  event.preventDefault();
                  add();
                }}
              />
              <button
                type="button"
                class="quiet"
                aria-label={`Remove name ${index + 1}`}
                onClick={() =>
                  onNames(names.length === 1 ? [{ kind: 'DNS', text: '' }] : names.filter((_, i) => i !== index))
                }
              >
                ✕
              </button>
              <p id={`name-note-${index}`} class="fault">
                {wrong ?? ''}
                {wrong !== undefined && kindOf(name.text) !== name.kind && (
                  <button type="button" class="link" onClick={() => change(index, { kind: kindOf(name.text) })}>
                    Make it {kindOf(name.text)}
                  </button>
                )}
              </p>
            </li>
          );
        })}
      </ul>
      <div class="actions">
        <button type="button" onClick={add}>
          Add a name
        </button>
        <span class="hint">Paste a list to add many at once.</span>
      </div>
    </fieldset>
  );
}
