import { existsSync, readFileSync } from 'node:fs';
import type { Vector } from './types.js';

/** Reads `index.json` in the directory `vectors/`; empty before it was first made. */
export function readIndex(root: string): readonly Vector[] {
  const file = `${root}index.json`;
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
}
