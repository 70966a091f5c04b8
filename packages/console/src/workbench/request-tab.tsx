import { useEffect, useState } from 'preact/hooks';
import { Notice } from '../view/notice.js';
import { type KeyChoice, keyChoices, type MadeRequest, makeRequest } from './made-request.js';
import { NameList } from './name-list.js';
import { nameFault, type Subject, subjectFault, subjectFields, type TypedName } from './request-fields.js';
import { RequestResult } from './request-result.js';

const KEY_NOTES: Readonly<Record<KeyChoice, string>> = {
  'P-256': 'Small and fast; every program knows it.',
  'P-384': 'A larger margin; every program knows it.',
  'P-521': 'The largest NIST curve; some programs lack it.',
  Ed25519: 'Small and fast; browsers do not accept it in servers’ certificates yet.',
  'RSA-2048': 'For old programs. Large requests and signatures.',
  'RSA-3072': 'For old programs; takes a moment to make.',
  'RSA-4096': 'For old programs; takes some seconds to make.',
};

interface RequestTabProps {
  readonly onInspect: (pem: string) => void;
}

/** Makes a key and a certification request. */
export function RequestTab({ onInspect }: RequestTabProps) {
  const [keyType, setKeyType] = useState<KeyChoice>('P-256');
  const [isExtractable, setExtractable] = useState(true);
  const [subject, setSubject] = useState<Subject>({});
  const [names, setNames] = useState<readonly TypedName[]>([{ kind: 'DNS', text: '' }]);
  const [made, setMade] = useState<MadeRequest>();
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const hasEd25519 = useHasEd25519();

  const faults = [
    ...subjectFields.map(({ type }) => subjectFault(type, subject[type] ?? '')),
    ...names.map((name) => nameFault(name)),
  ].filter((found) => found !== undefined);
  const isEmpty = Object.values(subject).every((value) => !value) && names.every(({ text }) => text === '');

  const make = async (event: Event) => {
    event.preventDefault();
    if (isEmpty) return setFault('Give the request a common name or a name below it: without any it asks for nobody.');
    if (faults.length > 0)
      return setFault(
        faults.length === 1 ? 'One field needs another look.' : `${faults.length} fields need another look.`,
      );
    setFault('');
    setBusy(true);
    try {
      setMade(await makeRequest({ keyType, isExtractable, subject, names }));
    } catch (error) {
      setMade(undefined);
      setFault(`The browser could not make this key: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      setBusy(false);
    }
  };

  return (
    <div class="request">
      <form onSubmit={make} aria-label="Certification request" noValidate>
        <fieldset>
          <legend>Key</legend>
          <div class="field">
            <label for="key-type">Key type</label>
            <select
              id="key-type"
              value={keyType}
              aria-describedby="key-note"
              onChange={(event) => setKeyType(event.currentTarget.value as KeyChoice)}
            >
              {keyChoices.map((choice) => (
                <option key={choice} value={choice} disabled={choice === 'Ed25519' && hasEd25519 === false}>
                  {choice === 'Ed25519' && hasEd25519 === false ? 'Ed25519 (not in this browser)' : choice}
                </option>
              ))}
            </select>
            <p id="key-note" class="hint">
              {KEY_NOTES[keyType]}
            </p>
          </div>
          <label class="check">
            <input
              type="checkbox"
              checked={!isExtractable}
              onChange={(event) => setExtractable(!event.currentTarget.checked)}
            />
            <span>
              Not extractable
              <span class="hint">
                The key cannot leave the browser, not even as a download, and ends with this page.
              </span>
            </span>
          </label>
        </fieldset>
        <fieldset>
          <legend>Subject</legend>
          <div class="grid">
            {subjectFields.toReversed().map((field) => {
              const { type, label } = field;
              const hint = 'hint' in field ? field.hint : undefined;
              const value = subject[type] ?? '';
              const wrong = subjectFault(type, value);
              return (
                <div class={`field ${type}`} key={type}>
                  <label for={`subject-${type}`}>{label}</label>
                  <input
                    id={`subject-${type}`}
                    type="text"
                    autocomplete="off"
                    spellcheck={false}
                    value={value}
                    aria-invalid={wrong !== undefined}
                    aria-describedby={`note-${type}`}
                    onInput={(event) => setSubject({ ...subject, [type]: event.currentTarget.value })}
                  />
                  <p id={`note-${type}`} class={wrong === undefined ? 'hint' : 'fault'}>
                    {wrong ?? hint ?? ''}
                  </p>
                </div>
              );
            })}
          </div>
        </fieldset>
        <NameList names={names} onNames={setNames} />
        <div class="actions">
          <button type="submit" class="primary" disabled={isBusy}>
            {isBusy ? 'Making the key…' : 'Make key and request'}
          </button>
        </div>
        {fault !== '' && <Notice kind="bad">{fault}</Notice>}
      </form>
      <div class="result">
        {made === undefined ? (
          <p class="empty">The request appears here, with the key that signed it. Both are made by your browser.</p>
        ) : (
          <RequestResult key={made.pem} made={made} onInspect={onInspect} />
        )}
      </div>
    </div>
  );
}

/** Whether this browser makes Ed25519 keys; `undefined` until it is known. */
function useHasEd25519(): boolean | undefined {
  const [has, setHas] = useState<boolean>();
  useEffect(() => {
    if (crypto.subtle === undefined) return setHas(false);
    crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']).then(
      () => setHas(true),
      () => setHas(false), // the answer
    );
  }, []);
  return has;
}
