import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Seconds } from '@mayfly/der';
import { encodePem } from '@mayfly/der/pem';
import type { KeyAlgorithm } from '@mayfly/keys';
import type { NodeSigningKey } from '@mayfly/keys/node';
import { parseCertificate, type Validity } from '@mayfly/x509';
import { type AuthorityContents, createCertificate, intermediateContents, rootContents } from '@mayfly/x509/create';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { buildName, encodeName } from '@mayfly/x509/name';
import type { SigningKey } from '@mayfly/x509/signed';
import { Command, Option } from 'commander';
import { type CommandIo, processIo } from '../command-io.js';
import { CliError } from '../errors.js';
import { systemState } from '../input-file.js';
import { keyTypeOption } from '../key-types.js';
import { type OutputFile, requireFree, writeOutputs } from '../output-file.js';
import { formatTime, printable } from '../terminal-text.js';
import { isTokenUri, openTokenKey } from '../token-key.js';
import { durationArgument } from './arguments.js';
import { caRotateCommand } from './ca-rotate.js';

/** What authorities to make, and where. */
export interface CaInitOptions {
  readonly out: string;
  /** The commonName of the root. */
  readonly name: string;
  readonly lifetime: Seconds;
  readonly keyType: KeyAlgorithm;
  /** URI of a token's key that is the root's; without, one is made. */
  readonly key?: string;
  /** The commonName of an authority below it. */
  readonly intermediate?: string;
  readonly force?: boolean;
}

const DAY: Seconds = 86_400;
/** 9999-12-31T23:59:59Z, the last moment that a certificate can name (RFC 5280 §4.1.2.5). */
const LAST_MOMENT: Seconds = 253_402_300_799;

const EXAMPLES = `
It writes ca.crt and ca.key, and with --intermediate also intermediate.crt and intermediate.key: keys with mode 0600 as
unencrypted PKCS#8, in a directory of mode 0700. Keep ca.key away from machines that serve: with an intermediate, issuing
needs only that one's key. Nothing is replaced without --force.

With --key the root's key is that of a PKCS#11 token, named as mayfly signer --help says, and no ca.key is written.

Examples:
  mayfly ca init --out pki --name "Example Root"
  mayfly ca init --out pki --name "Example Root" --intermediate "Example Issuing" --key-type P-384
  mayfly ca init --out pki --name "Example Root" --key 'pkcs11:object=ca?module-path=/usr/lib/softhsm/libsofthsm2.so'
  openssl verify -CAfile pki/ca.crt pki/intermediate.crt`;

/** `mayfly ca`. */
export const caCommand = (io: CommandIo = processIo()): Command => {
  const ca = new Command('ca')
    .summary('make certification authorities, and replace them')
    .description('Makes certification authorities, and replaces those of a signer.');
  ca.command('init')
    .summary('make a root, and an intermediate below it')
    .description('Makes a root authority: a certificate that signs itself, and its key.')
    .requiredOption('--out <directory>', 'where the files go; made when missing')
    .requiredOption('--name <name>', 'commonName of the root')
    .addOption(
      new Option('--lifetime <duration>', 'how long the certificates are valid')
        .argParser(durationArgument)
        .default(3650 * DAY, '3650d'),
    )
    .addOption(keyTypeOption())
    .option('--key <uri>', 'take the key of a token for the root, pkcs11:..., instead of making one')
    .option('--intermediate <name>', 'make an authority of this commonName below the root')
    .option('--force', 'replace an authority that is there; certificates of the old one are worth nothing then')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .action((options: CaInitOptions) => caInit(options, io));
  return ca.addCommand(caRotateCommand(io));
};

/**
 * Makes a root and, where one is named, an intermediate below it that can sign leaves alone.
 * @throws {@link CliError} `ERR_CLI_USAGE`, `ERR_CLI_FILE`.
 */
async function caInit(options: CaInitOptions, io: CommandIo): Promise<void> {
  const { out, keyType, intermediate, force = false } = options;
  if (options.key !== undefined && !isTokenUri(options.key))
    throw new CliError('ERR_CLI_USAGE', 'Cannot use --key: it takes the URI of a key in a token, pkcs11:...');
  const validity = validityOf(options.lifetime, io.now());
  const root = authority('--name', options.name, validity, io);
  const below = intermediate === undefined ? undefined : authority('--intermediate', intermediate, validity, io);
  if (intermediate === options.name)
    throw new CliError('ERR_CLI_USAGE', 'Cannot make authorities: --intermediate and --name are the same; name two');
  const path = (file: string): string => join(out, file);
  const made = options.key === undefined ? ['ca.key'] : [];
  const paths = [...made, 'ca.crt', ...(below ? ['intermediate.key', 'intermediate.crt'] : [])].map(path);

  await requirePrivateDirectory(out);
  if (!force) await requireFree(paths);
  const token = options.key === undefined ? undefined : await openTokenKey(options.key, { env: io.env });
  const files: OutputFile[] = [];
  try {
    const ownKey = token === undefined ? await io.generateKey(keyType) : undefined;
    if (ownKey !== undefined) files.push(keyFile(path('ca.key'), ownKey));
    const rootKey: SigningKey = token ?? ownKey!;
    const rootDer = await createCertificate(rootContents(root(rootKey), rootKey), rootKey);
    files.push(certificateFile(path('ca.crt'), rootDer));
    if (below !== undefined) {
      const key = await io.generateKey(keyType);
      const contents = { ...below(key), pathLenConstraint: 0 };
      const issuer = parseCertificate(rootDer);
      const der = await createCertificate(intermediateContents(contents, key.subjectPublicKeyInfo, issuer), rootKey);
      files.push(keyFile(path('intermediate.key'), key), certificateFile(path('intermediate.crt'), der));
    }
    await writeOutputs(files, force);
  } finally {
    token?.close();
    for (const { bytes, mode } of files) if (mode === 0o600) bytes.fill(0);
  }
  io.writeOut(report(options, validity));
}

/** Both ends inclusive (RFC 5280 §4.1.2.5), so a lifetime of a day ends a second before the next. */
function validityOf(lifetime: Seconds, now: Seconds): Validity {
  const notAfter = now + lifetime - 1;
  if (lifetime < 1 || notAfter > LAST_MOMENT)
    throw new CliError('ERR_CLI_USAGE', 'Cannot make authorities: --lifetime ends before it begins, or after 9999');
  return { notBefore: now, notAfter };
}

/** What an authority's certificate says, but for its key. */
function authority(
  flag: string,
  name: string,
  validity: Validity,
  { randomBytes }: CommandIo,
): (key: SigningKey) => AuthorityContents {
  const subject = subjectOf(flag, name);
  return ({ subjectPublicKeyInfo }) => ({
    serialNumber: serialNumber(randomBytes),
    validity,
    subject,
    subjectKeyIdentifier: rfc7093KeyIdentifier(subjectPublicKeyInfo),
  });
}

function subjectOf(flag: string, name: string): Uint8Array {
  try {
    return encodeName(buildName({ commonName: name }));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CliError('ERR_CLI_USAGE', `Cannot use ${flag}: ${cause.message}`, { cause });
  }
}

/** 127 random bits below a bit that is set: 16 octets, above zero. */
function serialNumber(randomBytes: CommandIo['randomBytes']): bigint {
  let serial = 0n;
  for (const octet of randomBytes(16)) serial = (serial << 8n) | BigInt(octet);
  return BigInt.asUintN(127, serial) | (1n << 126n);
}

const certificateFile = (path: string, der: Uint8Array): OutputFile => ({
  path,
  bytes: new TextEncoder().encode(encodePem('CERTIFICATE', der)),
  mode: 0o644,
});

function keyFile(path: string, key: NodeSigningKey): OutputFile {
  const der = key.exportPkcs8();
  const bytes = new TextEncoder().encode(encodePem('PRIVATE KEY', der));
  der.fill(0);
  return { path, bytes, mode: 0o600 };
}

/** Makes the directory, or makes sure that nobody else can reach into the one that is there. */
async function requirePrivateDirectory(path: string): Promise<void> {
  const shown = printable(path);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const { mode, uid } = await stat(path);
    const me = process.getuid?.();
    if (me !== undefined && uid !== me)
      throw refuseDirectory(shown, 'it belongs to another user; choose a directory of your own with --out');
    if ((mode & 0o077) !== 0)
      throw refuseDirectory(
        shown,
        `its mode is ${(mode & 0o777).toString(8).padStart(4, '0')} and keys are to lie in it; chmod 700 ${shown}, or choose another with --out`,
      );
  } catch (cause) {
    if (cause instanceof CliError) throw cause;
    throw new CliError('ERR_CLI_FILE', `Cannot make the directory ${shown}: ${systemState(cause)}`, { cause });
  }
}

const refuseDirectory = (path: string, state: string): CliError =>
  new CliError('ERR_CLI_FILE', `Cannot use ${path}: ${state}`);

function report({ out, name, keyType, key, intermediate }: CaInitOptions, { notAfter }: Validity): string {
  const path = (file: string): string => printable(join(out, file));
  const until = `valid until ${formatTime(notAfter)}`;
  const lines = [
    `Root "${printable(name)}", ${key === undefined ? keyType : 'key of a token'}, ${until}`,
    `  certificate  ${path('ca.crt')}`,
    ...(key === undefined ? [`  private key  ${path('ca.key')} (mode 0600)`] : []),
  ];
  if (intermediate !== undefined)
    lines.push(
      `Intermediate "${printable(intermediate)}", ${keyType}, ${until}`,
      `  certificate  ${path('intermediate.crt')}`,
      `  private key  ${path('intermediate.key')} (mode 0600)`,
    );
  const checked = intermediate === undefined ? 'ca.crt' : 'intermediate.crt';
  lines.push(
    'Check it with',
    `  openssl verify -CAfile ${quotedForShell(join(out, 'ca.crt'))} ${quotedForShell(join(out, checked))}`,
  );
  return `${lines.join('\n')}\n`;
}

/** A path that can be pasted into a shell. */
const quotedForShell = (path: string): string =>
  /^[\w./@%+=:,-]+$/.test(path) ? path : `'${printable(path).replaceAll("'", "'\\''")}'`;
