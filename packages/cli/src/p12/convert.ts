import { allBags, writePfx } from '@mayfly/pkcs12';
import type { CommandIo } from '../command-io.js';
import { requireFree, writeOutputs } from '../output-file.js';
import { hasPassword, passwordSource, readPassword } from '../password.js';
import { printable } from '../terminal-text.js';
import { openFile, profiles, progressLine, type ReadFlags } from './options.js';

/** How the new file is to be. */
export interface ConvertOptions extends ReadFlags {
  readonly out: string;
  readonly profile: string;
  readonly iterations?: number;
  readonly force?: boolean;
}

/**
 * Writes a file anew with other algorithms, and with another password where one is given; every bag and attribute stays.
 * @throws {@link CliError} `ERR_CLI_USAGE`, `ERR_CLI_FILE`, `ERR_CLI_INPUT`.
 */
export async function convertFile(path: string, options: ConvertOptions, io: CommandIo): Promise<void> {
  const { out, iterations, force = false } = options;
  if (!force) await requireFree([out]);
  const { pfx, password } = await openFile(path, passwordSource({ ...options }, ''), options, io);
  try {
    const source = passwordSource({ ...options }, 'new');
    const next =
      password === undefined || hasPassword(source)
        ? await readPassword(printable(out), source, io, { isNew: true, prefix: 'new-' })
        : password;
    const profile = profiles.find(({ name }) => name === options.profile)!; // commander has looked
    const bytes = await writePfx(pfx, next, {
      profile,
      randomBytes: io.randomBytes,
      onProgress: progressLine(io),
      ...(iterations !== undefined && { iterations }),
    });
    await writeOutputs([{ path: out, bytes, mode: 0o600 }], force);
    io.writeError(
      `Wrote ${printable(out)}, profile ${profile.name}${next === password ? ', the same password' : ''}\n`,
    );
  } finally {
    for (const bag of allBags(pfx)) if (bag.type === 'key') bag.privateKeyInfo.fill(0);
  }
}
