import { mkdir, open, readdir, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readFileIfThere, writeFileAtomic } from '@mayfly/rotation/fs';
import { PodCertificatesError } from './errors.js';
import { isObject, type JsonObject } from './json.js';
import type { ObjectStorage } from './storage.js';

/** A key of {@link ObjectStorage}: two pieces that are file names everywhere. */
const KEY = /^[a-z0-9][a-z0-9-]{0,127}\/[a-z0-9][a-z0-9-]{0,127}$/;
const SUFFIX = '.json';

/**
 * Keeps the embedded API's objects in a directory: one file per object, `podcertificaterequests/<uid>.json`, mode 0600
 * in directories of mode 0700, replaced by rename and synced. The directory is made when it is not there.
 * One process at a time: `lockDirectory` of `@mayfly/rotation/fs` sees to that.
 */
export function directoryStorage(directory: string): ObjectStorage {
  const pathOf = (key: string): string => {
    if (!KEY.test(key))
      throw new RangeError(`Cannot store ${JSON.stringify(key)}: not two pieces of lower-case letters`);
    return join(directory, `${key}${SUFFIX}`);
  };
  const made = new Set<string>();
  return {
    async load() {
      const objects = new Map<string, JsonObject>();
      for (const kind of await namesIn(directory)) {
        for (const file of await namesIn(join(directory, kind))) {
          const key = `${kind}/${file.slice(0, -SUFFIX.length)}`;
          // What a crashed writer left has another name; the next write of the same object removes it.
          if (!file.endsWith(SUFFIX) || !KEY.test(key)) continue;
          const bytes = await readFileIfThere(pathOf(key));
          if (bytes !== undefined) objects.set(key, parseObject(key, bytes));
        }
      }
      return objects;
    },
    async put(key, json) {
      const path = pathOf(key);
      const parent = dirname(path);
      if (!made.has(parent)) await makeDurably(parent);
      made.add(parent);
      await writeFileAtomic(path, new TextEncoder().encode(`${JSON.stringify(json, undefined, 2)}\n`));
    },
    async delete(key) {
      const path = pathOf(key);
      try {
        await unlink(path);
      } catch (error) {
        if (isAbsent(error)) return;
        throw error;
      }
      await syncDirectory(dirname(path));
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
async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (isAbsent(error) || hasCode(error, 'ENOTDIR')) return [];
    throw error;
  }
}

/** Makes a directory and what is missing above it; their names are on the disk when this returns. */
async function makeDurably(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = directory; ; made = dirname(made)) {
    await syncDirectory(dirname(made));
    if (made === first) return;
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const isAbsent = (error: unknown): boolean => hasCode(error, 'ENOENT');

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
