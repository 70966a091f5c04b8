import { LineCounter, parseDocument } from 'yaml';
import { isObject } from '../json.js';
import { KubernetesError } from './errors.js';

/** A value of a kubeconfig, and where it stands. */
export interface Field {
  /** The file that it was read from. */
  readonly file: string;
  /** For example `users[1].user.exec`; empty for the whole. */
  readonly path: string;
  readonly value: unknown;
}

/**
 * Parses one YAML document, of which JSON is a part.
 * @throws {@link KubernetesError} `ERR_KUBERNETES_CONFIG` with line and column of the first fault; the text is not repeated.
 */
export function parseYamlFile(file: string, text: string): Field {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2' });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new KubernetesError('ERR_KUBERNETES_CONFIG', '', `Cannot read ${file}:${line}:${col}: ${error.code}`);
  }
  try {
    return { file, path: '', value: document.toJS({ maxAliasCount: 100 }) };
  } catch (cause) {
    throw new KubernetesError('ERR_KUBERNETES_CONFIG', '', `Cannot read ${file}: too many aliases`, { cause });
  }
}

/** Refuses a field. */
export const refuse = ({ file, path }: Field, state: string): KubernetesError =>
  new KubernetesError('ERR_KUBERNETES_CONFIG', path, `Cannot read ${path || 'the whole'} of ${file}: ${state}`);

/** A member of a mapping; its value is `undefined` when it is absent, null or empty, as client-go writes what is not set. */
export function memberOf(parent: Field, name: string): Field {
  if (!isObject(parent.value)) throw refuse(parent, parent.value === undefined ? 'absent' : 'no mapping');
  const value = Object.hasOwn(parent.value, name) ? parent.value[name] : undefined;
  return {
    file: parent.file,
    path: parent.path === '' ? name : `${parent.path}.${name}`,
    value: value === null || value === '' ? undefined : value,
  };
}

/** The text of a member that may be absent. */
export function textOf(parent: Field, name: string): string | undefined {
  const field = memberOf(parent, name);
  if (field.value === undefined) return undefined;
  if (typeof field.value !== 'string') throw refuse(field, 'no text');
  return field.value;
}

/** The text of a member that has to be there. */
export function requiredTextOf(parent: Field, name: string): string {
  const text = textOf(parent, name);
  if (text === undefined) throw refuse(memberOf(parent, name), 'absent');
  return text;
}

/** Whether a member is true; absent is false. */
export function flagOf(parent: Field, name: string): boolean {
  const field = memberOf(parent, name);
  if (field.value === undefined) return false;
  if (typeof field.value !== 'boolean') throw refuse(field, 'neither true nor false');
  return field.value;
}

/** The items of a list that may be absent. */
export function itemsOf(parent: Field, name: string): readonly Field[] {
  const field = memberOf(parent, name);
  if (field.value === undefined) return [];
  if (!Array.isArray(field.value)) throw refuse(field, 'no list');
  return field.value.map((value: unknown, index) => ({ file: field.file, path: `${field.path}[${index}]`, value }));
}

/** The texts of a list that may be absent. */
export const textsOf = (parent: Field, name: string): readonly string[] =>
  itemsOf(parent, name).map((item) => {
    if (typeof item.value !== 'string') throw refuse(item, 'no text');
    return item.value;
  });

/**
 * Refuses a member whose name is almost one of those that are read: whoever wrote it meant that one, and without it a server
 * might be verified by other authorities, or not at all. Names that are nothing like them are passed over, as kubectl does.
 */
export function refuseMisspelt(parent: Field, known: readonly string[]): void {
  if (!isObject(parent.value)) return;
  for (const name of Object.keys(parent.value)) {
    if (known.includes(name)) continue;
    const meant = known.find((each) => isMisspelling(name, each));
    if (meant !== undefined)
      throw refuse(
        { ...memberOf(parent, name), path: `${parent.path}.${name}` },
        `no member of that name; ${meant} is one`,
      );
  }
}

/** Letters that may be wrong, missing or too many. */
const MAX_DISTANCE = 2;

function isMisspelling(written: string, meant: string): boolean {
  const [a, b] = [written, meant].map((name) => name.toLowerCase().replace(/[-_]/g, '')) as [string, string];
  if (a === b) return true;
  return Math.abs(a.length - b.length) <= MAX_DISTANCE && a.length > 3 * MAX_DISTANCE && distance(a, b) <= MAX_DISTANCE;
}

/** Levenshtein's, row by row. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
