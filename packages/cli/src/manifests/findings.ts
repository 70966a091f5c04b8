import { printable } from '../terminal-text.js';

/** Where a value starts in a file. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What is wrong with a manifest or a policy file. Stable: adding is minor, changing is major. */
export type ManifestErrorCode =
  | 'ERR_CLI_FILE_TOO_LARGE'
  | 'ERR_CLI_YAML'
  | 'ERR_CLI_UNKNOWN_FIELD'
  | 'ERR_CLI_MISSING_FIELD'
  | 'ERR_CLI_TYPE'
  | 'ERR_CLI_VALUE'
  | 'ERR_CLI_LIFETIME'
  | 'ERR_CLI_SIGNER'
  | 'ERR_CLI_MIXED_FORMS'
  | 'ERR_CLI_DUPLICATE'
  | 'ERR_CLI_NOT_FOUND'
  | 'ERR_CLI_NO_POD'
  | 'ERR_CLI_TRANSLATE'
  | 'ERR_CLI_TOO_MANY_ERRORS';

/** What a person should know about a manifest that is served all the same. */
export type ManifestNoticeCode =
  | 'IgnoredFields'
  | 'IgnoredKinds'
  | 'IgnoredSources'
  | 'Misspelt'
  | 'WorkloadAsPod'
  | 'PopularForm'
  | 'SignerNotInClusters'
  | 'ForeignAnnotation'
  | 'SubPath'
  | 'VolumeNotMounted'
  | 'NoCredential'
  | 'EnvironmentNotResolved';

/** One thing said about one place of a file. */
export interface Finding<Code extends string> extends Place {
  readonly code: Code;
  /** For example `spec.volumes[0].projected.sources[0].podCertificate.signerName`; empty for the whole document. */
  readonly path: string;
  readonly message: string;
}
export type ManifestError = Finding<ManifestErrorCode>;
export type ManifestNotice = Finding<ManifestNoticeCode>;

/** A finding as one line that a terminal may show: `file:line:column path: message`, and of an error its code. */
export const formatFinding = ({ file, line, column, path, message, code }: Finding<string>): string =>
  printable(
    `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}${code.startsWith('ERR_') ? ` (${code})` : ''}`,
  );

/** Errors kept of one run; past them a person needs a better file, not a longer list. */
const MAX_ERRORS = 100;

/** Collects what is found while files are read, so that all of it is told at once. */
export class Findings {
  readonly #errors: ManifestError[] = [];
  readonly #notices: ManifestNotice[] = [];
  readonly #once = new Map<ManifestNoticeCode, { readonly place: Place; readonly values: Set<string> }>();

  /** All errors, in the order in which they were found. */
  get errors(): readonly ManifestError[] {
    return this.#errors;
  }

  error(code: ManifestErrorCode, place: Place, path: string, message: string): void {
    if (this.#errors.length < MAX_ERRORS) this.#errors.push(finding(code, place, path, message));
    else if (this.#errors.length === MAX_ERRORS)
      this.#errors.push(
        finding('ERR_CLI_TOO_MANY_ERRORS', place, '', `more than ${MAX_ERRORS} errors, the rest is not shown`),
      );
  }

  notice(code: ManifestNoticeCode, place: Place, path: string, message: string): void {
    this.#notices.push(finding(code, place, path, message));
  }

  /** Notes a value that is told in one notice with all the others of its code, at the place of the first. */
  once(code: ManifestNoticeCode, place: Place, value: string): void {
    const known = this.#once.get(code);
    if (known === undefined) this.#once.set(code, { place, values: new Set([value]) });
    else known.values.add(value);
  }

  /**
   * All notices: those of one place in the order found, then one for each code noted with {@link once}.
   * @param tell - Makes the sentence out of the values of a code.
   */
  notices(tell: (code: ManifestNoticeCode, values: readonly string[]) => string): readonly ManifestNotice[] {
    const gathered = [...this.#once].map(([code, { place, values }]) =>
      finding(code, place, '', tell(code, [...values])),
    );
    return [...this.#notices, ...gathered];
  }
}

/** A value from a file inside a message: quoted, and cut so that no file is repeated whole. */
export const quoted = (value: string): string => JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);

const finding = <Code extends string>(
  code: Code,
  { file, line, column }: Place,
  path: string,
  message: string,
): Finding<Code> => ({ code, file, line, column, path, message });
