import { type HasKey, keyLints } from './lint/key.js';
import { type Lint, type LintFinding, runLints } from './lint/lint.js';
import { type HasNames, nameLints } from './lint/names.js';

export {
  certificateLints,
  extensionLints,
  fieldLints,
  type LintedCertificate,
  lintCertificate,
} from './lint/certificate.js';
export { crlLints, lintCRL } from './lint/crl.js';
export { type HasKey, isPossible, keyLints } from './lint/key.js';
export { firstFinding, type Lint, type LintFault, type LintFinding, type LintSeverity, runLints } from './lint/lint.js';
export { type HasNames, nameLints } from './lint/names.js';

/** What a request asks to have certified. */
export type LintedRequest = HasKey & HasNames;

/** Every lint of a certification request: those of the names and the key that it would put into a certificate. */
export const requestLints: readonly Lint<LintedRequest>[] = /* @__PURE__ */ (() => [...nameLints, ...keyLints])();

/**
 * Holds a request against the rules that a certificate with its contents would have to keep.
 * @returns Every rule that it breaks.
 */
export const lintRequest = (request: LintedRequest): readonly LintFinding[] => runLints(requestLints, request);
