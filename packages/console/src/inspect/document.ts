import { DerError } from '@mayfly/der';
import { normalizeBer } from '@mayfly/der/ber';
import type { LintFinding } from '@mayfly/x509/lint';
import { oidText } from '@mayfly/x509/oid-names';
import { type Fact, factsOf } from './facts.js';
import { type Field, fieldsAt, followPath } from './field.js';
import { type Kind, kinds, unknownKind } from './kinds.js';
import { readFields } from './read-fields.js';

/** Something that is wrong with a structure, and where. */
export interface Problem {
  /** A `fault` keeps it from being read; the others are rules that whoever made it has broken. */
  readonly severity: 'fault' | LintFinding['severity'];
  readonly message: string;
  /** Where the rule is written, or the code of the error. */
  readonly source: string;
  /** Bytes from the start of the structure. */
  readonly offset: number;
  readonly field: Field;
}

/** One structure, read for people. */
export interface Document {
  readonly kind: Kind;
  readonly title: string;
  /** Where it comes from, for example `line 3`. */
  readonly origin: string;
  /** What the offsets count in. */
  readonly bytes: Uint8Array;
  readonly root: Field;
  readonly facts: readonly Fact[];
  readonly problems: readonly Problem[];
  /** The whole PEM text of a key that is encrypted by its headers. */
  readonly traditional?: string;
  /** Whether the bytes are those of the input in DER. */
  readonly isRewritten: boolean;
}

/** An error as the packages throw it for their input. */
interface InputFault extends Error {
  readonly code: string;
  readonly offset?: number;
  readonly path?: string;
}

/** Whether an error tells what is wrong with an input; anything else is a mistake of this program. */
export const isInputFault = (error: unknown): error is InputFault =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('ERR_');

/**
 * Reads one structure.
 * @param kind - What it says it is; `undefined` where that is to be found by trying.
 */
export async function readDocument(
  input: Uint8Array,
  origin: string,
  kind: Kind | undefined = recognise(input),
): Promise<Document> {
  const bytes = kind.isBer === true ? inDer(input) : input;
  const root = readFields(bytes, kind.name, kind.shape);
  const problems = problemsOf(kind, bytes, root);
  const facts = await factsOf(
    kind.type,
    bytes,
    root,
    problems.some(({ severity }) => severity === 'fault'),
  );
  const named = facts.find(({ isTitle }) => isTitle === true)?.value;
  return {
    kind,
    title: named === undefined || named === '' ? kind.title : named,
    origin,
    bytes,
    root,
    facts,
    problems,
    isRewritten: bytes !== input,
  };
}

/** The kind that can be read; where none can, that whose reader came furthest, and among equals the one that hides something. */
export function recognise(bytes: Uint8Array): Kind {
  let furthest: { readonly kind: Kind; readonly offset: number } = { kind: unknownKind, offset: 8 };
  for (const kind of kinds) {
    try {
      kind.parse(bytes);
      return kind;
    } catch (error) {
      if (!isInputFault(error)) throw error;
      const { offset = 0 } = error;
      if (offset > furthest.offset || (offset === furthest.offset && kind.isSecret === true))
        furthest = { kind, offset };
    }
  }
  return furthest.kind;
}

function problemsOf(kind: Kind, bytes: Uint8Array, root: Field): readonly Problem[] {
  const problems: Problem[] = [];
  try {
    kind.parse(bytes);
    for (const { severity, message, source, path } of kind.lint?.(bytes) ?? []) {
      const { field } = followPath(root, path);
      problems.push({
        severity,
        message: `${nameIn(path)} ${message.replace(OID, oidText)}`,
        source,
        offset: field.offset,
        field,
      });
    }
  } catch (error) {
    if (!isInputFault(error)) throw error;
    const { offset = 0, code } = error;
    const field = fieldsAt(root, offset).at(-1) ?? followPath(root, error.path ?? '').field;
    problems.push({ severity: 'fault', message: error.message, source: code, offset, field });
  }
  for (const field of faultyFields(root))
    if (!problems.some(({ severity, offset }) => severity === 'fault' && offset === field.fault!.offset))
      problems.push({
        severity: 'fault',
        message: field.fault!.message,
        source: field.fault!.code,
        offset: field.fault!.offset,
        field,
      });
  return problems;
}

/** Findings name what has no name in their package by its OID. */
const OID = /\b[0-2](?:\.\d+){3,}\b/g;

/** `keyUsage` in `extensions.keyUsage.critical`: the field that a finding is about. */
const nameIn = (path: string): string =>
  path
    .replace(/\.critical$/, '')
    .split('.')
    .at(-1)!;

const faultyFields = (field: Field): readonly Field[] =>
  field.fault === undefined ? field.children.flatMap(faultyFields) : [field];

/** BER as DER where it can be; what can not be is shown as it stands. */
function inDer(bytes: Uint8Array): Uint8Array {
  try {
    const der = normalizeBer(bytes);
    return der.length === bytes.length && der.every((octet, i) => octet === bytes[i]) ? bytes : der;
  } catch (error) {
    if (error instanceof DerError) return bytes;
    throw error;
  }
}
