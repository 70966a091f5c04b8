import { Command } from 'commander';
import { type CommandIo, processIo } from '../command-io.js';
import { type ConvertOptions, convertFile } from '../p12/convert.js';
import { type CreateOptions, createFile } from '../p12/create.js';
import { type InspectP12Options, inspectFile } from '../p12/inspect.js';
import { type OpenOptions, openToPem } from '../p12/open.js';
import { readOptions, writeOptions } from '../p12/options.js';
import { passwordArgumentOption, passwordOptions } from '../password.js';

const CREATE_EXAMPLES = `
The key is read in any PEM form, with or without a password of its own (--key-password-file and so on). The first certificate
of --cert is the key's own; the others of it and those of --ca are its chain. --trust marks certificates so that Java trusts
them.

Examples:
  mayfly p12 create --key web.key --cert web.crt --ca ca.crt --out keystore.p12 --password-file store.password
  mayfly p12 create --trust ca.crt --out truststore.p12 --passwordless
  mayfly p12 create --key web.key --cert web.crt --out old.p12 --profile legacy-3des`;

const OPEN_EXAMPLES = `
Without flags it prints the certificates, the key's own first. The private key goes where --key-out says, with mode 0600.

Examples:
  mayfly p12 open keystore.p12
  mayfly p12 open keystore.p12 --key-out web.key --cert-out web.crt --password-env STORE_PASSWORD
  mayfly p12 open old.p12 --legacy --key-out - 3<old.password --password-fd 3`;

const CONVERT_EXAMPLES = `
Every bag and attribute stays. The new file has the password of the old one unless --new-password-file, --new-password-env or
--new-password-fd give another.

Examples:
  mayfly p12 convert old.p12 --legacy --out new.p12
  mayfly p12 convert keystore.p12 --out for-java8.p12 --profile legacy-3des --new-password-file other.password`;

const INSPECT_EXAMPLES = `
It asks for no password: with one of the flags for it, it shows what is encrypted as well. Keys are never shown.

Examples:
  mayfly p12 inspect keystore.p12
  mayfly p12 inspect keystore.p12 --password-file store.password --json | jq .opened`;

const append = (value: string, all: readonly string[] = []): readonly string[] => [...all, value];

/** `mayfly p12`. */
export const p12Command = (io: CommandIo = processIo()): Command => {
  const p12 = new Command('p12')
    .summary('make, open, convert and show PKCS#12 files')
    .description('Makes, opens, converts and shows PKCS#12 files (keystore.p12, truststore.p12, .pfx).');

  const create = p12
    .command('create')
    .summary('put a key with its certificates, or trusted certificates, into a file')
    .description('Puts a key with its certificates, trusted certificates, or both into a PKCS#12 file.')
    .requiredOption('--out <file>', 'where it goes')
    .option('--key <file>', 'the private key, in PEM')
    .option('--cert <file>', "its certificates, the key's own first")
    .option('--ca <file>', 'more certificates of its chain; may be repeated', append)
    .option('--trust <file>', 'certificates to trust; may be repeated', append)
    .option('--crl <file>', 'certificate revocation lists; may be repeated', append)
    .option('--name <name>', 'friendlyName, the alias in Java (default: the commonName)')
    .option('--passwordless', 'neither password nor encryption, for trusted certificates alone')
    .option('--force', 'replace a file that exists');
  for (const option of [
    ...writeOptions(),
    ...passwordOptions('the file'),
    passwordArgumentOption(),
    ...passwordOptions('the key', 'key-'),
  ])
    create.addOption(option);
  create.addHelpText('after', CREATE_EXAMPLES).action((options: CreateOptions) => createFile(options, io));

  const open = p12
    .command('open')
    .summary('write what is in a file as PEM')
    .description('Writes what is in a PKCS#12 file as PEM.')
    .argument('<file>', 'the file, - for standard input')
    .option('--key-out <file>', 'where the private key goes, - for standard output')
    .option('--cert-out <file>', 'where the certificates go (default: - unless another goes somewhere)')
    .option('--trust-out <file>', 'where the certificates go that are marked as trusted')
    .option('--name <name>', 'the entry, by its friendlyName, of a file with several')
    .option('--force', 'replace files that exist');
  for (const option of [...passwordOptions('the file'), passwordArgumentOption(), ...readOptions()])
    open.addOption(option);
  open.addHelpText('after', OPEN_EXAMPLES).action((file: string, options: OpenOptions) => openToPem(file, options, io));

  const convert = p12
    .command('convert')
    .summary('write a file anew with other algorithms or another password')
    .description('Writes a PKCS#12 file anew with other algorithms or another password.')
    .argument('<file>', 'the file, - for standard input')
    .requiredOption('--out <file>', 'where the new one goes')
    .option('--force', 'replace a file that exists');
  for (const option of [
    ...writeOptions(),
    ...passwordOptions('the file'),
    passwordArgumentOption(),
    ...passwordOptions('the new file', 'new-'),
    ...readOptions(),
  ])
    convert.addOption(option);
  convert
    .addHelpText('after', CONVERT_EXAMPLES)
    .action((file: string, options: ConvertOptions) => convertFile(file, options, io));

  const inspect = p12
    .command('inspect')
    .summary('show structure and algorithms of a file')
    .description('Shows structure and algorithms of a PKCS#12 file, without its password as far as possible.')
    .argument('[file]', 'the file, - for standard input', '-')
    .option('--json', 'print a JSON object');
  for (const option of [...passwordOptions('the file'), passwordArgumentOption(), ...readOptions()])
    inspect.addOption(option);
  inspect
    .addHelpText('after', INSPECT_EXAMPLES)
    .action((file: string, options: InspectP12Options) => inspectFile(file, options, io));

  for (const command of p12.commands) command.exitOverride();
  return p12;
};
