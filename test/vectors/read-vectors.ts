/** The committed vectors, for tests. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { decodePem } from '@mayfly/der/pem';
import { readIndex } from './index-file.js';
import type { Vector } from './types.js';

const root = fileURLToPath(new URL('../../vectors/', import.meta.url));

/** Every vector, in the order of the index. */
export const vectors: readonly Vector[] = readIndex(root);

/** A guard that narrows to one kind. */
export const ofKind =
  <K extends Vector['kind']>(kind: K) =>
  (vector: Vector): vector is Extract<Vector, { kind: K }> =>
    vector.kind === kind;

/** Text of a vector's file. */
export const textOf = (file: string): string => readFileSync(root + file, 'utf8');

/** Octets of the one block in a vector's file. */
export const derOf = (file: string): Uint8Array => decodePem(textOf(file));
