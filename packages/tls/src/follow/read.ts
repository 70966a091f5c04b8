import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { CredentialTexts } from '../credentials.js';
import { messageOf, TlsError } from '../errors.js';
import type { CredentialPlaces, FilePlace } from './source.js';

/** Texts of one generation, and what tells it from others. */
export interface ReadCredentials extends CredentialTexts {
  /** SHA-256 over all texts. Covers the key: for comparison in memory, not for logs. */
  readonly digest: string;
  /** Whether all was read through `..data`, so that nobody was writing it. */
  readonly atomic: boolean;
}

/** Longest file accepted, in octets: a trust bundle of some hundred roots. */
const MAX_FILE_LENGTH = 1024 * 1024;
/** Swaps that may hit one read before it is given up; each needs a complete new volume. */
const MAX_SWAPS = 5;
/** What the atomic writer of Kubernetes swaps by rename. */
const DATA = '..data';

/** A swap removed the generation that was being read. */
class SwappedError extends Error {
  override readonly name = 'SwappedError';
}

/**
 * Reads all files of one generation: `..data` is resolved once per directory and the files are read through it, so no
 * swap comes between two of them. Files in a plain directory are read one after the other; whether they belong together
 * shows when the key is compared with the leaf.
 * @throws {@link TlsError} `ERR_TLS_MISSING`, `ERR_TLS_READ`, `ERR_TLS_TOO_LARGE`.
 */
export async function readCredentials(places: CredentialPlaces): Promise<ReadCredentials> {
  for (let swaps = 1; ; swaps++) {
    try {
      return await readGeneration(places);
    } catch (error) {
      if (!(error instanceof SwappedError)) throw error;
      if (swaps === MAX_SWAPS)
        throw new TlsError('ERR_TLS_READ', `Cannot read ${error.message}: it was replaced ${swaps} times meanwhile`);
    }
  }
}

async function readGeneration(places: CredentialPlaces): Promise<ReadCredentials> {
  const generations = new Map<string, string | undefined>();
  for (const directory of places.directories) generations.set(directory, await generationOf(directory));
  const text = (place: FilePlace): Promise<string> => readPlace(place, generations.get(place.directory));

  const privateKey = await text(places.privateKey);
  const bundled =
    places.certificateChain.directory === places.privateKey.directory &&
    places.certificateChain.name === places.privateKey.name;
  const certificateChain = bundled ? privateKey : await text(places.certificateChain);
  const trustBundle = places.trustBundle && (await text(places.trustBundle));
  const digest = createHash('sha256')
    .update(JSON.stringify([privateKey, certificateChain, trustBundle]))
    .digest('hex');
  const atomic = [...generations.values()].every((generation) => generation !== undefined);
  return { privateKey, certificateChain, trustBundle, digest, atomic };
}

async function generationOf(directory: string): Promise<string | undefined> {
  try {
    return await readlink(join(directory, DATA));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EINVAL')) return undefined;
    throw unreadable(directory, error);
  }
}

async function readPlace({ directory, name }: FilePlace, generation: string | undefined): Promise<string> {
  const path = join(directory, name);
  if (generation !== undefined) {
    const text = await readText(join(directory, generation, name), path);
    if (text !== undefined) return text;
    if ((await generationOf(directory)) !== generation) throw new SwappedError(path);
  }
  // Outside the generation: a plain directory, or a file that somebody put beside the atomic writer's.
  const text = await readText(path, path);
  if (text === undefined) throw new TlsError('ERR_TLS_MISSING', `Cannot read ${path}: no such file`);
  return text;
}

async function readText(path: string, shown: string): Promise<string | undefined> {
  try {
    // Without O_NONBLOCK the open of a FIFO waits for a writer, and every later look with it.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw new TlsError('ERR_TLS_READ', `Cannot read ${shown}: not a regular file`);
      if (stat.size > MAX_FILE_LENGTH)
        throw new TlsError('ERR_TLS_TOO_LARGE', `Cannot read ${shown}: ${stat.size} octets, over ${MAX_FILE_LENGTH}`);
      return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error instanceof TlsError ? error : unreadable(shown, error);
  }
}

const unreadable = (path: string, cause: unknown): TlsError =>
  new TlsError('ERR_TLS_READ', `Cannot read ${path}: ${messageOf(cause)}`, { cause });

const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
