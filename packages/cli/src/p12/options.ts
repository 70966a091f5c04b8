import { scrypt } from 'node:crypto';
import type { Seconds } from '@mayfly/der';
import type { DeriveKey } from '@mayfly/pkcs8/password-based';
import {
  type BagDescription,
  describePfx,
  type ImportLimits,
  modern,
  type Pfx,
  type PfxDescription,
  type Profile,
  type Progress,
  pbmac1,
  readPfx,
} from '@mayfly/pkcs12';
import { legacy, legacy3Des, legacyRc2 } from '@mayfly/pkcs12/legacy';
import { InvalidArgumentError, Option } from 'commander';
import type { CommandIo } from '../command-io.js';
import { durationArgument } from '../commands/arguments.js';
import { errorCode, inputError, inputName, readInput } from '../input-file.js';
import { hasPassword, type PasswordSource, readPassword } from '../password.js';

/** Profiles of files by the names that flags and annotations take. */
export const profiles: readonly Profile[] = [modern, pbmac1, legacy3Des, legacyRc2];

/** The flags that say how a file is written. */
export const writeOptions = (): readonly Option[] => [
  new Option('--profile <name>', 'with which algorithms').choices(profiles.map(({ name }) => name)).default('modern'),
  new Option(
    '--iterations <number>',
    "rounds of each derivation (default: the profile's, 600000 for modern)",
  ).argParser(iterationsArgument),
];

/** A number of iterations that a file may have. */
function iterationsArgument(text: string): number {
  const iterations = Number(text);
  if (!/^\d{1,8}$/.test(text) || iterations < 1 || iterations > 10_000_000)
    throw new InvalidArgumentError('It is a whole number from 1 to 10000000.');
  return iterations;
}

/** The flags that say how a file is read. */
export const readOptions = (): readonly Option[] => [
  new Option('--legacy', 'open the old algorithms too: RC2, RC4, DES, triple DES'),
  new Option('--allow-missing-mac', 'open a file that nothing protects against changes'),
  new Option('--budget <duration>', 'how long deriving keys may take (default: 30s)').argParser(durationArgument),
];

/** A person has named the file, sees that it goes on, and can end it: longer than the library waits for strangers' files. */
const DEFAULT_BUDGET: Seconds = 30;

export interface ReadFlags {
  readonly legacy?: boolean;
  readonly allowMissingMac?: boolean;
  readonly budget?: Seconds;
}

/** Longest file that is read, in octets. */
export const MAX_FILE_LENGTH: number = 16 * 1024 * 1024;

/**
 * Reads and opens a PKCS#12 file; a password is asked for only where there is use for one.
 * @returns What is in it, and its password; `undefined` where it has none.
 * @throws {@link CliError} `ERR_CLI_FILE`, `ERR_CLI_USAGE`, `ERR_CLI_INPUT` with what can be done about it.
 */
export async function openFile(
  path: string,
  source: PasswordSource,
  flags: ReadFlags,
  io: CommandIo,
): Promise<{ readonly pfx: Pfx; readonly password: string | undefined }> {
  const name = inputName(path);
  const file = await readInput(path, io, MAX_FILE_LENGTH);
  const isOpen = isInTheOpen(describe(file, name)) && !hasPassword(source);
  const password = isOpen ? undefined : await readPassword(name, source, io);
  return { pfx: await openBytes(file, name, password ?? '', flags, io), password };
}

/** Structure and algorithms. @throws {@link CliError} `ERR_CLI_INPUT`. */
export function describe(file: Uint8Array, name: string): PfxDescription {
  try {
    return describePfx(file);
  } catch (error) {
    throw inputError(name, error);
  }
}

/** Whether nothing in a file is under a password: neither a MAC, nor contents, nor a key. */
export const isInTheOpen = ({ mac, contents }: PfxDescription): boolean =>
  mac === undefined &&
  contents.every(({ encryption, safeBags = [] }) => encryption === undefined && safeBags.every(isPlain));

const isPlain = ({ encryption, safeBags = [] }: BagDescription): boolean =>
  encryption === undefined && safeBags.every(isPlain);

/** Opens octets of a file. @throws {@link CliError} `ERR_CLI_INPUT`. */
export async function openBytes(
  file: Uint8Array,
  name: string,
  password: string,
  { legacy: withLegacy = false, allowMissingMac = false, budget = DEFAULT_BUDGET }: ReadFlags,
  io: CommandIo,
): Promise<Pfx> {
  const limits: ImportLimits = { derivationTime: 1000 * budget };
  try {
    return await readPfx(file, password, {
      limits,
      allowMissingMac,
      ...(withLegacy && { legacy }),
      derive: nativeScrypt,
      onProgress: progressLine(io),
    });
  } catch (error) {
    throw inputError(name, error, adviceFor(errorCode(error), withLegacy));
  }
}

/** What stands in the way of an open file, and what to do about it. */
function adviceFor(code: string | undefined, withLegacy: boolean): string | undefined {
  switch (code) {
    case 'ERR_PKCS12_PASSWORD':
      return 'check the password';
    case 'ERR_PKCS12_NO_MAC':
      return 'if you trust where it comes from, --allow-missing-mac opens it';
    case 'ERR_PKCS12_UNSUPPORTED':
      return withLegacy ? undefined : 'if the algorithm is an old one, --legacy opens it';
    case 'ERR_PKCS12_BUDGET':
      return 'if you trust where it comes from, --budget 5m gives it five minutes';
    default:
      return undefined;
  }
}

/** scrypt in a thread of Node's, which is quicker than in JavaScript. */
const nativeScrypt: DeriveKey = (derivation, password) => {
  if (derivation.type !== 'scrypt') return undefined;
  const { salt, costParameter: N, blockSize: r, parallelizationParameter: p, keyLength } = derivation;
  return new Promise((resolve, reject) =>
    scrypt(password, salt, keyLength, { N, r, p, maxmem: 256 * r * (N + p) + 2 ** 20 }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    ),
  );
};

/** Tells on standard error what takes longer than a second, once a second. */
export function progressLine(io: CommandIo): (progress: Progress) => void {
  let next = performance.now() + 1000;
  return ({ iterations, total }) => {
    if (performance.now() < next || iterations >= total) return;
    next = performance.now() + 1000;
    io.writeError(`Deriving keys: ${Math.floor((100 * iterations) / total)} %\n`);
  };
}
