import { encodePem } from '@mayfly/der/pem';
import type { PathAttempt, PathMode, PathResult } from '@mayfly/x509/path';
import { useState } from 'preact/hooks';
import { timeText } from '../inspect/value.js';
import { contentOf } from '../view/files.js';
import { Notice } from '../view/notice.js';
import { exampleChain } from './example.js';
import { FormFault, subjectText, succeeded, type VerificationForm, verifyChain } from './verification.js';

const MODES: Readonly<Record<PathMode, string>> = {
  rfc5280: 'RFC 5280, all of it',
  workload: 'Workloads (91 days at most)',
  webpki: 'Web servers (CA/Browser Forum)',
  path: 'RFC 5280 §6, the path alone',
};

interface VerifyTabProps {
  readonly onInspect: (pem: string) => void;
}

const now = (): string => new Date().toISOString().slice(0, 16);

/** Verifies a chain against roots, and says why. */
export function VerifyTab({ onInspect }: VerifyTabProps) {
  const [chain, setChain] = useState<string | Uint8Array>('');
  const [roots, setRoots] = useState<string | Uint8Array>('');
  const [time, setTime] = useState(now);
  const [purpose, setPurpose] = useState<VerificationForm['purpose']>('');
  const [name, setName] = useState('');
  const [mode, setMode] = useState<PathMode>('rfc5280');
  const [fault, setFault] = useState<FormFault>();
  const [result, setResult] = useState<PathResult>();
  const [at, setAt] = useState(0);

  const verify = async (form: VerificationForm) => {
    setFault(undefined);
    setResult(undefined);
    try {
      setResult(await verifyChain(form));
      setAt(form.at);
    } catch (error) {
      if (!(error instanceof FormFault)) throw error;
      setFault(error);
    }
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const seconds = Math.floor(Date.parse(`${time}Z`) / 1000);
    if (Number.isNaN(seconds)) return setFault(new FormFault('at', 'Choose a date and a time.'));
    return verify({ chain, roots, at: seconds, purpose, name, mode });
  };
  const showExample = () => {
    setChain(exampleChain.slice(0, 2).join(''));
    setRoots(exampleChain[2]!);
    setName('orders.example.org');
    setPurpose('serverAuth');
  };
  return (
    <div class="verify">
      <form onSubmit={submit} aria-label="Verification" noValidate>
        <div class="columns">
          <CertificateField
            id="verify-chain"
            label="Certificate, then its intermediates"
            value={chain}
            onValue={setChain}
            fault={fault?.field === 'chain' ? fault.message : undefined}
          />
          <CertificateField
            id="verify-roots"
            label="Roots that you trust"
            value={roots}
            onValue={setRoots}
            fault={fault?.field === 'roots' ? fault.message : undefined}
          />
        </div>
        <div class="grid">
          <div class="field">
            <label for="verify-time">At this time (UTC)</label>
            <input
              id="verify-time"
              type="datetime-local"
              value={time}
              aria-invalid={fault?.field === 'at'}
              aria-describedby="verify-time-note"
              onInput={(event) => setTime(event.currentTarget.value)}
            />
            <p id="verify-time-note" class="fault">
              {fault?.field === 'at' ? fault.message : ''}
            </p>
          </div>
          <div class="field">
            <label for="verify-name">Name that it must have</label>
            <input
              id="verify-name"
              type="text"
              class="code"
              autocomplete="off"
              spellcheck={false}
              placeholder="any"
              value={name}
              aria-invalid={fault?.field === 'name'}
              aria-describedby="verify-name-note"
              onInput={(event) => setName(event.currentTarget.value)}
            />
            <p id="verify-name-note" class="fault">
              {fault?.field === 'name' ? fault.message : ''}
            </p>
          </div>
          <div class="field">
            <label for="verify-purpose">Purpose</label>
            <select
              id="verify-purpose"
              value={purpose}
              onChange={(event) => setPurpose(event.currentTarget.value as VerificationForm['purpose'])}
            >
              <option value="">any</option>
              <option value="serverAuth">TLS server</option>
              <option value="clientAuth">TLS client</option>
              <option value="codeSigning">code signing</option>
              <option value="emailProtection">email</option>
            </select>
          </div>
          <div class="field">
            <label for="verify-mode">Rules</label>
            <select id="verify-mode" value={mode} onChange={(event) => setMode(event.currentTarget.value as PathMode)}>
              {Object.entries(MODES).map(([id, title]) => (
                <option key={id} value={id}>
                  {title}
                </option>
              ))}
            </select>
          </div>
        </div>
        <div class="actions">
          <button type="submit" class="primary">
            Verify
          </button>
          <button type="button" onClick={showExample}>
            Fill in an example
          </button>
          <button type="button" class="quiet" onClick={() => setTime(now())}>
            Set the time to now
          </button>
        </div>
      </form>
      {result === undefined ? (
        <p class="empty">
          The verdict appears here, with the path that was found and every other one that was tried. Nobody is asked
          whether a certificate is revoked: that would leave the page.
        </p>
      ) : (
        <Verdict result={result} at={at} onInspect={onInspect} />
      )}
    </div>
  );
}

interface CertificateFieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: string | Uint8Array;
  readonly onValue: (value: string | Uint8Array) => void;
  readonly fault: string | undefined;
}

const CertificateField = ({ id, label, value, onValue, fault }: CertificateFieldProps) => (
  <div class="field">
    <label for={id}>{label}</label>
    <textarea
      id={id}
      class="code"
      rows={8}
      spellcheck={false}
      autocomplete="off"
      placeholder={typeof value === 'string' ? '-----BEGIN CERTIFICATE-----' : `A file of ${value.length} octets`}
      value={typeof value === 'string' ? value : ''}
      aria-invalid={fault !== undefined}
      aria-describedby={`${id}-note`}
      onInput={(event) => onValue(event.currentTarget.value)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        if (event.dataTransfer === null || event.dataTransfer.files.length === 0) return;
        event.preventDefault();
        void contentOf(event.dataTransfer).then((content) => content !== undefined && onValue(content));
      }}
    />
    <p id={`${id}-note`} class={fault === undefined ? 'hint' : 'fault'}>
      {fault ?? 'PEM, or a file dropped here'}
    </p>
  </div>
);

interface VerdictProps {
  readonly result: PathResult;
  readonly at: number;
  readonly onInspect: (pem: string) => void;
}

function Verdict({ result, at, onInspect }: VerdictProps) {
  return (
    <section aria-label="Verdict" class="verdict">
      {result.ok ? (
        <Notice kind="good">
          <strong>Valid</strong> on {timeText(at)}: the path ends at a root that you trust.
        </Notice>
      ) : (
        <Notice kind="bad">
          <strong>Refused</strong> on {timeText(at)}: {result.message} <span class="muted">{result.rule}</span>
        </Notice>
      )}
      <h2>{result.ok ? 'The path' : 'As far as it came'}</h2>
      <ol class="chain">
        {result.chain.map((certificate) => (
          <li key={certificate.serialNumber} class={result.ok && certificate === result.anchor ? 'anchor' : ''}>
            <span>
              <strong>{subjectText(certificate.subject)}</strong>
              <span class="muted small">
                {timeText(certificate.validity.notBefore)} to {timeText(certificate.validity.notAfter)}
                {result.ok && certificate === result.anchor && ', a root that you trust'}
              </span>
            </span>
            <button type="button" onClick={() => onInspect(encodePem('CERTIFICATE', certificate.der))}>
              Inspect
            </button>
          </li>
        ))}
      </ol>
      {result.attempt !== undefined && (
        <>
          <h2>What was tried</h2>
          <ul class="attempts">
            <Attempt attempt={result.attempt} />
          </ul>
        </>
      )}
    </section>
  );
}

/** One certificate on a way up, and who may have issued it. */
const Attempt = ({ attempt }: { readonly attempt: PathAttempt }) => {
  const { fault, isAnchor, issuers, subject } = attempt;
  const isGood = succeeded(attempt);
  return (
    <li class={isGood ? 'good' : 'bad'}>
      <div>
        <span class="mark" aria-hidden="true">
          {isGood ? '✓' : '✕'}
        </span>
        <span>
          <strong>{subjectText(subject)}</strong> {isAnchor && <span class="badge note">root</span>}
          {fault !== undefined && (
            <span class="reason">
              <span class="badge fault">{fault.reason}</span> {fault.message} <span class="muted">{fault.rule}</span>
            </span>
          )}
          {fault === undefined && !isAnchor && issuers.length === 0 && (
            <span class="reason muted">nobody that could have issued it is here</span>
          )}
        </span>
      </div>
      {issuers.length > 0 && (
        <ul>
          {issuers.map((issuer, i) => (
            <Attempt key={i} attempt={issuer} />
          ))}
        </ul>
      )}
    </li>
  );
};
