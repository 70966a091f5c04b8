import { createHash } from 'node:crypto';
import type { KernelDefinition } from './kernels.js';

/** Files below `src/kernels`, by name, as {@link KernelDefinition}s determine them to the byte. */
export type Artefacts = ReadonlyMap<string, Uint8Array>;

/** Builds every kernel: modules for those who import WebAssembly, hexadecimal in TypeScript for everybody else, a manifest. */
export function artefacts(kernels: readonly KernelDefinition[]): Artefacts {
  const files = new Map<string, Uint8Array>();
  const manifest: string[] = [];
  for (const { name, build } of kernels) {
    const simd = build({ simd: true }).bytes;
    const scalar = build({ simd: false }).bytes;
    files.set(`${name}.wasm`, simd);
    files.set(`${name}-scalar.wasm`, scalar);
    files.set(`${name}.ts`, new TextEncoder().encode(withSimd(name, simd)));
    files.set(`${name}-scalar.ts`, new TextEncoder().encode(withoutSimd(name, scalar)));
    for (const [file, bytes] of [
      [`${name}.wasm`, simd],
      [`${name}-scalar.wasm`, scalar],
    ] as const)
      manifest.push(`${createHash('sha256').update(bytes).digest('hex')}  ${file}\n`);
  }
  files.set('SHA256SUMS', new TextEncoder().encode(manifest.join('')));
  return files;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const withSimd = (name: string, octets: Uint8Array): string => `\
// Made by npm run build:wasm. Do not edit.
import type { KernelSource } from '../engine.js';

export const ${name}: KernelSource = {
  name: '${name}',
  simd: '${hex(octets)}',
};
`;

const withoutSimd = (name: string, octets: Uint8Array): string => `\
// Made by npm run build:wasm. Do not edit.
export const ${name}Scalar: string = '${hex(octets)}';
`;
