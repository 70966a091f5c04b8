import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { artefacts } from './artefacts.js';
import { decodeModule, type Instruction } from './audit/decode.js';
import { kernels } from './kernels.js';

const directory = new URL('../kernels/', import.meta.url);
const names = existsSync(directory) ? readdirSync(directory) : [];
const read = (name: string): Buffer => readFileSync(new URL(name, directory));

describe('src/kernels', () => {
  const made = artefacts(kernels);

  test('holds what the generator makes, and nothing else', () => {
    expect(names.sort()).toEqual([...made.keys()].sort());
  });

  test.each([...made])('%s, octet for octet', (name, octets) => {
    expect(read(name).equals(octets), `${name} is stale: npm run build:wasm`).toBe(true);
  });

  test('SHA256SUMS is of the modules that are shipped, in binary and as text', () => {
    const sums = new Map(
      read('SHA256SUMS')
        .toString()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.split('  ').reverse() as [name: string, sum: string]),
    );
    expect([...sums.keys()].sort()).toEqual(names.filter((name) => name.endsWith('.wasm')).sort());
    const sumOf = (octets: Uint8Array) => createHash('sha256').update(octets).digest('hex');
    for (const [name, sum] of sums) expect(sumOf(read(name)), name).toBe(sum);
    for (const name of names.filter((each) => each.endsWith('.ts'))) {
      const [, hex] = /'((?:[0-9a-f]{2}){9,})'/.exec(read(name).toString()) ?? [];
      expect(sumOf(Buffer.from(hex!, 'hex')), name).toBe(sums.get(name.replace('.ts', '.wasm')));
    }
  });
});

test('one build does not depend on the one before', () => {
  for (const { build } of kernels)
    for (const simd of [true, false]) expect(build({ simd }).bytes).toEqual(build({ simd }).bytes);
});

test('builds without SIMD hold no vector instruction', () => {
  const instructionNames = (body: readonly Instruction[]): readonly string[] =>
    body.flatMap(({ name, body: inner, otherwise }) => [
      name,
      ...instructionNames(inner),
      ...instructionNames(otherwise),
    ]);
  for (const { name, build } of kernels) {
    const { functions } = decodeModule(build({ simd: false }).bytes);
    const found = functions
      .flatMap(({ body }) => instructionNames(body))
      .filter((each) => /^(v128|[if]\d+x\d+)\./.test(each));
    expect(found, name).toEqual([]);
  }
});
