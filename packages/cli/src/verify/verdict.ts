import type { Oid, Seconds } from '@mayfly/der';
import type { Certificate } from '@mayfly/x509';
import type { PathAttempt, PathMode, PathRefusalReason, PathResult } from '@mayfly/x509/path';
import { nameFact } from '../inspect/description.js';
import { serialNumberText } from '../inspect/extensions.js';
import { formatTime, printable } from '../terminal-text.js';

/** What came out, as `--json` prints it; `ok`, `reason` and `rule` are for programs. */
export interface Verdict {
  readonly ok: boolean;
  readonly at: string;
  readonly mode: PathMode;
  /** From the leaf to the anchor; of a refusal, to the certificate that is to blame. */
  readonly chain: readonly CertificateSummary[];
  /** Policies that an accepted path is good for; `2.5.29.32.0` where all would do. */
  readonly policies?: readonly Oid[];
  readonly reason?: PathRefusalReason;
  /** Where the rule stands that is broken. */
  readonly rule?: string;
  readonly message?: string;
  /** The certificate that is to blame. */
  readonly certificate?: CertificateSummary;
  /** All that was tried, from the leaf up. */
  readonly attempt?: AttemptSummary;
}

/** Enough of a certificate to know which one is meant. */
export interface CertificateSummary {
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

/** A certificate that was tried, and those that were tried above it. */
export interface AttemptSummary {
  readonly subject: string;
  readonly serialNumber?: string;
  readonly trusted: boolean;
  readonly reason?: PathRefusalReason;
  readonly rule?: string;
  readonly message?: string;
  readonly issuers: readonly AttemptSummary[];
}

/** Turns a result into what people and programs are told. */
export function verdictOf(result: PathResult, at: Seconds, mode: PathMode): Verdict {
  const { attempt } = result;
  const common = { ok: result.ok, at: formatTime(at), mode, chain: result.chain.map(summary) };
  const tried = attempt && { attempt: attemptSummary(attempt) };
  if (result.ok) return { ...common, policies: result.policies, ...tried };
  const { reason, rule, message, certificate } = result;
  return { ...common, reason, rule, message, certificate: summary(certificate), ...tried };
}

const attemptSummary = ({ subject, certificate, isAnchor, fault, issuers }: PathAttempt): AttemptSummary => ({
  subject: nameText(subject),
  ...(certificate && { serialNumber: serialNumberText(certificate.serialNumber) }),
  trusted: isAnchor,
  ...(fault && { reason: fault.reason, rule: fault.rule, message: fault.message }),
  issuers: issuers.map(attemptSummary),
});

const summary = ({ subject, issuer, serialNumber, validity }: Certificate): CertificateSummary => ({
  subject: nameText(subject),
  issuer: nameText(issuer),
  serialNumber: serialNumberText(serialNumber),
  notBefore: formatTime(validity.notBefore),
  notAfter: formatTime(validity.notAfter),
});

function nameText(der: Uint8Array): string {
  const fact = nameFact(der);
  return typeof fact === 'string' ? fact : 'malformed';
}

/** Lines for people; with `explain` all that was tried. */
export function formatVerdict(name: string, verdict: Verdict, explain: boolean): string {
  const { ok, at, chain, reason, rule, message = '', certificate, attempt } = verdict;
  const lines = ok
    ? [`${name} is good at ${at}`, ...chain.map((link, i) => `  ${position(i, chain.length)}  ${line(link)}`)]
    : [
        `${name} is refused at ${at}: ${reason}`,
        `  ${message}${rule === undefined || rule === 'limit' ? '' : ` (${rule})`}`,
        ...(certificate === undefined ? [] : [`  in ${line(certificate)}`]),
      ];
  const tree = explain && attempt !== undefined ? ['', 'tried:', ...treeLines(attempt, 1)] : [];
  return `${[...lines, ...tree].map(printable).join('\n')}\n`;
}

function position(index: number, length: number): string {
  if (index === length - 1) return 'trusted     ';
  return index === 0 ? 'leaf        ' : 'intermediate';
}

const line = ({ subject, serialNumber, notAfter }: CertificateSummary): string =>
  `${shown(subject)}, serial ${serialNumber}, until ${notAfter}`;

const shown = (subject: string): string => (subject === '' ? '(empty subject)' : subject);

/** Deeper is farther up; what nothing was found wrong with stands there bare. */
function* treeLines(
  { subject, serialNumber, trusted, reason, message, issuers }: AttemptSummary,
  depth: number,
): Generator<string> {
  const serial = serialNumber === undefined ? '' : `, serial ${serialNumber}`;
  const fault = reason === undefined ? '' : `: ${reason}, ${message}`;
  yield `${'  '.repeat(depth)}${trusted ? 'trusted ' : ''}${shown(subject)}${serial}${fault}`;
  for (const issuer of issuers) yield* treeLines(issuer, depth + 1);
}
