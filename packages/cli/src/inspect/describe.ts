import type { Seconds } from '@mayfly/der';
import { DerError } from '@mayfly/der';
import { dump } from '@mayfly/der/dump';
import { type PemBlock, PemError, parsePem } from '@mayfly/der/pem';
import { Pkcs8Error, parsePrivateKeyInfo } from '@mayfly/pkcs8';
import { parseECPrivateKey } from '@mayfly/pkcs8/ec';
import { parseEncryptedPrivateKeyInfo } from '@mayfly/pkcs8/encrypted';
import { encodeRSAPublicKey, parseRSAPrivateKey, parseRSAPublicKey, rsaAlgorithm } from '@mayfly/pkcs8/rsa';
import { Pkcs10Error, parseCertificationRequest } from '@mayfly/pkcs10';
import { describePfx, Pkcs12Error } from '@mayfly/pkcs12';
import { encodeSubjectPublicKeyInfo, inspectCertificate, parseSubjectPublicKeyInfo, X509Error } from '@mayfly/x509';
import { parseCRL } from '@mayfly/x509/crl';
import { type LintFinding, lintCertificate, lintCRL, lintRequest } from '@mayfly/x509/lint';
import { parseOCSPRequest, parseOCSPResponse } from '@mayfly/x509/ocsp';
import { oidName } from '@mayfly/x509/oid-names';
import { CliError } from '../errors.js';
import { inputError } from '../input-file.js';
import { certificateFacts, requestFacts } from './certificate.js';
import { looksPublic, pemText } from './der-shape.js';
import type { Description, Facts } from './description.js';
import { faultFacts } from './fault.js';
import { encryptedPrivateKeyFacts, type PrivateKeyForm, privateKeyFacts } from './private-key.js';
import { publicKeyFacts } from './public-key.js';
import { crlFacts, ocspRequestFacts, ocspResponseFacts } from './revocation.js';

export interface DescribeOptions {
  /** Against which validity is told. */
  readonly now: Seconds;
  /** Whether a DER dump stands behind each description. What may hold a private key has none. Default false. */
  readonly withDump?: boolean;
  /** Whether the rules of RFC 5280 that it breaks are named. Default false. */
  readonly withLint?: boolean;
}

/**
 * Describes every block of a PEM text, or the one structure of a DER input, whose kind is found by reading it strictly as
 * each of those known. A block that cannot be read is a description of type `fault`.
 * @param name - What messages call the input.
 * @throws {@link CliError} `ERR_CLI_INPUT` for input that is neither PEM nor DER, for broken PEM, and for PKCS#12, which has a
 * command of its own.
 */
export async function describeInput(
  bytes: Uint8Array,
  name: string,
  options: DescribeOptions,
): Promise<readonly Description[]> {
  if (bytes.length === 0) throw new CliError('ERR_CLI_INPUT', `Cannot inspect ${name}: it is empty`);
  const text = pemText(bytes);
  if (text === undefined) return [await describeDer(bytes, name, options)];
  const descriptions: Description[] = [];
  for (const block of blocksOf(text, name)) {
    const { label, line } = block;
    descriptions.push({ ...(await describeBlock(block, options)), label, line });
  }
  return descriptions;
}

function blocksOf(text: string, name: string): readonly PemBlock[] {
  try {
    return parsePem(text);
  } catch (error) {
    throw error instanceof PemError ? inputError(name, error) : error;
  }
}

/** A structure that is known: how it is recognised, and what is told of it. */
interface Kind {
  readonly type: Exclude<Description['type'], 'fault' | 'unknown'>;
  /** Labels of its PEM blocks, the usual one first. */
  readonly labels: readonly string[];
  /** @throws When the bytes are something else, or damaged. */
  readonly recognise: (der: Uint8Array) => unknown;
  readonly describe: (der: Uint8Array, now: Seconds) => Facts | Promise<Facts>;
  /** The rules that whoever made it has broken; absent where there are none. */
  readonly lint?: (der: Uint8Array) => readonly LintFinding[];
}

const privateKeyKind = (label: PrivateKeyForm, recognise: (der: Uint8Array) => unknown): Kind => ({
  type: 'privateKey',
  labels: [label],
  recognise,
  describe: (der) => privateKeyFacts(der, label),
});

const KINDS: readonly Kind[] = [
  {
    type: 'certificate',
    labels: ['CERTIFICATE', 'X509 CERTIFICATE', 'X.509 CERTIFICATE'],
    recognise: inspectCertificate,
    describe: certificateFacts,
    lint: (der) => lintCertificate(inspectCertificate(der)),
  },
  {
    type: 'certificationRequest',
    labels: ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'],
    recognise: parseCertificationRequest,
    describe: requestFacts,
    lint: (der) => lintRequest(parseCertificationRequest(der)),
  },
  {
    type: 'certificateList',
    labels: ['X509 CRL'],
    recognise: parseCRL,
    describe: crlFacts,
    lint: (der) => lintCRL(parseCRL(der)),
  },
  {
    type: 'ocspResponse',
    labels: ['OCSP RESPONSE'],
    recognise: parseOCSPResponse,
    describe: ocspResponseFacts,
  },
  {
    type: 'ocspRequest',
    labels: ['OCSP REQUEST'],
    recognise: parseOCSPRequest,
    describe: ocspRequestFacts,
  },
  /* @__PURE__ */ privateKeyKind('PRIVATE KEY', parsePrivateKeyInfo),
  /* @__PURE__ */ privateKeyKind('EC PRIVATE KEY', parseECPrivateKey),
  /* @__PURE__ */ privateKeyKind('RSA PRIVATE KEY', parseRSAPrivateKey),
  {
    type: 'encryptedPrivateKey',
    labels: ['ENCRYPTED PRIVATE KEY'],
    recognise: parseEncryptedPrivateKeyInfo,
    describe: encryptedPrivateKeyFacts,
  },
  {
    type: 'publicKey',
    labels: ['PUBLIC KEY'],
    recognise: parseSubjectPublicKeyInfo,
    describe: (der) => ({ subjectPublicKeyInfo: publicKeyFacts(der) }),
  },
  {
    type: 'publicKey',
    labels: ['RSA PUBLIC KEY'],
    recognise: parseRSAPublicKey,
    describe: (der) => {
      const subjectPublicKey = encodeRSAPublicKey(parseRSAPublicKey(der));
      const info = encodeSubjectPublicKeyInfo({ algorithm: rsaAlgorithm(), subjectPublicKey });
      return { form: 'PKCS#1 (RFC 8017)', subjectPublicKeyInfo: publicKeyFacts(info) };
    },
  },
];

async function describeBlock({ label, bytes, headers }: PemBlock, options: DescribeOptions): Promise<Description> {
  const cipher = headers.find(([name]) => name === 'DEK-Info')?.[1];
  if (cipher !== undefined)
    return {
      type: 'encryptedPrivateKey',
      facts: {
        form: `${label}, encrypted by RFC 1421 headers`,
        cipher: cipher.split(',')[0]!,
        privateKey: 'not decrypted; "openssl pkcs8 -topk8" turns it into PKCS#8',
      },
    };
  const isSecret = label.endsWith('PRIVATE KEY');
  const kind = KINDS.find(({ labels }) => labels.includes(label));
  if (kind !== undefined) return describeKind(kind, bytes, isSecret, options);
  return describeUnknown(bytes, isSecret, `no reader for ${label} here`);
}

async function describeDer(der: Uint8Array, name: string, options: DescribeOptions): Promise<Description> {
  let furthest: DerError | X509Error | Pkcs10Error | undefined;
  for (const kind of KINDS) {
    try {
      kind.recognise(der);
    } catch (error) {
      if (!isFault(error)) throw error;
      if (!(error instanceof Pkcs8Error) && (furthest === undefined || error.offset > furthest.offset))
        furthest = error;
      continue;
    }
    return describeKind(kind, der, kind.type === 'privateKey' || kind.type === 'encryptedPrivateKey', options);
  }
  if (isPfx(der))
    throw new CliError('ERR_CLI_INPUT', `Cannot inspect ${name}: it is a PKCS#12 file; "mayfly p12 inspect" shows it`);
  if (der[0] !== 0x30)
    throw new CliError(
      'ERR_CLI_INPUT',
      `Cannot inspect ${name}: it is neither PEM nor DER, which begins with 0x30${base64Advice(der)}`,
    );
  const unknown = describeUnknown(der, false, 'DER of no kind that is known here');
  return unknown.type === 'fault' && furthest !== undefined && furthest.offset > 0
    ? fault(der, furthest, false)
    : unknown;
}

function isPfx(bytes: Uint8Array): boolean {
  try {
    describePfx(bytes);
    return true;
  } catch (error) {
    if (error instanceof DerError || error instanceof Pkcs12Error) return false;
    throw error;
  }
}

/** Values of Kubernetes Secrets are copied with their base64. */
const base64Advice = (bytes: Uint8Array): string =>
  /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(new TextDecoder('latin1').decode(bytes.subarray(0, 4096)))
    ? '; it may be base64: try it with "base64 -d" before'
    : '';

async function describeKind(
  { type, describe, lint }: Kind,
  der: Uint8Array,
  isSecret: boolean,
  { now, withDump = false, withLint = false }: DescribeOptions,
): Promise<Description> {
  try {
    const told = await describe(der, now);
    const facts = withLint && lint !== undefined ? { ...told, lint: lint(der).map(findingFacts) } : told;
    if (!withDump) return { type, facts };
    return isSecret
      ? { type, facts: { ...facts, hidden: 'a dump would show the key' } }
      : { type, facts, dump: dumpOf(der) };
  } catch (error) {
    if (!isFault(error)) throw error;
    return fault(der, error, isSecret);
  }
}

function describeUnknown(der: Uint8Array, isSecret: boolean, state: string): Description {
  if (isSecret || !looksPublic(der))
    return { type: 'unknown', facts: { state, byteLength: der.length, hidden: 'it may be a private key' } };
  return describeDump('unknown', der, state);
}

function describeDump(type: Description['type'], der: Uint8Array, state: string): Description {
  try {
    return { type, facts: { state, byteLength: der.length }, dump: dumpOf(der) };
  } catch (error) {
    if (!isFault(error)) throw error;
    return fault(der, error, false);
  }
}

const findingFacts = ({ id, severity, source, path, message }: LintFinding): Facts => ({
  id,
  severity,
  source,
  path,
  message,
});

const dumpOf = (der: Uint8Array): readonly string[] => dump(der, { nameOf: oidName }).split('\n');

type Fault = DerError | X509Error | Pkcs8Error | Pkcs10Error;

const isFault = (error: unknown): error is Fault =>
  error instanceof DerError ||
  error instanceof X509Error ||
  error instanceof Pkcs8Error ||
  error instanceof Pkcs10Error;

const fault = (der: Uint8Array, error: Fault, isSecret: boolean): Description => ({
  type: 'fault',
  facts: faultFacts(der, error, isSecret || !looksPublic(der)),
});
