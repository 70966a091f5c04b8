import { dirname, join } from 'node:path';
import { equalBytes } from '@mayfly/der';
import { RotationError } from '../errors.js';
import { type FileOperations, systemFiles } from './operations.js';
import { createFile, ensureDirectory, errorCode, ioError, lookIfThere, removeTree, unlinkIfThere } from './paths.js';

/** One file of a volume. */
export interface VolumeFile {
  /** Relative, with `/`, for example `tls/credential-bundle.pem`. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** Permission bits. Default 0600. */
  readonly mode?: number;
}

/** How a volume reaches the disk. */
export interface VolumeOptions {
  /** Permission bits of the directories that are made. Default 0700. */
  readonly directoryMode?: number;
  readonly files?: FileOperations;
  /** Milliseconds since 1970-01-01T00:00:00Z, for the name of the data directory. Default `Date.now`. */
  readonly now?: () => number;
  /** Draws the rest of that name. Default `Math.random`. */
  readonly random?: () => number;
}

const DATA = '..data';
const DATA_TEMPORARY = '..data_tmp';
/** As the kubelet names them: `..2026_11_24_11_12_13.0123456789`. */
const DATA_DIRECTORY = /^\.\.\d{4}_\d\d_\d\d_\d\d_\d\d_\d\d\.\d+$/;
/** A reader that meets this many swaps in a row gives up. */
const READ_ATTEMPTS = 20;

/**
 * Replaces all files of a volume at once, in the layout of the kubelet's atomic writer: every visible name is a symbolic
 * link into `..data`, itself a link to a directory with a timestamp, swapped by one rename. A crash at any point leaves
 * the old set or the new, and the next write clears what it left. One writer at a time, see `lockDirectory`.
 * @returns Whether anything had to be written: equal paths, contents and modes are left alone.
 * @throws TypeError for a path that is not plain or occurs twice. {@link RotationError} `ERR_ROTATION_UNSAFE` when names
 * of the layout are taken by something else, `ERR_ROTATION_IO` with the system's error as its cause.
 */
export async function writeVolume(
  directory: string,
  content: readonly VolumeFile[],
  { directoryMode = 0o700, files = systemFiles, now = Date.now, random = Math.random, ...unknown }: VolumeOptions = {},
): Promise<'written' | 'unchanged'> {
  unknown satisfies Record<string, never>;
  const wanted = sorted(content);
  checkPaths(wanted);
  const names = [...new Set(wanted.map(({ path }) => path.split('/')[0]!))];
  try {
    await ensureDirectory(files, directory, directoryMode);
    for (const name of names) await checkVisible(files, directory, name);
    const current = await currentData(files, directory);
    const held = current === undefined ? undefined : await readIfWhole(files, join(directory, current), directory);
    let kept = current;
    if (held !== undefined && sameFiles(held, wanted)) {
      await files.syncDirectory(directory); // an earlier write may have failed at exactly that
    } else {
      kept = dataDirectoryName(now(), random);
      try {
        await fill(files, join(directory, kept), wanted, directoryMode);
        await swap(files, directory, kept);
      } catch (error) {
        await abandon(files, directory);
        throw error;
      }
    }
    const repaired = await showNames(files, directory, names);
    await sweep(files, directory, kept);
    return kept === current && !repaired ? 'unchanged' : 'written';
  } catch (error) {
    throw ioError('write the volume', directory, error);
  }
}

/**
 * Reads all files of a volume as one set, even while it is being replaced.
 * @returns Sorted by path; `undefined` when nothing was ever written there.
 * @throws {@link RotationError} `ERR_ROTATION_UNSAFE` for what no volume contains, `ERR_ROTATION_IO`.
 */
export async function readVolume(
  directory: string,
  files: FileOperations = systemFiles,
): Promise<readonly Required<VolumeFile>[] | undefined> {
  try {
    for (let attempt = 1; ; attempt++) {
      const current = await currentData(files, directory);
      if (current === undefined) return undefined;
      try {
        return await readTree(files, join(directory, current), directory);
      } catch (error) {
        // Swapped and removed under the reader: the set behind the new link is whole.
        if (errorCode(error) !== 'ENOENT' || attempt === READ_ATTEMPTS) throw error;
      }
    }
  } catch (error) {
    throw ioError('read the volume', directory, error);
  }
}

function sorted(content: readonly VolumeFile[]): readonly Required<VolumeFile>[] {
  return content
    .map(({ path, bytes, mode = 0o600 }) => ({ path, bytes, mode }))
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

function checkPaths(content: readonly VolumeFile[]): void {
  const paths = new Set<string>();
  for (const { path } of content) {
    const parts = path.split('/');
    const isPlain = parts.every(
      (part) => part !== '' && part !== '.' && part !== '..' && Buffer.byteLength(part) <= 255,
    );
    if (!isPlain || path.includes('\0') || path.startsWith('..') || path.length > 4096)
      throw new TypeError(`Cannot write ${JSON.stringify(path)} into a volume: need a plain relative path`);
    if (paths.has(path)) throw new TypeError(`Cannot write ${path} into a volume: the path is there twice`);
    paths.add(path);
  }
  for (const path of paths)
    for (let parent = dirname(path); parent !== '.'; parent = dirname(parent))
      if (paths.has(parent)) throw new TypeError(`Cannot write ${path} into a volume: ${parent} is a file`);
}

/** Name of the data directory in use. */
async function currentData(files: FileOperations, directory: string): Promise<string | undefined> {
  const entry = await lookIfThere(files, join(directory, DATA));
  if (entry === undefined) return undefined;
  const target = entry.type === 'link' ? await files.readlink(join(directory, DATA)) : '';
  if (!DATA_DIRECTORY.test(target)) throw occupied(directory, DATA);
  return target;
}

/** A visible name is ours or free: nobody's file is overwritten, and no planted link is used. */
async function checkVisible(files: FileOperations, directory: string, name: string): Promise<boolean> {
  const path = join(directory, name);
  const entry = await lookIfThere(files, path);
  if (entry === undefined) return false;
  if (entry.type === 'link' && (await files.readlink(path)) === `${DATA}/${name}`) return true;
  throw occupied(directory, name);
}

async function readTree(
  files: FileOperations,
  root: string,
  directory: string,
): Promise<readonly Required<VolumeFile>[]> {
  const found: Required<VolumeFile>[] = [];
  const walk = async (below: string): Promise<void> => {
    for (const name of await files.list(join(root, below))) {
      const path = below === '' ? name : `${below}/${name}`;
      const { type } = await files.look(join(root, path));
      if (type === 'directory') await walk(path);
      else if (type === 'file') found.push({ path, ...(await files.read(join(root, path))) });
      else throw occupied(directory, path);
    }
  };
  const { type } = await files.look(root);
  if (type !== 'directory') throw occupied(directory, DATA);
  await walk('');
  return sorted(found);
}

/** Reads a data directory that a power cut may have taken from under its link. */
async function readIfWhole(
  files: FileOperations,
  root: string,
  directory: string,
): Promise<readonly Required<VolumeFile>[] | undefined> {
  return (await lookIfThere(files, root)) === undefined ? undefined : readTree(files, root, directory);
}

const sameFiles = (a: readonly Required<VolumeFile>[], b: readonly Required<VolumeFile>[]): boolean =>
  a.length === b.length &&
  a.every(({ path, bytes, mode }, i) => path === b[i]!.path && mode === b[i]!.mode && equalBytes(bytes, b[i]!.bytes));

function dataDirectoryName(now: number, random: () => number): string {
  const time = new Date(now).toISOString().slice(0, 19).replace(/[-T:]/g, '_');
  return `..${time}.${String(Math.floor(random() * 1e10)).padStart(10, '0')}`;
}

/** Writes a data directory that is durable when this returns; private until it is complete. */
async function fill(
  files: FileOperations,
  root: string,
  content: readonly Required<VolumeFile>[],
  directoryMode: number,
): Promise<void> {
  await files.mkdir(root, 0o700);
  const directories = new Set<string>();
  for (const { path } of content)
    for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) directories.add(parent);
  const outermostFirst = [...directories].sort();
  for (const path of outermostFirst) await files.mkdir(join(root, path), 0o700);
  for (const { path, bytes, mode } of content) await createFile(files, join(root, path), bytes, mode);
  for (const path of [...outermostFirst.reverse(), '']) {
    await files.chmod(join(root, path), directoryMode);
    await files.syncDirectory(join(root, path));
  }
}

/** The one moment at which the new set replaces the old. */
async function swap(files: FileOperations, directory: string, data: string): Promise<void> {
  const temporary = join(directory, DATA_TEMPORARY);
  await removeTree(files, temporary);
  await files.symlink(data, temporary);
  await files.syncDirectory(directory);
  await files.rename(temporary, join(directory, DATA));
  await files.syncDirectory(directory);
}

/** Creates the visible names that are missing. @returns Whether there were any. */
async function showNames(files: FileOperations, directory: string, names: readonly string[]): Promise<boolean> {
  let changed = false;
  for (const name of names) {
    if (await checkVisible(files, directory, name)) continue;
    await files.symlink(`${DATA}/${name}`, join(directory, name));
    changed = true;
  }
  if (changed) await files.syncDirectory(directory);
  return changed;
}

/** Removes names that went away, data directories that are not in use, and what a crash left. */
async function sweep(files: FileOperations, directory: string, kept: string | undefined): Promise<void> {
  const visible = new Set(kept === undefined ? [] : await files.list(join(directory, kept)));
  for (const name of await files.list(directory)) {
    const path = join(directory, name);
    if (name === DATA_TEMPORARY || (DATA_DIRECTORY.test(name) && name !== kept)) await removeTree(files, path);
    else if (!name.startsWith('..') && !visible.has(name) && (await isOurLink(files, path, name)))
      await unlinkIfThere(files, path);
  }
}

async function isOurLink(files: FileOperations, path: string, name: string): Promise<boolean> {
  const entry = await lookIfThere(files, path);
  return entry?.type === 'link' && (await files.readlink(path)) === `${DATA}/${name}`;
}

/** After a failure: clears what is not in use. Where even that fails, the next write does it. */
async function abandon(files: FileOperations, directory: string): Promise<void> {
  try {
    await sweep(files, directory, await currentData(files, directory));
  } catch {
    // The first error is the one to tell; what is left is unused and is swept by the next write.
  }
}

const occupied = (directory: string, name: string): RotationError =>
  new RotationError(
    'ERR_ROTATION_UNSAFE',
    `Cannot use the volume ${directory} at ${name}: something else has that name`,
  );
