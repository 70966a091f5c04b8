import type { Fact, Facts } from './description.js';
import { facts } from './description.js';

/** Octets in a line of the hexadecimal view, and lines before and behind the one with the fault. */
const LINE = 16;
const AROUND = 2;

/** An error as the packages throw it for their input. */
export interface InputFault {
  readonly code: string;
  readonly message: string;
  readonly offset?: number;
  readonly path?: string;
}

/**
 * What is wrong with an input, where, and the octets around the place.
 * @param isSecret - Leaves the octets out, because they may be a key's.
 */
export function faultFacts(der: Uint8Array, error: InputFault, isSecret: boolean): Facts {
  const { code, message, offset, path } = error;
  return facts({
    message,
    code,
    offset,
    path,
    byteLength: der.length,
    bytes:
      offset === undefined ? undefined : isSecret ? 'not shown: they may be of a private key' : hexView(der, offset),
  });
}

/** Lines of offset, hexadecimal and ASCII around a place, which a line of `^^` points at. */
function hexView(bytes: Uint8Array, offset: number): readonly Fact[] {
  const place = Math.min(Math.max(offset, 0), bytes.length);
  const middle = place - (place % LINE);
  const lines: string[] = [];
  for (let start = Math.max(0, middle - AROUND * LINE); start <= middle + AROUND * LINE; start += LINE) {
    const octets = bytes.subarray(start, start + LINE);
    if (octets.length > 0) lines.push(`${address(start)}  ${hexOf(octets)}  ${asciiOf(octets)}`);
    else if (start === middle) lines.push(`${address(start)}  (end)`);
    if (start === middle) lines.push(`${' '.repeat(8)}  ${' '.repeat(3 * (place - middle))}^^`);
  }
  return lines;
}

const address = (offset: number): string => offset.toString(16).padStart(8, '0');

const hexOf = (octets: Uint8Array): string =>
  Array.from(octets, (octet) => octet.toString(16).padStart(2, '0'))
    .join(' ')
    .padEnd(3 * LINE - 1);

const asciiOf = (octets: Uint8Array): string =>
  Array.from(octets, (octet) => (octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '.')).join('');
