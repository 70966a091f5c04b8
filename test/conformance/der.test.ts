import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import {
  bitString,
  boolean,
  checkDer,
  type DerNode,
  type DerReader,
  encode,
  enumerated,
  generalizedTime,
  integer,
  oid,
  read,
  tags,
  time,
  toHex,
} from '@mayfly/der';
import { describe, expect, test } from 'vitest';

/** Differences that are kept, each with its reason; one that disappears fails the run. */
const DIFFERENCES: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('./der-differences.json', import.meta.url), 'utf8'),
);

interface Case {
  readonly id: string;
  readonly kind: string;
  readonly expect: 'accept' | 'reject' | 'any' | 'either';
  readonly value?: unknown;
  readonly der: string;
}

const file = new URL('../../../shared/vectors/der/cases.json.gz', import.meta.url);
const present = existsSync(file);
const cases: readonly Case[] = present ? JSON.parse(gunzipSync(readFileSync(file)).toString()).cases : [];

/** Reads one value of the kind; returns it as the suite writes it, and the node that writes it again. */
function decode(kind: string, reader: DerReader): { value: unknown; node: DerNode } {
  switch (kind) {
    case 'boolean': {
      const value = reader.boolean('value');
      return { value, node: boolean(value) };
    }
    case 'integer': {
      const value = reader.integer('value');
      return { value: String(value), node: integer(value) };
    }
    case 'enumerated': {
      const value = reader.integer('value', tags.enumerated);
      return { value: String(value), node: enumerated(Number(value)) };
    }
    case 'oid': {
      const value = reader.oid('value');
      return { value, node: oid(value) };
    }
    case 'bitString': {
      const { bytes, unusedBits } = reader.bitString('value');
      const value = { bytes: Buffer.from(bytes).toString('base64'), bits: bytes.length * 8 - unusedBits };
      return { value, node: bitString(bytes, unusedBits) };
    }
    case 'generalizedTime': {
      const value = reader.generalizedTime('value');
      return { value, node: generalizedTime(value) };
    }
    case 'utcTime': {
      if (reader.peek() !== tags.utcTime) reader.value(tags.utcTime, 'value');
      const value = reader.time('value');
      return { value, node: time(value) };
    }
    default:
      throw new Error(`no kind ${kind}`);
  }
}

function run({ kind, der: base64, expect: verdict, value }: Case): void {
  const der = new Uint8Array(Buffer.from(base64, 'base64'));
  const body = () => {
    if (kind === 'any') return checkDer(der);
    const decoded = read(der, (reader) => decode(kind, reader));
    if (verdict !== 'accept') return;
    if (value !== undefined && value !== null) expect(decoded.value).toEqual(value);
    expect(toHex(encode(decoded.node))).toBe(toHex(der));
  };
  if (verdict === 'accept') body();
  else if (verdict === 'reject') expect(body).toThrow(expect.objectContaining({ name: 'DerError' }));
  else
    try {
      body();
    } catch (error) {
      expect(error).toMatchObject({ name: 'DerError' });
    }
}

describe.skipIf(!present)(`suite der${present ? '' : ' (../shared/vectors/der is missing)'}`, () => {
  test.each(cases.map((one) => [one.id, one] as const))('%s', (id, one) => {
    const reason = DIFFERENCES[id];
    if (reason === undefined) run(one);
    else expect(() => run(one), `${id} passes now: take it out of der-differences.json`).toThrow();
  });
  test('differences are cases of the suite', () => {
    const ids = new Set(cases.map(({ id }) => id));
    expect(Object.keys(DIFFERENCES).filter((id) => !ids.has(id))).toEqual([]);
  });
});
