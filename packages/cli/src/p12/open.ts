import { encodePem } from '@mayfly/der/pem';
import { allBags, keyEntries, type Pfx, trustedEntries } from '@mayfly/pkcs12';
import type { CommandIo } from '../command-io.js';
import { CliError } from '../errors.js';
import { inputName } from '../input-file.js';
import { type OutputFile, requireFree, writeOutputs } from '../output-file.js';
import { passwordSource } from '../password.js';
import { printable } from '../terminal-text.js';
import { openFile, type ReadFlags } from './options.js';

/** Which parts of a file go where. */
export interface OpenOptions extends ReadFlags {
  readonly name?: string;
  readonly keyOut?: string;
  readonly certOut?: string;
  readonly trustOut?: string;
  readonly force?: boolean;
}

/**
 * Writes what is in a PKCS#12 file as PEM.
 * @throws {@link CliError} `ERR_CLI_USAGE`, `ERR_CLI_FILE`, `ERR_CLI_INPUT`.
 */
export async function openToPem(path: string, options: OpenOptions, io: CommandIo): Promise<void> {
  const { name, keyOut, trustOut, force = false } = options;
  const certOut = options.certOut ?? (keyOut === undefined && trustOut === undefined ? '-' : undefined);
  const isFile = (one: string | undefined): one is string => one !== undefined && one !== '-';
  if (!force) await requireFree([keyOut, certOut, trustOut].filter(isFile));
  const { pfx } = await openFile(path, passwordSource({ ...options }, ''), options, io);
  const outputs: { readonly what: string; readonly path: string; readonly bytes: Uint8Array; readonly mode: number }[] =
    [];
  try {
    if (keyOut !== undefined) {
      const bytes = utf8(encodePem('PRIVATE KEY', selectKey(pfx, name, inputName(path)).privateKeyInfo));
      outputs.push({ what: 'the private key', path: keyOut, bytes, mode: 0o600 });
    }
    if (certOut !== undefined)
      outputs.push({
        what: 'certificates',
        path: certOut,
        bytes: pemOf(certificates(pfx, name, inputName(path))),
        mode: 0o644,
      });
    if (trustOut !== undefined) {
      const trusted = trustedEntries(pfx).map(({ certificate }) => certificate);
      if (trusted.length === 0)
        throw new CliError('ERR_CLI_INPUT', `In ${inputName(path)}: no certificate is marked as trusted`);
      outputs.push({ what: 'trusted certificates', path: trustOut, bytes: pemOf(trusted), mode: 0o644 });
    }
    const files: readonly OutputFile[] = outputs.filter((one) => isFile(one.path));
    await writeOutputs(files, force);
    for (const one of outputs) if (one.path === '-') io.writeOut(new TextDecoder().decode(one.bytes));
    for (const one of outputs) if (isFile(one.path)) io.writeError(`Wrote ${one.what} to ${printable(one.path)}\n`);
  } finally {
    for (const { bytes, mode } of outputs) if (mode === 0o600) bytes.fill(0);
    for (const bag of allBags(pfx)) if (bag.type === 'key') bag.privateKeyInfo.fill(0);
  }
}

function selectKey(pfx: Pfx, name: string | undefined, file: string) {
  const all = keyEntries(pfx);
  const entries = name === undefined ? all : all.filter((entry) => entry.friendlyName === name);
  const [entry] = entries;
  if (entry !== undefined && entries.length === 1) return entry;
  const names = all.map(({ friendlyName }) =>
    friendlyName === undefined ? 'one without a name' : printable(friendlyName),
  );
  const state =
    all.length === 0
      ? 'there is no private key'
      : `${entries.length === 0 ? 'no key has this name' : 'several keys'}; there are ${names.join(', ')}; choose with --name`;
  throw new CliError('ERR_CLI_INPUT', `In ${file}: ${state}`);
}

/** The chain of the key, then all other certificates; those of one entry when it is named. */
function certificates(pfx: Pfx, name: string | undefined, file: string): readonly Uint8Array[] {
  if (name !== undefined) return selectKey(pfx, name, file).certificates;
  const chains = keyEntries(pfx).flatMap((entry) => entry.certificates);
  const others = allBags(pfx).flatMap((bag) => (bag.type === 'certificate' ? [bag.certificate] : []));
  const all = [...new Set([...chains, ...others])];
  if (all.length === 0) throw new CliError('ERR_CLI_INPUT', `In ${file}: there is no certificate`);
  return all;
}

const pemOf = (all: readonly Uint8Array[]): Uint8Array =>
  utf8(all.map((der) => encodePem('CERTIFICATE', der)).join(''));
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
