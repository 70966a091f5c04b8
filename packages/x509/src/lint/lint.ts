import { DerError } from '@mayfly/der';
import { X509Error } from '../errors.js';

/** How much it matters: an `error` breaks a MUST or cannot work, a `warning` breaks a SHOULD. */
export type LintSeverity = 'error' | 'warning';

/** What a lint found, and where. */
export interface LintFault {
  /** The field, for example `tbsCertificate.extensions[2].extnValue`. */
  readonly path: string;
  readonly message: string;
}

/** One rule, as data: adding one is a line in a table. */
export interface Lint<Subject> {
  /** In kebab-case; stable. */
  readonly id: string;
  /** Where it is written, for example `RFC 5280 §4.1.2.2`. */
  readonly source: string;
  readonly severity: LintSeverity;
  /** The first fault. What it throws for broken values is one too. */
  readonly check: (subject: Subject) => LintFault | undefined;
}

/** A fault with the rule that it breaks. */
export interface LintFinding extends LintFault {
  readonly id: string;
  readonly source: string;
  readonly severity: LintSeverity;
}

/** Every rule that a subject breaks, in the order of the table. */
export function runLints<Subject>(lints: readonly Lint<Subject>[], subject: Subject): readonly LintFinding[] {
  const findings: LintFinding[] = [];
  for (const lint of lints) {
    const finding = runLint(lint, subject);
    if (finding !== undefined) findings.push(finding);
  }
  return findings;
}

/** The first rule of a severity that a subject breaks; stops there. */
export function firstFinding<Subject>(lints: readonly Lint<Subject>[], subject: Subject): LintFinding | undefined {
  for (const lint of lints) {
    const finding = runLint(lint, subject);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

function runLint<Subject>({ id, source, severity, check }: Lint<Subject>, subject: Subject): LintFinding | undefined {
  try {
    const fault = check(subject);
    return fault && { id, source, severity, ...fault };
  } catch (error) {
    if (error instanceof DerError || error instanceof X509Error)
      return { id, source, severity, path: error.path, message: error.message };
    throw error;
  }
}
