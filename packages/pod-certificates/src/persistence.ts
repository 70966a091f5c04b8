import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type FileOperations, readFileIfThere, systemFiles, writeFileAtomic } from '@mayfly/rotation/fs';
import { PodCertificatesError } from './errors.js';
import { isObject, type JsonObject } from './json.js';
import type { ObjectStorage } from './storage.js';

/** A key of {@link ObjectStorage}: two pieces that are file names everywhere. */
const KEY = /^[a-z0-9][a-z0-9-]{0,127}\/[a-z0-9][a-z0-9-]{0,127}$/;
const SUFFIX = '.json';
/** What a writer leaves that crashed. */
const LEFTOVER = /^\..+\.json\.[0-9a-f]+\.tmp$/;

/**
 * Keeps the embedded API's objects in a directory: one file per object, `podcertificaterequests/<uid>.json`, mode 0600
 * in directories of mode 0700, replaced by rename and synced. The directory is made when it is not there.
 * One process at a time: `lockDirectory` of `@mayfly/rotation/fs` sees to that. A write costs the same however many objects
 * there are; what a crash left is removed by `load`.
 */
export function directoryStorage(directory: string, files: FileOperations = systemFiles): ObjectStorage {
  const pathOf = (key: string): string => {
    if (!KEY.test(key))
      throw new RangeError(`Cannot store ${JSON.stringify(key)}: not two pieces of lower-case letters`);
    return join(directory, `${key}${SUFFIX}`);
  };
  const made = new Set<string>();
  return {
    async load() {
      const objects = new Map<string, JsonObject>();
      for (const kind of await namesIn(files, directory)) {
        for (const file of await namesIn(files, join(directory, kind))) {
          if (LEFTOVER.test(file)) await files.unlink(join(directory, kind, file));
          const key = `${kind}/${file.slice(0, -SUFFIX.length)}`;
          if (!file.endsWith(SUFFIX) || !KEY.test(key)) continue;
          const bytes = await readFileIfThere(pathOf(key), files);
          if (bytes !== undefined) objects.set(key, parseObject(key, bytes));
        }
      }
      return objects;
    },
    async put(key, json) {
      const path = pathOf(key);
      const parent = dirname(path);
      if (!made.has(parent)) await makeDurably(files, parent);
      made.add(parent);
      const bytes = new TextEncoder().encode(`${JSON.stringify(json, undefined, 2)}\n`);
      await writeFileAtomic(path, bytes, 0o600, { files, sweep: false });
    },
    async delete(key) {
      const path = pathOf(key);
      try {
        await files.unlink(path);
      } catch (error) {
        if (isAbsent(error)) return;
        throw error;
      }
      await files.syncDirectory(dirname(path));
    },
  };
}

function parseObject(key: string, bytes: Uint8Array): JsonObject {
  try {
    const json: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (isObject(json)) return json;
  } catch (cause) {
    throw new PodCertificatesError('ERR_POD_CERTIFICATES_STORAGE', key, 'no JSON', { cause });
  }
  throw new PodCertificatesError('ERR_POD_CERTIFICATES_STORAGE', key, 'no JSON object');
}

/** Names in a directory; none where there is none, and none in a file that stands beside, such as a lock. */
async function namesIn(files: FileOperations, directory: string): Promise<readonly string[]> {
  try {
    return [...(await files.list(directory))].sort();
  } catch (error) {
    if (isAbsent(error) || hasCode(error, 'ENOTDIR')) return [];
    throw error;
  }
}

/** Makes a directory and what is missing above it; their names are on the disk when this returns. */
async function makeDurably(files: FileOperations, directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = directory; ; made = dirname(made)) {
    await files.syncDirectory(dirname(made));
    if (made === first) return;
  }
}

const isAbsent = (error: unknown): boolean => hasCode(error, 'ENOENT');

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
