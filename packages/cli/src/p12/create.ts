import { equalBytes } from '@mayfly/der';
import { PemError, parsePem } from '@mayfly/der/pem';
import { KeysError } from '@mayfly/keys';
import { fromPkcs8 } from '@mayfly/keys/node';
import { openPrivateKeyPem } from '@mayfly/pkcs8/legacy';
import {
  type KeyEntry,
  keyStore,
  type Pfx,
  passwordless,
  type TrustedEntry,
  trustStore,
  writePfx,
} from '@mayfly/pkcs12';
import { parseCertificate, parseCertificates } from '@mayfly/x509';
import type { CommandIo } from '../command-io.js';
import { CliError } from '../errors.js';
import { errorCode, inputError, inputName, readInput } from '../input-file.js';
import { requireFree, writeOutputs } from '../output-file.js';
import { hasPassword, passwordSource, readPassword } from '../password.js';
import { printable } from '../terminal-text.js';
import { profiles, progressLine } from './options.js';
import { namedTrust, nameOf } from './trust.js';

/** What a new file is made of. Passwords are among the fields too, see {@link passwordSource}. */
export interface CreateOptions {
  readonly key?: string;
  readonly cert?: string;
  readonly ca?: readonly string[];
  readonly trust?: readonly string[];
  readonly crl?: readonly string[];
  readonly name?: string;
  readonly profile: string;
  readonly iterations?: number;
  readonly passwordless?: boolean;
  readonly out: string;
  readonly force?: boolean;
}

/**
 * Makes a key store, a trust store, or both in one.
 * @throws {@link CliError} `ERR_CLI_USAGE`, `ERR_CLI_FILE`, `ERR_CLI_INPUT`.
 */
export async function createFile(options: CreateOptions, io: CommandIo): Promise<void> {
  const { out, force = false, iterations, passwordless: isOpen = false } = options;
  requireSense(options);
  if (!force) await requireFree([out]);
  const trusted = (await Promise.all((options.trust ?? []).map((path) => readTrusted(path, io)))).flat();
  const crls = (await Promise.all((options.crl ?? []).map((path) => readBlocks(path, 'X509 CRL', io)))).flat();
  const entry = options.key === undefined ? undefined : await readEntry(options.key, options, io);
  const pfx: Pfx = entry
    ? keyStore({ keys: [entry], trusted, crls })
    : isOpen
      ? trustStore(trusted, { encrypted: false })
      : keyStore({ keys: [], trusted, crls });
  const profile = isOpen ? passwordless : profiles.find(({ name }) => name === options.profile)!; // commander has looked
  try {
    const source = passwordSource({ ...options }, '');
    const password = isOpen ? null : await readPassword(printable(out), source, io, { isNew: true });
    if (password === '') io.writeError('Warning: the password is empty; whoever has the file has what is in it\n');
    if (password !== null && /[^ -~]/.test(password) && profile.name === 'modern')
      io.writeError('Note: Java opens this file only under a password in ASCII\n');
    const bytes = await writePfx(pfx, password, {
      profile,
      randomBytes: io.randomBytes,
      onProgress: progressLine(io),
      ...(iterations !== undefined && { iterations }),
    });
    await writeOutputs([{ path: out, bytes, mode: isOpen ? 0o644 : 0o600 }], force);
  } finally {
    entry?.privateKeyInfo.fill(0);
  }
  const parts = [
    ...(entry ? [`a key with ${counted(entry.certificates.length, 'certificate')}`] : []),
    ...(trusted.length > 0 ? [counted(trusted.length, 'trusted certificate')] : []),
    ...(crls.length > 0 ? [counted(crls.length, 'CRL')] : []),
  ];
  io.writeError(`Wrote ${parts.join(' and ')} to ${printable(out)}, profile ${profile.name}\n`);
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

function requireSense({
  key,
  cert,
  ca = [],
  trust = [],
  crl = [],
  name,
  passwordless: isOpen,
  ...more
}: CreateOptions): void {
  const usage = (state: string): CliError => new CliError('ERR_CLI_USAGE', `Cannot create a PKCS#12 file: ${state}`);
  if (key === undefined && cert !== undefined)
    throw usage(
      '--cert goes with its private key; name that with --key, or use --trust for a certificate that is to be trusted',
    );
  if (key === undefined && trust.length === 0)
    throw usage('there is nothing to put into it; give --key and --cert, or --trust');
  if (key !== undefined && cert === undefined) throw usage('--key goes with its certificate; name that with --cert');
  if (key === undefined && ca.length > 0) throw usage('--ca goes with --key; certificates to trust go with --trust');
  if (key === undefined && name !== undefined) throw usage('--name goes with --key');
  if (!isOpen) return;
  if (key !== undefined) throw usage('--passwordless leaves a private key in the open; leave one of them out');
  if (crl.length > 0) throw usage('--passwordless is for trusted certificates alone');
  if (hasPassword(passwordSource({ ...more }, '')) || more.iterations !== undefined || more.profile !== 'modern')
    throw usage('--passwordless needs no password, no --profile and no --iterations');
}

async function readEntry(keyPath: string, options: CreateOptions, io: CommandIo): Promise<KeyEntry> {
  const certificates = [
    ...(await readCertificates(options.cert!, io)), // asked for with --key
    ...(await Promise.all((options.ca ?? []).map((path) => readCertificates(path, io)))).flat(),
  ];
  const privateKeyInfo = await readKey(keyPath, options, io);
  try {
    requireSameKey(privateKeyInfo, certificates[0]!, keyPath, options.cert!, io);
  } catch (error) {
    privateKeyInfo.fill(0);
    throw error;
  }
  const friendlyName = options.name ?? nameOf(certificates[0]!);
  return { privateKeyInfo, certificates, ...(friendlyName !== undefined && { friendlyName }) };
}

async function readKey(path: string, options: CreateOptions, io: CommandIo): Promise<Uint8Array> {
  const bytes = await readInput(path, io);
  const name = inputName(path);
  try {
    return await openPrivateKeyPem(new TextDecoder('latin1').decode(bytes), () =>
      readPassword(name, passwordSource({ ...options }, 'key'), io, { prefix: 'key-' }),
    );
  } catch (error) {
    throw inputError(name, error, errorCode(error) === 'ERR_PKCS8_PASSWORD' ? 'check the password' : undefined);
  } finally {
    bytes.fill(0);
  }
}

function requireSameKey(
  privateKeyInfo: Uint8Array,
  certificate: Uint8Array,
  keyPath: string,
  certPath: string,
  io: CommandIo,
): void {
  try {
    const { subjectPublicKeyInfo } = fromPkcs8(privateKeyInfo);
    if (equalBytes(subjectPublicKeyInfo, parseCertificate(certificate).subjectPublicKeyInfo)) return;
  } catch (error) {
    if (!(error instanceof KeysError)) throw error;
    io.writeError(`Note: whether the key fits the certificate was not checked: ${error.message}\n`);
    return;
  }
  throw new CliError(
    'ERR_CLI_INPUT',
    `Cannot create a PKCS#12 file: the key in ${inputName(keyPath)} is not that of the first certificate in ` +
      `${inputName(certPath)}; put the key's own certificate first`,
  );
}

async function readCertificates(path: string, io: CommandIo): Promise<readonly Uint8Array[]> {
  const bytes = await readInput(path, io);
  try {
    return parseCertificates(bytes).map(({ der }) => der);
  } catch (error) {
    throw inputError(inputName(path), error);
  }
}

async function readBlocks(path: string, label: string, io: CommandIo): Promise<readonly Uint8Array[]> {
  const bytes = await readInput(path, io);
  if (bytes[0] === 0x30) return [bytes];
  try {
    const found = parsePem(new TextDecoder('latin1').decode(bytes)).filter((block) => block.label === label);
    if (found.length > 0) return found.map((block) => block.bytes);
  } catch (error) {
    throw error instanceof PemError ? inputError(inputName(path), error) : error;
  }
  throw new CliError('ERR_CLI_INPUT', `In ${inputName(path)}: there is no ${label}`);
}

/** Java shows certificates by name, and keeps one of each name. */
async function readTrusted(path: string, io: CommandIo): Promise<readonly TrustedEntry[]> {
  return namedTrust(await readCertificates(path, io));
}
