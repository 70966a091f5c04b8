import type { Seconds } from '@mayfly/der';
import { DerError } from '@mayfly/der';
import { KeysError } from '@mayfly/keys';
import { verifyWithNode } from '@mayfly/keys/node';
import { type Certificate, X509Error } from '@mayfly/x509';
import { keyPurposes } from '@mayfly/x509/extensions';
import { type PathRefusalReason, type PathResult, validatePath } from '@mayfly/x509/path';
import { Command, Option } from 'commander';
import { type CommandIo, processIo } from '../command-io.js';
import { parseDuration } from '../duration.js';
import { CliError } from '../errors.js';
import { inputError, inputName, readInput } from '../input-file.js';
import { nameFact } from '../inspect/description.js';
import { serialNumberText } from '../inspect/extensions.js';
import { formatTime, printable, printableJson } from '../terminal-text.js';
import { readCertificates } from '../verify/certificates.js';
import { matchName, parseReferenceName, type ReferenceName } from '../verify/match-name.js';

/** What a certificate is checked against. */
export interface VerifyOptions {
  readonly ca: string;
  readonly untrusted?: string;
  readonly name?: string;
  readonly purpose?: 'client' | 'server';
  readonly at?: string;
  readonly json?: boolean;
}

/** What came out, as `--json` prints it; `ok` and `reason` are stable. */
export interface Verdict {
  readonly ok: boolean;
  readonly at: string;
  /** From the leaf to the anchor. Absent when refused. */
  readonly chain?: readonly CertificateSummary[];
  readonly reason?: PathRefusalReason | string;
  readonly message?: string;
  /** The certificate that is to blame. */
  readonly certificate?: CertificateSummary;
}

/** Enough of a certificate to know which one is meant. */
export interface CertificateSummary {
  readonly subject: string;
  readonly issuer: string;
  readonly serialNumber: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

const PURPOSES = { client: keyPurposes.clientAuth, server: keyPurposes.serverAuth } as const;

/** 9999-12-31T23:59:59Z, the last moment that a certificate can name (RFC 5280 §4.1.2.5). */
const LAST_MOMENT: Seconds = 253_402_300_799;

const EXAMPLES = `
The file may hold the chain behind its leaf, as tls.crt does. The check is the simple one: signatures, dates, names of issuers,
basicConstraints, keyUsage and extended key usage. It knows neither certificate policies nor revocation, and it refuses chains
with name constraints instead of passing over them.

Exit code: 0 when a chain was found, 1 when the certificate is refused, 2 when it could not be checked.

Examples:
  mayfly verify --ca ca.crt tls.crt
  mayfly verify --ca ca.crt --name web.shop.example --purpose server tls.crt
  mayfly verify --ca bundle.pem --name spiffe://example.org/web --at +24h tls.crt
  mayfly verify --ca ca.crt --untrusted intermediate.crt --json leaf.crt | jq -r .reason`;

/** `mayfly verify`. */
export const verifyCommand = (io: CommandIo = processIo()): Command =>
  new Command('verify')
    .summary('check a certificate against trusted authorities')
    .description('Looks for a chain of signatures from a certificate to a trusted one, and tells why there is none.')
    .argument('<file>', 'PEM or DER of the certificate, with its chain or without; - for standard input')
    .requiredOption('--ca <bundle>', 'PEM or DER of the certificates that are trusted')
    .option('--untrusted <file>', 'further certificates that a chain may use')
    .option('--name <name>', 'DNS name, IP address or SPIFFE ID that the certificate must have')
    .addOption(new Option('--purpose <purpose>', 'what the certificate must be good for').choices(['client', 'server']))
    .option('--at <time>', 'check at 2026-09-01T12:00:00Z, or at +24h from now (default: now)')
    .option('--json', 'print a JSON object')
    .addHelpText('after', EXAMPLES)
    .action((file: string, options: VerifyOptions) => runVerify(file, options, io));

/**
 * Prints the verdict; the exit code is 1 for a refusal.
 * @throws {@link CliError} as {@link verify}, always with exit code 2, so that it is not taken for a refusal.
 */
async function runVerify(file: string, options: VerifyOptions, io: CommandIo): Promise<void> {
  const verdict = await verify(file, options, io).catch((cause: unknown) => {
    if (!(cause instanceof CliError)) throw cause;
    throw new CliError(cause.code, cause.message, { cause, exitCode: 2 });
  });
  io.writeOut(options.json === true ? `${printableJson(verdict)}\n` : formatVerdict(inputName(file), verdict));
  io.setExitCode(verdict.ok ? 0 : 1);
}

/**
 * Checks the first certificate of a file; those behind it may be used for its chain.
 * @throws {@link CliError} `ERR_CLI_USAGE`, `ERR_CLI_FILE`, `ERR_CLI_INPUT` when it cannot be checked.
 */
async function verify(file: string, options: VerifyOptions, io: CommandIo): Promise<Verdict> {
  const { ca, untrusted, purpose } = options;
  const at = momentOf(options.at, io.now());
  const name = nameOf(options.name);
  if ([file, ca, untrusted].filter((path) => path === '-').length > 1)
    throw new CliError('ERR_CLI_USAGE', 'Cannot verify: standard input can be read once; name files for the others');
  const read = async (path: string) => readCertificates(await readInput(path, io), inputName(path));
  const [leaf, ...behind] = await read(file);
  const anchors = await read(ca);
  const intermediates = [...behind, ...(untrusted === undefined ? [] : await read(untrusted))];
  const result = await path(leaf!, inputName(file), {
    anchors,
    intermediates,
    at,
    ...(purpose && { extKeyUsage: PURPOSES[purpose] }),
    verify: verifyWithNode,
  });
  const moment = formatTime(at);
  if (!result.ok)
    return {
      ok: false,
      at: moment,
      reason: result.reason,
      message: result.message,
      certificate: summary(result.certificate),
    };
  const refusal = name && refuseName(leaf!, name);
  if (refusal !== undefined) return { ok: false, at: moment, ...refusal, certificate: summary(leaf!) };
  return { ok: true, at: moment, chain: result.chain.map(summary) };
}

async function path(leaf: Certificate, name: string, options: Parameters<typeof validatePath>[1]): Promise<PathResult> {
  try {
    return await validatePath(leaf, options);
  } catch (error) {
    if (!(error instanceof KeysError)) throw error;
    throw inputError(name, error, 'its chain cannot be checked here');
  }
}

/** Why the leaf does not stand for a name; a name that cannot be read is one that it does not have. */
function refuseName(leaf: Certificate, wanted: ReferenceName): Pick<Verdict, 'reason' | 'message'> | undefined {
  try {
    const result = matchName(leaf, wanted);
    return result.ok ? undefined : { reason: result.reason, message: result.message };
  } catch (error) {
    if (!(error instanceof DerError || error instanceof X509Error)) throw error;
    return { reason: 'BadExtension', message: `${error.message} (${error.code})` };
  }
}

function momentOf(text: string | undefined, now: Seconds): Seconds {
  if (text === undefined) return now;
  const ahead = text.startsWith('+') ? parseDuration(text.slice(1)) : undefined;
  const moment = ahead !== undefined ? now + ahead : momentWritten(text);
  if (moment === undefined || moment > LAST_MOMENT)
    throw new CliError(
      'ERR_CLI_USAGE',
      `Cannot use --at ${printable(text.slice(0, 40))}: write 2026-09-01, 2026-09-01T12:00:00Z or +24h, until 9999`,
    );
  return moment;
}

function momentWritten(text: string): Seconds | undefined {
  const [, date] = /^(\d{4}-\d\d-\d\d)(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/.exec(text) ?? [];
  const milliseconds = Date.parse(text);
  if (date === undefined || Number.isNaN(milliseconds)) return undefined;
  // Date.parse takes 31 February for 3 March.
  return new Date(date).toISOString().startsWith(date) ? Math.floor(milliseconds / 1000) : undefined;
}

function nameOf(text: string | undefined): ReferenceName | undefined {
  if (text === undefined) return undefined;
  const name = parseReferenceName(text);
  if (name !== undefined) return name;
  throw new CliError(
    'ERR_CLI_USAGE',
    `Cannot use --name ${printable(text.slice(0, 120))}: it is no DNS name, IP address or SPIFFE ID (spiffe://trust-domain/path)`,
  );
}

function summary({ subject, issuer, serialNumber, validity }: Certificate): CertificateSummary {
  return {
    subject: nameText(subject),
    issuer: nameText(issuer),
    serialNumber: serialNumberText(serialNumber),
    notBefore: formatTime(validity.notBefore),
    notAfter: formatTime(validity.notAfter),
  };
}

function nameText(der: Uint8Array): string {
  const fact = nameFact(der);
  return typeof fact === 'string' ? fact : 'malformed';
}

function formatVerdict(name: string, { ok, at, chain = [], reason, message = '', certificate }: Verdict): string {
  const lines = ok
    ? [`${name} is good at ${at}`, ...chain.map((link, i) => `  ${position(i, chain.length)}  ${line(link)}`)]
    : [
        `${name} is refused at ${at}: ${reason}`,
        `  ${message}`,
        ...(certificate === undefined ? [] : [`  in ${line(certificate)}`]),
      ];
  return `${lines.map(printable).join('\n')}\n`;
}

function position(index: number, length: number): string {
  if (index === length - 1) return 'trusted     ';
  return index === 0 ? 'leaf        ' : 'intermediate';
}

const line = ({ subject, serialNumber, notAfter }: CertificateSummary): string =>
  `${subject === '' ? '(empty subject)' : subject}, serial ${serialNumber}, until ${notAfter}`;
