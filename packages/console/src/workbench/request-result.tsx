import { useState } from 'preact/hooks';
import { isInputFault } from '../inspect/document.js';
import { download } from '../view/files.js';
import { Notice } from '../view/notice.js';
import { KeptUnder } from './kept-under.js';
import { type MadeRequest, pkcs12File, privateKeyPem } from './made-request.js';

interface RequestResultProps {
  readonly made: MadeRequest;
  readonly onInspect: (pem: string) => void;
}

/** The request and what can be taken away. */
export function RequestResult({ made, onInspect }: RequestResultProps) {
  const { der, pem, stem, isExtractable } = made;
  const shown = pem.trimEnd(); // a last line that is empty has some browsers scroll
  const [isCopied, setCopied] = useState<boolean>();
  const copy = () =>
    navigator.clipboard.writeText(pem).then(
      () => setCopied(true),
      () => setCopied(false), // no permission; said below
    );
  return (
    <>
      <h2>Request</h2>
      <textarea class="code pem" readOnly rows={shown.split('\n').length} aria-label="Request as PEM" value={shown} />
      <div class="actions">
        <button type="button" class="primary" onClick={copy}>
          Copy
        </button>
        <button type="button" onClick={() => download(`${stem}.csr`, pem, 'application/x-pem-file')}>
          Save as PEM
        </button>
        <button type="button" onClick={() => download(`${stem}.p10`, der, 'application/pkcs10')}>
          Save as DER
        </button>
        <button type="button" onClick={() => onInspect(pem)}>
          Inspect
        </button>
        <span role="status" class="hint">
          {isCopied === true
            ? 'Copied.'
            : isCopied === false
              ? 'The browser refused; select the text and copy it.'
              : ''}
        </span>
      </div>
      <h2>Key</h2>
      {isExtractable ? (
        <KeyDownloads made={made} />
      ) : (
        <Notice kind="note">This key is not extractable: it stays in the browser and ends with this page.</Notice>
      )}
    </>
  );
}

/** The private key as PEM or PKCS#12. */
function KeyDownloads({ made }: { readonly made: MadeRequest }) {
  const [password, setPassword] = useState('');
  const [certificates, setCertificates] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [fault, setFault] = useState('');
  const save = async (body: () => Promise<void>) => {
    setFault('');
    setBusy(true);
    try {
      await body();
    } catch (error) {
      if (!isInputFault(error) && !(error instanceof RangeError)) throw error;
      setFault(error.message);
    } finally {
      setBusy(false);
    }
  };
  const saveKey = () =>
    save(async () => download(`${made.stem}.key`, await privateKeyPem(made, password), 'application/x-pem-file'));
  const savePkcs12 = (event: Event) => {
    event.preventDefault();
    return save(async () => {
      if (password === '') throw new RangeError('A PKCS#12 file needs a password.');
      download(`${made.stem}.p12`, await pkcs12File(made, password, certificates), 'application/x-pkcs12');
    });
  };
  return (
    <form onSubmit={savePkcs12} aria-label="Key">
      <KeptUnder name={made.stem} />
      <div class="field">
        <label for="key-password">Password</label>
        <input
          id="key-password"
          type="password"
          autocomplete="new-password"
          value={password}
          aria-describedby="key-password-note"
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
        <p id="key-password-note" class="hint">
          {password === '' ? 'Without one the key is saved as it is.' : passwordNote(password)}
        </p>
      </div>
      <details>
        <summary>Add the certificate, once it is issued</summary>
        <div class="field">
          <label for="key-certificates">Certificate and chain as PEM, for PKCS#12</label>
          <textarea
            id="key-certificates"
            class="code"
            rows={4}
            spellcheck={false}
            autocomplete="off"
            value={certificates}
            onInput={(event) => setCertificates(event.currentTarget.value)}
          />
        </div>
      </details>
      <div class="actions">
        <button type="button" disabled={isBusy} onClick={saveKey}>
          {password === '' ? 'Save key' : 'Save encrypted key'}
        </button>
        <button type="submit" disabled={isBusy}>
          Save as PKCS#12
        </button>
      </div>
      {fault !== '' && <Notice kind="bad">{fault}</Notice>}
    </form>
  );
}

const passwordNote = (password: string): string =>
  /^[\x20-\x7e]*$/.test(password)
    ? 'It encrypts the key, and the PKCS#12 file.'
    : 'Java does not open PKCS#12 files under a password outside ASCII.';
