import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import type { KernelLimit, Limit } from './limits.js';

/** How one bundle came out. */
export interface Measurement {
  readonly entry: string;
  /** Bytes after minifying. */
  readonly minified: number;
  /** Bytes after minifying and gzip. */
  readonly gzip: number;
  readonly limit: number;
  /** Which of the unwanted texts occur. */
  readonly bleeds: readonly string[];
}

/** Bundles an entry as a web page would have it, from the sources. */
export async function measure({ entry, gzip: limit, without }: Limit): Promise<Measurement> {
  return weigh(entry, await bundle(entry), limit, without);
}

/** The figures of one minified bundle. */
export function weigh(entry: string, code: Uint8Array, limit: number, without: readonly string[]): Measurement {
  const text = new TextDecoder().decode(code);
  return {
    entry,
    minified: code.length,
    gzip: gzipSync(code, { level: 9 }).length,
    limit,
    bleeds: without.filter((unwanted) => text.includes(unwanted)),
  };
}

/** Bytes of kernels, each after gzip, as they are published. */
export const weighKernels = ({ kernels }: KernelLimit): number =>
  kernels.reduce((sum, name) => {
    const module = new URL(import.meta.resolve(`@mayfly/wasm/kernels/${name}.wasm`));
    return sum + gzipSync(readFileSync(module), { level: 9 }).length;
  }, 0);

async function bundle(entry: string): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`entries/${entry}.ts`, import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    conditions: ['@mayfly/source'],
    external: ['node:*'],
    write: false,
    logLevel: 'silent',
  });
  return outputFiles[0]!.contents;
}
