import { Command } from 'commander';
import { type CommandIo, processIo } from '../command-io.js';
import { inputName, readInput } from '../input-file.js';
import { describeInput } from '../inspect/describe.js';
import { formatDescriptions } from '../inspect/text.js';
import { printableJson } from '../terminal-text.js';

/** What to show, and how. */
export interface InspectOptions {
  readonly json?: boolean;
  readonly dump?: boolean;
  readonly lint?: boolean;
}

const EXAMPLES = `
It tells certificates, requests, CRLs, OCSP requests and responses, private and public keys apart by reading them. Of a private key it shows the kind and the
public half, never the key. What cannot be read is shown with the error code, the byte offset, the path of the field and the
octets around it; the exit code is then 1.

Examples:
  mayfly inspect tls.crt
  mayfly inspect --json tls.crt | jq -r '.[0].validity.notAfter'
  kubectl get secret web -o json | jq -r '.data["tls.crt"]' | base64 -d | mayfly inspect
  mayfly inspect --dump request.der
  mayfly inspect --lint ca.crl`;

/** `mayfly inspect`. */
export const inspectCommand = (io: CommandIo = processIo()): Command =>
  new Command('inspect')
    .summary('show what certificates, requests, revocation lists and keys say')
    .description('Shows what stands in a PEM or DER file: certificates, requests, CRLs, OCSP, keys, chains.')
    .argument('[file]', 'the file, - for standard input', '-')
    .option('--json', 'print a JSON array with one object per block')
    .option('--lint', 'name the rules of RFC 5280 that certificates, requests and CRLs break')
    .option('--dump', 'add every DER element with its offset, length and the names of OIDs')
    .addHelpText('after', EXAMPLES)
    .action((file: string, options: InspectOptions) => inspect(file, options, io));

/**
 * Prints what stands in a file. The exit code is 1 when some of it cannot be read.
 * @throws {@link CliError} `ERR_CLI_FILE`, `ERR_CLI_INPUT`.
 */
async function inspect(
  file: string,
  { json = false, dump = false, lint = false }: InspectOptions,
  io: CommandIo,
): Promise<void> {
  const bytes = await readInput(file, io);
  try {
    const name = inputName(file);
    const descriptions = await describeInput(bytes, name, { now: io.now(), withDump: dump, withLint: lint });
    io.writeOut(
      json
        ? `${printableJson(descriptions.map(({ facts, ...place }) => ({ ...place, ...facts })))}\n`
        : formatDescriptions(name, descriptions, { wholeDump: dump }),
    );
    if (descriptions.some(({ type }) => type === 'fault')) io.setExitCode(1);
  } finally {
    bytes.fill(0);
  }
}
