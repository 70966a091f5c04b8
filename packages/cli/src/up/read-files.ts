import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CliError } from '../errors.js';
import { systemState } from '../input-file.js';
import type { SourceFile } from '../manifests/yaml-tree.js';

/** Longest file that is read, in bytes: well above what the reader of manifests takes. */
const MAX_FILE_LENGTH = 32 * 1024 * 1024;

/**
 * Reads manifests: files, directories (their `.yaml`, `.yml` and `.json` files, in order of their names), or `-` for
 * standard input.
 * @throws {@link CliError} `ERR_CLI_FILE` naming the path.
 */
export async function readSourceFiles(
  paths: readonly string[],
  stdin: AsyncIterable<Uint8Array>,
): Promise<readonly SourceFile[]> {
  const files: SourceFile[] = [];
  for (const path of paths) {
    if (path === '-') files.push({ path: '<stdin>', text: await readAll(stdin) });
    else for (const file of await expand(path)) files.push({ path: file, text: await readSourceFile(file) });
  }
  return files;
}

/** @throws {@link CliError} `ERR_CLI_FILE`. */
export async function readSourceFile(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_LENGTH) throw new Error(`${size} bytes, at most ${MAX_FILE_LENGTH} are read`);
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    throw new CliError('ERR_CLI_FILE', `Cannot read ${path}: ${systemState(cause)}`, { cause });
  }
}

async function expand(path: string): Promise<readonly string[]> {
  let names: readonly string[];
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    names = (await readdir(path)).filter((name) => /\.(ya?ml|json)$/.test(name)).sort();
  } catch (cause) {
    throw new CliError('ERR_CLI_FILE', `Cannot read ${path}: ${systemState(cause)}`, { cause });
  }
  if (names.length === 0)
    throw new CliError('ERR_CLI_FILE', `Cannot read ${resolve(path)}: no .yaml, .yml or .json file in it`);
  return names.map((name) => join(path, name));
}

async function readAll(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stdin) {
    length += chunk.length;
    if (length > MAX_FILE_LENGTH)
      throw new CliError('ERR_CLI_FILE', `Cannot read <stdin>: more than ${MAX_FILE_LENGTH} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
