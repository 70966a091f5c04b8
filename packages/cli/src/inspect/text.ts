import { printable } from '../terminal-text.js';
import type { Description, Fact, Facts } from './description.js';

/** Characters of an octet string on one line. */
const HEX_LINE = 64;
/** Characters up to which a list or a flat structure stays on its line. */
const INLINE = 100;
/** Lines of a dump that nobody asked for. */
const DUMP_LINES = 200;

const TITLES: Readonly<Record<Description['type'], string>> = {
  certificate: 'Certificate',
  certificationRequest: 'CertificationRequest',
  certificateList: 'CertificateList (CRL)',
  ocspRequest: 'OCSP request',
  ocspResponse: 'OCSP response',
  privateKey: 'Private key',
  encryptedPrivateKey: 'Encrypted private key',
  publicKey: 'Public key',
  unknown: 'Not recognised',
  fault: 'Cannot be read',
};

export interface TextOptions {
  /** Whether all lines of a dump are shown. Default false: the first 200. */
  readonly wholeDump?: boolean;
}

/** Descriptions for people: an indented outline. Nothing from the input reaches a terminal unescaped. */
export function formatDescriptions(
  name: string,
  descriptions: readonly Description[],
  { wholeDump = false }: TextOptions = {},
): string {
  return descriptions
    .map((description, i) => {
      const { type, label, line, facts, dump } = description;
      const place = line === undefined ? `${name}, DER` : `${name}:${line}, ${label}`;
      const count = descriptions.length > 1 ? `${i + 1} of ${descriptions.length}, ` : '';
      const lines = [`${TITLES[type]} (${count}${place})`, ...factsLines(facts, 1)];
      if (dump !== undefined) lines.push('  DER (offset, length, element)', ...dumpText(dump, wholeDump));
      return lines.map(printable).join('\n');
    })
    .join('\n\n')
    .concat('\n');
}

/** Facts that stand alone, as {@link formatDescriptions} shows them. */
export const formatFacts = (facts: Facts): string => `${factsLines(facts, 1).map(printable).join('\n')}\n`;

function dumpText(dump: readonly string[], whole: boolean): readonly string[] {
  const shown = whole ? dump : dump.slice(0, DUMP_LINES);
  const left = dump.length - shown.length;
  return [
    ...shown.map((line) => `    ${line}`),
    ...(left > 0 ? [`    (${left} more lines; --dump shows them all)`] : []),
  ];
}

const factsLines = (facts: Facts, depth: number): readonly string[] =>
  Object.entries(facts).flatMap(([field, fact]) =>
    field === 'extensions' && Array.isArray(fact)
      ? ['  '.repeat(depth) + field, ...fact.flatMap((extension) => extensionLines(extension, depth + 1))]
      : fieldLines(field, fact, depth),
  );

/** One extension: its name and whether it is critical, then what it says. */
function extensionLines(extension: Fact, depth: number): readonly string[] {
  if (!isFacts(extension)) return [];
  const { extnID, name, critical, ...content } = extension;
  const head = `${name ?? 'unknown'} (${extnID})${critical === true ? ', critical' : ''}`;
  const { value, ...others } = content;
  return [
    '  '.repeat(depth) + head,
    ...(value === undefined ? [] : valueLines(value, depth + 1)),
    ...factsLines(others, depth + 1),
  ];
}

function fieldLines(field: string, fact: Fact, depth: number): readonly string[] {
  const inline = inlineText(fact);
  const head = '  '.repeat(depth) + field;
  return inline === undefined ? [head, ...valueLines(fact, depth + 1)] : [`${head}: ${inline}`];
}

function valueLines(fact: Fact, depth: number): readonly string[] {
  const indent = '  '.repeat(depth);
  const inline = inlineText(fact);
  if (inline !== undefined) return [indent + inline];
  if (typeof fact === 'string') return fact.match(new RegExp(`.{1,${HEX_LINE}}`, 'gs'))!.map((part) => indent + part);
  if (isList(fact))
    return fact.flatMap((item) => {
      if (!isFacts(item)) return valueLines(item, depth);
      const [first = '', ...rest] = valueLines(item, depth + 1);
      return [`${indent}- ${first.trimStart()}`, ...rest];
    });
  return isFacts(fact) ? factsLines(fact, depth) : [];
}

/** A fact on one line; `undefined` where it needs several. */
function inlineText(fact: Fact): string | undefined {
  if (typeof fact === 'string') {
    const isLongHex = fact.length > HEX_LINE && /^[0-9a-f]+$/.test(fact);
    return fact === '' ? '(empty)' : isLongHex ? undefined : fact;
  }
  if (typeof fact !== 'object') return String(fact);
  if (isList(fact)) {
    if (fact.length === 0) return '(none)';
    if (!fact.every((item) => typeof item === 'string')) return undefined;
    const joined = fact.join(', ');
    return joined.length <= INLINE && !fact.some((item) => item.includes('  ')) ? joined : undefined;
  }
  if (!isFacts(fact) || !Object.values(fact).every((value) => typeof value !== 'object')) return undefined;
  const parts = Object.entries(fact).map(([field, value]) => `${field}: ${value}`);
  const joined = parts.join(', ');
  return parts.length > 0 && joined.length > INLINE ? undefined : joined || '(empty)';
}

const isList = (fact: Fact): fact is readonly Fact[] => Array.isArray(fact);
const isFacts = (fact: Fact): fact is Facts => typeof fact === 'object' && !Array.isArray(fact);
