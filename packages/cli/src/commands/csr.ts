import { resolve } from 'node:path';
import { encodePem } from '@mayfly/der/pem';
import type { KeyAlgorithm } from '@mayfly/keys';
import { fromPkcs8, type NodeSigningKey } from '@mayfly/keys/node';
import { openPrivateKeyPem } from '@mayfly/pkcs8/legacy';
import { createCertificationRequest } from '@mayfly/pkcs10';
import { subjectAltNameExtension } from '@mayfly/x509/extensions';
import { Command } from 'commander';
import { type CommandIo, processIo } from '../command-io.js';
import { CliError } from '../errors.js';
import { errorCode, inputError, inputName, readInput } from '../input-file.js';
import { keyTypeOption } from '../key-types.js';
import { type OutputFile, requireFree, writeOutputs } from '../output-file.js';
import { type PasswordSource, passwordOptions, readPassword } from '../password.js';
import { generalNameArgument, nameArgument } from '../subject-arguments.js';
import { printable } from '../terminal-text.js';

/** What a request is to say, and where it and its key go. */
export interface CsrOptions extends PasswordSource {
  /** RFC 4514 text. Default the empty name. */
  readonly subject?: string;
  readonly san?: readonly string[];
  /** An existing key. */
  readonly key?: string;
  readonly keyType: KeyAlgorithm;
  readonly out: string;
  readonly keyOut?: string;
  readonly force?: boolean;
}

const EXAMPLES = `
A new key goes to the file of --key-out with mode 0600 and nowhere else; "--key-out -" prints it before the request. An
existing one is read in any PEM form: PKCS#8, SEC 1 (EC PRIVATE KEY), PKCS#1 (RSA PRIVATE KEY), with or without a password.

Examples:
  mayfly csr --subject CN=web,O=Shop --san DNS:web.shop.example --key-out web.key --out web.csr
  mayfly csr --san URI:spiffe://example.org/web --san IP:10.0.0.7 --key-type Ed25519 --key-out web.key
  mayfly csr --key old.key --password-file old.password --subject CN=web | openssl req -noout -text -verify`;

/** `mayfly csr`. */
export const csrCommand = (io: CommandIo = processIo()): Command => {
  const command = new Command('csr')
    .summary('make a key and a certification request')
    .description('Makes a key, or takes one, and prints a PKCS#10 certification request that it signs.')
    .option('--subject <name>', 'subject in RFC 4514 text, for example CN=web,O=Shop (default: none)')
    .option('--san <name>', 'DNS:, IP:, URI: or email: name; may be repeated', append)
    .option('--key <file>', 'sign with this private key instead of a new one')
    .addOption(keyTypeOption())
    .option('--key-out <file>', 'where a new key goes, - for standard output')
    .option('--out <file>', 'where the request goes', '-')
    .option('--force', 'replace files that exist');
  for (const option of passwordOptions()) command.addOption(option);
  return command.addHelpText('after', EXAMPLES).action((options: CsrOptions) => csr(options, io));
};

const append = (value: string, all: readonly string[] = []): readonly string[] => [...all, value];

/**
 * Makes a request, and a key unless one is given. Nothing is written before the request is complete.
 * @throws {@link CliError} `ERR_CLI_USAGE`, `ERR_CLI_FILE`, `ERR_CLI_INPUT`.
 */
async function csr(options: CsrOptions, io: CommandIo): Promise<void> {
  const { subject: subjectText = '', san = [], key: keyFile, keyOut, out, force = false } = options;
  requireSenseOfFiles(options);
  const subject = nameArgument(subjectText);
  const names = san.map(generalNameArgument);
  const isFile = (path: string | undefined): path is string => path !== undefined && path !== '-';
  if (!force) await requireFree([keyOut, out].filter(isFile));

  const key = keyFile === undefined ? await io.generateKey(options.keyType) : await readKey(keyFile, options, io);
  const extensions = names.length === 0 ? [] : [subjectAltNameExtension(names, subjectText === '')];
  const request = encodePem('CERTIFICATE REQUEST', await createCertificationRequest({ subject, extensions }, key));

  if (subjectText === '' && names.length === 0)
    io.writeError(
      'The request names nobody: without --subject and --san it is an empty stub, which is what PodCertificateRequest wants\n',
    );
  const files: OutputFile[] = [];
  const privateKey = keyOut === undefined ? undefined : privateKeyPem(key);
  try {
    if (isFile(keyOut) && privateKey !== undefined) files.push({ path: keyOut, bytes: privateKey, mode: 0o600 });
    if (isFile(out)) files.push({ path: out, bytes: new TextEncoder().encode(request), mode: 0o644 });
    await writeOutputs(files, force);
    if (keyOut === '-') io.writeOut(new TextDecoder().decode(privateKey));
    if (out === '-') io.writeOut(request);
  } finally {
    privateKey?.fill(0);
  }
  for (const { path } of files)
    io.writeError(`Wrote ${path === keyOut ? 'the private key' : 'the request'} to ${printable(path)}\n`);
}

function requireSenseOfFiles({ key, keyOut, out, passwordFile, passwordEnv }: CsrOptions): void {
  if (key === undefined && keyOut === undefined)
    throw usage('no place for the new key; name a file with --key-out, or sign with an existing key by --key');
  if (key !== undefined && keyOut !== undefined)
    throw usage('--key-out is for a new key, and --key names an existing one; leave one of them out');
  if (key === undefined && (passwordFile ?? passwordEnv) !== undefined)
    throw usage('a password opens an existing key, and none is given; add --key, or leave the password out');
  if (keyOut !== undefined && keyOut !== '-' && resolve(keyOut) === resolve(out))
    throw usage('--key-out and --out are the same file; name two');
}

const usage = (state: string): CliError => new CliError('ERR_CLI_USAGE', `Cannot make a request: ${state}`);

/** PEM of a key as octets, which can be wiped. */
function privateKeyPem(key: NodeSigningKey): Uint8Array {
  const der = key.exportPkcs8();
  try {
    return new TextEncoder().encode(encodePem('PRIVATE KEY', der));
  } finally {
    der.fill(0);
  }
}

async function readKey(path: string, source: PasswordSource, io: CommandIo): Promise<NodeSigningKey> {
  const bytes = await readInput(path, io);
  const name = inputName(path);
  try {
    const privateKeyInfo = await openKey(bytes, name, source, io);
    try {
      return fromPkcs8(privateKeyInfo);
    } finally {
      privateKeyInfo.fill(0);
    }
  } catch (error) {
    throw inputError(name, error, adviceFor(errorCode(error)));
  } finally {
    bytes.fill(0);
  }
}

async function openKey(bytes: Uint8Array, name: string, source: PasswordSource, io: CommandIo): Promise<Uint8Array> {
  let isEncrypted = false;
  const key = await openPrivateKeyPem(new TextDecoder('latin1').decode(bytes), () => {
    isEncrypted = true;
    return readPassword(name, source, io);
  });
  if (!isEncrypted && (source.passwordFile ?? source.passwordEnv) !== undefined)
    io.writeError(`The key in ${name} is not encrypted; its password was not needed\n`);
  return key;
}

function adviceFor(code: string | undefined): string | undefined {
  switch (code) {
    case 'ERR_PKCS8_PEM':
      return 'give a PEM file with one private key in it';
    case 'ERR_PKCS8_PASSWORD':
      return 'check the password';
    case 'ERR_KEYS_UNSUPPORTED_ALGORITHM':
      return 'use an EC key on P-256, P-384 or P-521, an Ed25519 or an RSA key';
    default:
      return undefined;
  }
}
