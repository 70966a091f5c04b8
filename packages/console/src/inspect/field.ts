import type { DerError } from '@mayfly/der';

/** One element of a DER structure, with its place in the bytes. */
export interface Field {
  /** By which its parent knows it: the RFC's name, or its number in a list. */
  readonly name: string;
  /** What people read: the name, or a better one, for example that of an extension. */
  readonly label: string;
  /** As error messages and lint findings have it: `certificate.tbsCertificate.extensions[2]`. */
  readonly path: string;
  /** For example `SEQUENCE`, `[0]`, `OCTET STRING`. */
  readonly type: string;
  /** One line for people; empty where there is nothing to say. */
  readonly text: string;
  /** Of an OBJECT IDENTIFIER. */
  readonly oid?: string;
  /** Bytes from the start of the input: identifier octet, first content octet, behind the last one. */
  readonly offset: number;
  readonly contentOffset: number;
  readonly end: number;
  readonly children: readonly Field[];
  /** Octets of a private key. */
  readonly isSecret: boolean;
  readonly fault?: DerError;
}

/** Every field in the order of the bytes. */
export function* allFields(root: Field): Generator<Field> {
  yield root;
  for (const child of root.children) yield* allFields(child);
}

/** The fields from the root to the innermost one that holds a byte. */
export function fieldsAt(root: Field, offset: number): readonly Field[] {
  if (offset < root.offset || offset >= root.end) return [];
  const trail = [root];
  for (let last = root; ; ) {
    const next = last.children.find((child) => offset >= child.offset && offset < child.end);
    if (next === undefined) return trail;
    trail.push(next);
    last = next;
  }
}

/**
 * The field that a path means. Errors name every step from the root, lint findings leave some out (`extensions.keyUsage`
 * for an element of the list): each step is looked for in the nearest generation that has it.
 * @returns The field, and whether every step was found; the last one that was, else.
 */
export function followPath(root: Field, path: string): { readonly field: Field; readonly isWhole: boolean } {
  const steps = path.replaceAll('[', '.[').split('.').filter(Boolean);
  let field = root;
  for (const [i, step] of steps.entries()) {
    if (i === 0 && step === root.name) continue;
    const next = nearest(field, step);
    if (next === undefined) return { field, isWhole: false };
    field = next;
  }
  return { field, isWhole: true };
}

function nearest(from: Field, step: string): Field | undefined {
  for (let generation = from.children; generation.length > 0; ) {
    const found = generation.find(({ name, label }) => name === step || label === step);
    if (found !== undefined) return found;
    generation = generation.flatMap(({ children }) => children);
  }
  return undefined;
}
