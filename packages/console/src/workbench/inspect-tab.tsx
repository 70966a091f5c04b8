import { useEffect, useRef, useState } from 'preact/hooks';
import type { Document } from '../inspect/document.js';
import { InputError, readInput } from '../inspect/read-input.js';
import { contentOf } from '../view/files.js';
import { Notice } from '../view/notice.js';
import { DocumentView } from './document-view.js';
import { exampleChain } from './example.js';
import { worst } from './tree.js';

interface InspectTabProps {
  readonly input: Uint8Array | string;
  readonly onInput: (input: Uint8Array | string) => void;
}

/** Shows what PEM, DER and PKCS#12 hold. */
export function InspectTab({ input, onInput }: InspectTabProps) {
  const [documents, setDocuments] = useState<readonly Document[]>([]);
  const [chosen, setChosen] = useState(0);
  const [reading, setReading] = useState(0);
  const [fault, setFault] = useState('');
  const [isOver, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);

  useEffect(() => {
    let isCurrent = true;
    const show = (found: readonly Document[], message: string) => {
      if (!isCurrent) return;
      setDocuments(found);
      setFault(message);
      setChosen(0);
      setReading((count) => count + 1);
    };
    if (input.length === 0) show([], '');
    else
      readInput(input).then(
        (found) => show(found, ''),
        (error: unknown) => {
          show([], error instanceof InputError ? error.message : 'This cannot be shown, by a mistake of this page.');
          if (!(error instanceof InputError)) throw error;
        },
      );
    return () => {
      isCurrent = false;
    };
  }, [input]);

  const take = async (transfer: DataTransfer) => {
    const content = await contentOf(transfer);
    if (content !== undefined) onInput(content);
  };
  const document = documents[chosen];
  return (
    <section
      aria-label="Inspect"
      class={isOver ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (event.dataTransfer !== null) void take(event.dataTransfer);
      }}
    >
      <div class="source">
        <label for="inspect-text">
          PEM, base64 or hexadecimal text; or drop a file of any of these, of DER or of PKCS#12 anywhere here
        </label>
        <textarea
          id="inspect-text"
          class="code"
          rows={documents.length > 0 ? 3 : 7}
          spellcheck={false}
          autocomplete="off"
          placeholder="-----BEGIN CERTIFICATE-----"
          value={typeof input === 'string' ? input : ''}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
        <div class="actions">
          <input
            ref={picker}
            type="file"
            class="visually-hidden"
            aria-label="File to inspect"
            tabIndex={-1}
            onChange={(event) => {
              const [file] = event.currentTarget.files ?? [];
              if (file !== undefined) void file.arrayBuffer().then((content) => onInput(new Uint8Array(content)));
              event.currentTarget.value = '';
            }}
          />
          <button type="button" onClick={() => picker.current!.click()}>
            Open a file…
          </button>
          <button type="button" onClick={() => onInput(exampleChain.join(''))}>
            Show an example
          </button>
          {input.length > 0 && (
            <button type="button" class="quiet" onClick={() => onInput('')}>
              Clear
            </button>
          )}
          {typeof input !== 'string' && <span class="muted small">A file of {input.length} octets</span>}
        </div>
      </div>
      {fault !== '' && <Notice kind="bad">{fault}</Notice>}
      {input.length === 0 && (
        <p class="empty">Nothing to show yet. What you paste or drop is read here, and stays here.</p>
      )}
      {documents.length > 1 && (
        <ul class="documents" aria-label="What the input holds">
          {documents.map(({ kind, title, origin, problems }, i) => (
            <li key={`${origin} ${i}`}>
              <button type="button" aria-pressed={i === chosen} onClick={() => setChosen(i)}>
                <span class="muted">{kind.title}</span>
                <strong>{title}</strong>
                <span class="muted small">{origin}</span>
                {problems.length > 0 && (
                  <span class={`badge ${worst(problems)}`}>
                    {problems.length === 1 ? '1 finding' : `${problems.length} findings`}
                  </span>
                )}
              </button>
            </li>
          ))}
        </ul>
      )}
      {document !== undefined && (
        <>
          <h2 class="document-title">
            <span class="muted">{document.kind.title}</span>{' '}
            {document.title === document.kind.title ? '' : document.title}
          </h2>
          <DocumentView
            key={`${reading} ${chosen}`}
            document={document}
            onOpened={(opened) => {
              setDocuments([...documents.slice(0, chosen + 1), ...opened, ...documents.slice(chosen + 1)]);
              setChosen(opened.length > 0 ? chosen + 1 : chosen);
            }}
          />
        </>
      )}
    </section>
  );
}
