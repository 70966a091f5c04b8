import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { RotationError } from '../errors.js';
import { type FileOperations, systemFiles } from './operations.js';
import { createFile, ensureDirectory, errorCode, ioError, lookIfThere, unlinkIfThere } from './paths.js';
import { type Processes, type ProcessIdentity, systemProcesses } from './processes.js';

/** A directory that belongs to this process alone, among all that lock it. */
export interface DirectoryLock {
  /** Lets the directory go; later calls do nothing. */
  release(): Promise<void>;
}

/** What {@link lockDirectory} works with. */
export interface LockOptions {
  readonly files?: FileOperations;
  readonly processes?: Processes;
  /** User that has to own the directory; `undefined` where there are no users. Default: of this process. */
  readonly uid?: number | undefined;
  /** Name of this attempt, hexadecimal, never used before. Default: 16 random bytes. */
  readonly nonce?: string;
}

interface Owner extends ProcessIdentity {
  readonly nonce: string;
}

const LOCK = 'lock';
/** Milliseconds after which a temporary file has no writer any more. */
const ABANDONED = 60_000;
/** More processes than this that died in a row, each while it took over, are not believed. */
const LONGEST_CHAIN = 100;

/**
 * Takes a private directory for this process, making it if it is missing (0700). The lock names its process with the
 * time it began, so what a killed process left is taken over, also after a reboot and when its number is in use again.
 *
 * `lock` is created whole by `link`, which fails for an existing name. A dead owner is never removed, which two could do
 * at once, but succeeded: the name `lock.<nonce of the dead>` can be linked only once. Whoever stands at the end of that
 * chain owns the directory, and then makes itself its beginning.
 * @throws {@link RotationError} `ERR_ROTATION_LOCKED` when another process has it, `ERR_ROTATION_UNSAFE` when others can
 * read or write the directory or somebody else owns it, `ERR_ROTATION_IO`.
 */
export async function lockDirectory(
  directory: string,
  {
    files = systemFiles,
    processes = systemProcesses,
    uid = process.getuid?.(),
    nonce = randomBytes(16).toString('hex'),
    ...unknown
  }: LockOptions = {},
): Promise<DirectoryLock> {
  unknown satisfies Record<string, never>;
  const temporary = join(directory, `.${LOCK}.${nonce}.tmp`);
  try {
    await ensureDirectory(files, directory, 0o700);
    await checkPrivate(files, directory, uid);
    const own: Owner = { ...(await processes.self()), nonce };
    await createFile(files, temporary, new TextEncoder().encode(`${JSON.stringify(own)}\n`), 0o600);
    try {
      await takeOver(files, processes, directory, temporary, nonce);
    } finally {
      await unlinkIfThere(files, temporary);
    }
    await sweep(files, directory);
    await files.syncDirectory(directory);
  } catch (error) {
    throw ioError('lock', directory, error);
  }
  return {
    async release() {
      try {
        if ((await readOwner(files, join(directory, LOCK)))?.nonce !== nonce) return;
        await unlinkIfThere(files, join(directory, LOCK));
      } catch (error) {
        throw ioError('unlock', directory, error);
      }
    },
  };
}

async function takeOver(
  files: FileOperations,
  processes: Processes,
  directory: string,
  temporary: string,
  nonce: string,
): Promise<void> {
  for (;;) {
    const { owner, successor } = await endOfChain(files, directory);
    if (owner !== undefined) await checkDead(processes, directory, owner);
    try {
      await files.link(temporary, successor);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      continue; // somebody was faster: look who
    }
    if (owner === undefined) return;
    const end = await endOfChain(files, directory);
    if (end.owner?.nonce === nonce) return files.rename(temporary, join(directory, LOCK));
    await unlinkIfThere(files, successor); // linked to a chain that had just been replaced by another owner's
  }
}

/** The last owner, and the name that its successor has to take. */
async function endOfChain(
  files: FileOperations,
  directory: string,
): Promise<{ readonly owner: Owner | undefined; readonly successor: string }> {
  let owner: Owner | undefined;
  let successor = join(directory, LOCK);
  for (let length = 0; length < LONGEST_CHAIN; length++) {
    const next = await readOwner(files, successor);
    if (next === undefined) return { owner, successor };
    owner = next;
    successor = join(directory, `${LOCK}.${owner.nonce}`);
  }
  throw new RotationError('ERR_ROTATION_UNSAFE', `Cannot lock ${directory}: its lock files follow each other too long`);
}

async function readOwner(files: FileOperations, path: string): Promise<Owner | undefined> {
  let text: string;
  try {
    text = new TextDecoder().decode((await files.read(path)).bytes);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const owner = parseOwner(text);
  if (owner === undefined)
    throw new RotationError('ERR_ROTATION_UNSAFE', `Cannot read the lock ${path}: no process is named in it`);
  return owner;
}

function parseOwner(text: string): Owner | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // told by the caller, with the path
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { nonce, pid, host, boot, namespace, started } = value as Partial<Record<string, unknown>>; // checked below
  if (typeof nonce !== 'string' || !/^[0-9a-f]+$/.test(nonce)) return undefined;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid <= 0 || typeof host !== 'string') return undefined;
  return {
    nonce,
    pid,
    host,
    ...(typeof boot === 'string' && { boot }),
    ...(typeof namespace === 'string' && { namespace }),
    ...(typeof started === 'string' && { started }),
  };
}

async function checkDead(processes: Processes, directory: string, owner: Owner): Promise<void> {
  const state = await processes.state(owner);
  if (state === 'dead') return;
  const who = `process ${owner.pid} on ${owner.host}`;
  throw new RotationError(
    'ERR_ROTATION_LOCKED',
    state === 'alive'
      ? `Cannot lock ${directory}: ${who} has it`
      : `Cannot lock ${directory}: ${who} has it, in another container or machine; remove ${join(directory, LOCK)} if it has ended`,
  );
}

async function checkPrivate(files: FileOperations, directory: string, uid: number | undefined): Promise<void> {
  const entry = await files.look(directory);
  if (uid !== undefined && entry.uid !== uid)
    throw new RotationError('ERR_ROTATION_UNSAFE', `Cannot use ${directory}: it belongs to user ${entry.uid}`);
  if ((entry.mode & 0o077) !== 0)
    throw new RotationError(
      'ERR_ROTATION_UNSAFE',
      `Cannot use ${directory}: its mode is 0${entry.mode.toString(8)}, others must be kept out (chmod 700)`,
    );
}

/** Removes links of chains that are over, and what attempts left that were killed. */
async function sweep(files: FileOperations, directory: string): Promise<void> {
  const now = (await files.look(join(directory, LOCK))).modified;
  for (const name of await files.list(directory)) {
    const path = join(directory, name);
    if (/^lock\.[0-9a-f]+$/.test(name)) await unlinkIfThere(files, path);
    else if (/^\.lock\.[0-9a-f]+\.tmp$/.test(name)) {
      const entry = await lookIfThere(files, path);
      if (entry !== undefined && now - entry.modified > ABANDONED) await unlinkIfThere(files, path);
    }
  }
}
