/** What a PEM reader found wrong. */
export type PemErrorCode =
  | 'ERR_PEM_BASE64'
  | 'ERR_PEM_BOUNDARY'
  | 'ERR_PEM_LABEL'
  | 'ERR_PEM_MISSING'
  | 'ERR_PEM_TOO_LARGE';

/** Text that is not the PEM that was asked for. */
export class PemError extends Error {
  override readonly name = 'PemError';
  readonly code: PemErrorCode;
  /** Line of the input, from 1. */
  readonly line: number;

  constructor(code: PemErrorCode, line: number, state: string) {
    super(`Cannot read PEM at line ${line}: ${state}`);
    this.code = code;
    this.line = line;
  }
}

/** One `-----BEGIN label-----` to `-----END label-----` (RFC 7468). */
export interface PemBlock {
  /** For example `CERTIFICATE`. */
  readonly label: string;
  /** A new array; the caller owns it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** RFC 1421 header fields before the base64 text, as old encrypted keys carry them. Empty for most. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Line of the BEGIN boundary, from 1. */
  readonly line: number;
}

/** Longest text accepted, in characters. */
const MAX_PEM_LENGTH = 32 * 1024 * 1024;
/** Longest line that is a boundary, in characters; labels in use take about 30. Bounds the work of {@link BOUNDARY}. */
const MAX_BOUNDARY_LENGTH = 256;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BOUNDARY = /^-----(BEGIN|END) ([\x21-\x2c\x2e-\x7e]+(?:[ -][\x21-\x2c\x2e-\x7e]+)*)-----\s*$/;
const HEADER = /^([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)$/;

/**
 * Reads every block; text outside blocks is passed over, as RFC 7468 §5.2 asks.
 * @throws {@link PemError} `ERR_PEM_BOUNDARY` for a block without its end, `ERR_PEM_BASE64` for text that is no
 * canonical base64, `ERR_PEM_TOO_LARGE` past 32 MiB.
 */
export function parsePem(text: string): readonly PemBlock[] {
  if (text.length > MAX_PEM_LENGTH)
    throw new PemError('ERR_PEM_TOO_LARGE', 1, `${text.length} characters, at most ${MAX_PEM_LENGTH} are read`);
  const blocks: PemBlock[] = [];
  const lines = text.split(/\r\n|\n|\r/);
  for (let i = 0; i < lines.length; i++) {
    const begin = matchBoundary(lines[i]!);
    if (begin === null) continue;
    const label = begin[2]!;
    if (begin[1] === 'END') throw new PemError('ERR_PEM_BOUNDARY', i + 1, `END ${label} without its BEGIN`);
    const start = i;
    while (++i < lines.length && !lines[i]!.startsWith('-----'));
    const end = i < lines.length ? matchBoundary(lines[i]!) : null;
    if (end === null || end[1] !== 'END' || end[2] !== label)
      throw new PemError('ERR_PEM_BOUNDARY', start + 1, `BEGIN ${label} without its END`);
    const { headers, bodyStart } = readHeaders(lines, start + 1, i);
    blocks.push({ label, headers, bytes: decodeBase64Lines(lines, bodyStart, i), line: start + 1 });
  }
  return blocks;
}

/**
 * Reads the one block of a text, or the first with the label asked for.
 * @throws {@link PemError} `ERR_PEM_MISSING` when there is no block, `ERR_PEM_LABEL` when none has the label, and
 * what {@link parsePem} throws.
 */
export function decodePem(text: string, label?: string): Uint8Array<ArrayBuffer> {
  const blocks = parsePem(text);
  const block = label === undefined ? blocks[0] : blocks.find((candidate) => candidate.label === label);
  if (block !== undefined) return block.bytes;
  const first = blocks[0];
  if (first === undefined)
    throw new PemError('ERR_PEM_MISSING', 1, `no block${label === undefined ? '' : ` ${label}`}`);
  throw new PemError('ERR_PEM_LABEL', first.line, `expected ${label}, found ${first.label}`);
}

/** Writes one block with lines of 64 characters and a line feed at the end (RFC 7468 §2). */
export function encodePem(label: string, bytes: Uint8Array): string {
  const body = encodeBase64(bytes);
  let text = `-----BEGIN ${label}-----\n`;
  for (let i = 0; i < body.length; i += 64) text += body.slice(i, i + 64) + '\n';
  return text + `-----END ${label}-----\n`;
}

/** Base64 with padding (RFC 4648 §4). */
export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text +=
      ALPHABET[group >> 18]! + ALPHABET[(group >> 12) & 63]! + ALPHABET[(group >> 6) & 63]! + ALPHABET[group & 63]!;
  }
  const padding = (3 - (bytes.length % 3)) % 3;
  return padding === 0 ? text : text.slice(0, -padding) + '=='.slice(0, padding);
}

/**
 * Octets of canonical base64 with padding: no white space, no stray bits.
 * @throws {@link PemError} `ERR_PEM_BASE64`.
 */
export const decodeBase64 = (text: string): Uint8Array<ArrayBuffer> => decodeBase64Lines([text], 0, 1);

const matchBoundary = (line: string): RegExpExecArray | null =>
  line.startsWith('-----') && line.length <= MAX_BOUNDARY_LENGTH ? BOUNDARY.exec(line) : null;

function readHeaders(
  lines: readonly string[],
  start: number,
  end: number,
): { headers: [string, string][]; bodyStart: number } {
  const headers: [string, string][] = [];
  let i = start;
  for (; i < end; i++) {
    const header = HEADER.exec(lines[i]!);
    if (header !== null) headers.push([header[1]!, header[2]!.trim()]);
    else if (headers.length > 0 && /^[ \t]+\S/.test(lines[i]!)) headers[headers.length - 1]![1] += lines[i]!.trim();
    else break;
  }
  return { headers, bodyStart: i };
}

function decodeBase64Lines(lines: readonly string[], start: number, end: number): Uint8Array<ArrayBuffer> {
  let digits = 0;
  for (let i = start; i < end; i++) digits += lines[i]!.length;
  const bytes = new Uint8Array(Math.ceil((digits * 3) / 4));
  let at = 0;
  let bits = 0;
  let count = 0;
  let padding = 0;
  let line = start + 1;
  for (let i = start; i < end; i++) {
    const text = lines[i]!;
    for (let j = 0; j < text.length; j++) {
      const c = text.charCodeAt(j);
      if (c === 0x20 || c === 0x09) continue;
      line = i + 1;
      if (c === 0x3d) {
        padding++;
        continue;
      }
      const digit = base64Digit(c);
      if (digit < 0 || padding > 0) throw new PemError('ERR_PEM_BASE64', line, `no base64 at column ${j + 1}`);
      bits = ((bits << 6) | digit) & 0xffffff;
      count++;
      if (count % 4 === 0) {
        bytes[at++] = bits >> 16;
        bytes[at++] = bits >> 8;
        bytes[at++] = bits;
      }
    }
  }
  const rest = count % 4;
  const canonical =
    rest === 0
      ? padding === 0
      : rest === 2
        ? padding === 2 && (bits & 15) === 0
        : rest === 3 && padding === 1 && (bits & 3) === 0;
  if (!canonical) throw new PemError('ERR_PEM_BASE64', line, 'base64 ends in the middle of an octet or in stray bits');
  if (rest >= 2) bytes[at++] = rest === 2 ? bits >> 4 : bits >> 10;
  if (rest === 3) bytes[at++] = bits >> 2;
  return bytes.slice(0, at);
}

function base64Digit(c: number): number {
  if (c >= 0x41 && c <= 0x5a) return c - 0x41;
  if (c >= 0x61 && c <= 0x7a) return c - 0x61 + 26;
  if (c >= 0x30 && c <= 0x39) return c - 0x30 + 52;
  return c === 0x2b ? 62 : c === 0x2f ? 63 : -1;
}
