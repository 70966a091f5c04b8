import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './step.mjs';

/**
 * What a group's tests came to.
 * @typedef {{ readonly passed: number, readonly failed: number, readonly skipped: readonly string[] }} Outcome
 */

/** Goes with the dependencies: `npm ci` begins anew. */
const directory = join(root, 'node_modules/.cache/mayfly-tests');
/** Certificates in test data expire and machines change in ways that no digest sees: after a day tests run again. */
const MAX_AGE = 24 * 60 * 60 * 1000;

const fileOf = (name) => join(directory, `${name.replaceAll('/', '+')}.json`);

/**
 * What the tests of a group came to when they passed last, with exactly these inputs.
 * @param {string} name
 * @param {string} digest
 * @returns {Outcome | undefined}
 */
export function earlierOutcome(name, digest) {
  let text;
  try {
    text = readFileSync(fileOf(name), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
  const earlier = parse(text);
  const age = Date.now() - earlier?.at;
  return earlier?.digest === digest && age >= 0 && age < MAX_AGE ? earlier.outcome : undefined;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // cut by a crash: as good as none
  }
}

/**
 * Keeps an outcome without failures.
 * @param {string} name
 * @param {string} digest
 * @param {Outcome} outcome
 */
export function keepOutcome(name, digest, outcome) {
  mkdirSync(directory, { recursive: true });
  writeFileSync(fileOf(name), JSON.stringify({ digest, at: Date.now(), outcome }));
}

/** @param {string} name */
export function forgetOutcome(name) {
  rmSync(fileOf(name), { force: true });
}
