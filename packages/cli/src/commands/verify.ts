import { encodeOid, type Seconds } from '@mayfly/der';
import { verifyWithNode } from '@mayfly/keys/node';
import type { IndexedCRL } from '@mayfly/x509/crl';
import { keyPurposes } from '@mayfly/x509/extensions';
import {
  type PathMode,
  type PathOptions,
  parseReferenceName,
  type ReferenceName,
  type RevocationSource,
  validatePathSync,
} from '@mayfly/x509/path';
import { Command, Option } from 'commander';
import { getPublicSuffix } from 'tldts';
import { type CommandIo, processIo } from '../command-io.js';
import { parseDuration } from '../duration.js';
import { CliError } from '../errors.js';
import { inputName, readInput } from '../input-file.js';
import { printable, printableJson } from '../terminal-text.js';
import { readCertificates } from '../verify/certificates.js';
import { answeredBy, readLists, readResponses } from '../verify/revocation.js';
import { formatVerdict, type Verdict, verdictOf } from '../verify/verdict.js';

/** What a certificate is checked against. */
export interface VerifyOptions {
  readonly ca: string;
  readonly untrusted?: string;
  readonly mode: PathMode;
  readonly name?: readonly string[];
  readonly purpose?: string;
  readonly policy?: readonly string[];
  readonly crl?: readonly string[];
  readonly ocsp?: readonly string[];
  readonly revocation: 'hard-fail' | 'soft-fail';
  readonly at?: string;
  readonly explain?: boolean;
  readonly json?: boolean;
}

const PURPOSES = {
  client: keyPurposes.clientAuth,
  server: keyPurposes.serverAuth,
  email: keyPurposes.emailProtection,
  code: keyPurposes.codeSigning,
  timestamp: keyPurposes.timeStamping,
} as const;

/** 9999-12-31T23:59:59Z, the last moment that a certificate can name (RFC 5280 §4.1.2.5). */
const LAST_MOMENT: Seconds = 253_402_300_799;

const MODES: readonly PathMode[] = ['rfc5280', 'webpki', 'workload', 'path'];

const EXAMPLES = `
The file may hold the chain behind its leaf, as tls.crt does. Paths are built and validated by RFC 5280 section 6: signatures,
dates, names and name constraints, basicConstraints, keyUsage and extended key usage, policies, critical extensions, and
revocation where there are lists or OCSP responses. --mode says what certificates are held to besides:

  rfc5280   what RFC 5280 section 4 asks of conforming authorities (the default)
  webpki    the Baseline Requirements of the CA/Browser Forum for TLS servers, with the Public Suffix List
  workload  no policies; leaves that are no authorities and live 91 days at most
  path      nothing else, for certificates of old or careless authorities

A refusal names the certificate that is to blame, the rule and its section; --explain shows all that was tried.

Exit code: 0 when a path was found, 1 when the certificate is refused, 2 when it could not be checked.

Examples:
  mayfly verify --ca ca.crt tls.crt
  mayfly verify --ca ca.crt --name web.shop.example --purpose server tls.crt
  mayfly verify --ca bundle.pem --mode workload --name spiffe://example.org/web --at +24h tls.crt
  mayfly verify --ca ca.crt --crl root.crl --crl issuing.crl --explain tls.crt
  mayfly verify --ca ca.crt --ocsp staple.der --revocation soft-fail tls.crt
  mayfly verify --ca ca.crt --untrusted intermediate.crt --json leaf.crt | jq -r .reason`;

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/** `mayfly verify`. */
export const verifyCommand = (io: CommandIo = processIo()): Command =>
  new Command('verify')
    .summary('check a certificate against trusted authorities')
    .description('Looks for a path from a certificate to a trusted one, and tells why there is none.')
    .argument('<file>', 'PEM or DER of the certificate, with its chain or without; - for standard input')
    .requiredOption('--ca <bundle>', 'PEM or DER of the certificates that are trusted')
    .option('--untrusted <file>', 'further certificates that a path may use')
    .addOption(new Option('--mode <mode>', 'what certificates are held to').choices(MODES).default('rfc5280'))
    .option(
      '--name <name>',
      'name that the certificate must have: DNS name, IP address, mailbox, URI, SPIFFE ID, or spiffe://trust-domain (repeatable)',
      collect,
    )
    .option(
      '--purpose <purpose>',
      'what the certificate must be good for: client, server, email, code, timestamp, or an OID',
    )
    .option('--policy <oid>', 'a policy that will do; without one none is required (repeatable)', collect)
    .option('--crl <file>', 'PEM or DER of a revocation list; then nothing revoked is good (repeatable)', collect)
    .option('--ocsp <file>', 'PEM or DER of an OCSP response, asked before lists (repeatable)', collect)
    .addOption(
      new Option(
        '--revocation <mode>',
        'whether a certificate that none of these speaks of is refused, with --crl and --ocsp',
      )
        .choices(['hard-fail', 'soft-fail'])
        .default('hard-fail'),
    )
    .option('--at <time>', 'check at 2026-09-01T12:00:00Z, or at +24h from now (default: now)')
    .option('--explain', 'show all that was tried')
    .option('--json', 'print a JSON object, with all that was tried')
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
  io.writeOut(
    options.json === true
      ? `${printableJson(verdict)}\n`
      : formatVerdict(inputName(file), verdict, options.explain === true),
  );
  io.setExitCode(verdict.ok ? 0 : 1);
}

/**
 * Checks the first certificate of a file; those behind it may be used for its path.
 * @throws {@link CliError} `ERR_CLI_USAGE`, `ERR_CLI_FILE`, `ERR_CLI_INPUT` when it cannot be checked.
 */
async function verify(file: string, options: VerifyOptions, io: CommandIo): Promise<Verdict> {
  const { ca, untrusted, crl = [], ocsp = [], mode } = options;
  const at = momentOf(options.at, io.now());
  const asked = {
    names: (options.name ?? []).map(nameOf),
    ...purposeOf(options.purpose),
    ...policiesOf(options.policy),
  };
  if ([file, ca, untrusted, ...crl, ...ocsp].filter((path) => path === '-').length > 1)
    throw new CliError('ERR_CLI_USAGE', 'Cannot verify: standard input can be read once; name files for the others');
  const read = async (path: string) => readCertificates(await readInput(path, io), inputName(path));
  const [leaf, ...behind] = await read(file);
  const anchors = await read(ca);
  const intermediates = [...behind, ...(untrusted === undefined ? [] : await read(untrusted))];
  const crls: IndexedCRL[] = [];
  for (const path of crl) crls.push(...readLists(await readInput(path, io), inputName(path)));
  const sources: RevocationSource[] = [];
  for (const path of ocsp) sources.push(...readResponses(await readInput(path, io), inputName(path)).map(answeredBy));
  const result = validatePathSync(leaf!, {
    anchors,
    intermediates,
    at,
    mode,
    ...asked,
    ...((options.crl ?? options.ocsp) && { revocation: { mode: options.revocation, sources, crls } }),
    isPublicSuffix,
    explain: true,
    verify: verifyWithNode,
  });
  return verdictOf(result, at, mode);
}

const isOid = (text: string): boolean => {
  try {
    return encodeOid(text).length > 0;
  } catch {
    return false; // it says what is wrong with it, which the caller does better
  }
};

const isPublicSuffix = (domain: string): boolean => getPublicSuffix(domain, { allowPrivateDomains: true }) === domain;

function purposeOf(text: string | undefined): Pick<PathOptions, 'extKeyUsage'> {
  if (text === undefined) return {};
  const extKeyUsage = Object.hasOwn(PURPOSES, text) ? PURPOSES[text as keyof typeof PURPOSES] : text; // has it
  if (isOid(extKeyUsage)) return { extKeyUsage };
  throw new CliError(
    'ERR_CLI_USAGE',
    `Cannot use --purpose ${printable(text.slice(0, 40))}: write ${Object.keys(PURPOSES).join(', ')} or an OID`,
  );
}

function policiesOf(oids: readonly string[] | undefined): Pick<PathOptions, 'policies'> {
  const wrong = oids?.find((oid) => !isOid(oid));
  if (wrong !== undefined)
    throw new CliError('ERR_CLI_USAGE', `Cannot use --policy ${printable(wrong.slice(0, 40))}: it is no OID`);
  return oids === undefined ? {} : { policies: { initialPolicySet: oids, requireExplicitPolicy: true } };
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

function nameOf(text: string): ReferenceName {
  const name = parseReferenceName(text);
  if (name !== undefined) return name;
  throw new CliError(
    'ERR_CLI_USAGE',
    `Cannot use --name ${printable(text.slice(0, 120))}: it is no DNS name, IP address, mailbox, URI or SPIFFE ID (spiffe://trust-domain/path)`,
  );
}
