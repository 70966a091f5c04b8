import { formatCases } from './formats.js';
import { kernelCases } from './kernels.js';

/** Compiled kernels by the names of their files, where the runtime compiles none itself. */
export type Modules = Readonly<Record<string, object>> | undefined;

/** Something that works in every runtime, or throws. */
export interface Case {
  readonly name: string;
  readonly run: () => void | Promise<void>;
}

/** Files that the cases read, base64. */
export interface Fixtures {
  /** A certificate of P-256, its PKCS#8 key, a request, and both first in a PKCS#12 file by OpenSSL with the password `mayfly`. */
  readonly certificate: string;
  readonly privateKey: string;
  readonly request: string;
  readonly pfx: string;
}

/** How one case came out; `fault` says why it failed. */
export interface Outcome {
  readonly name: string;
  readonly fault?: string;
}

/** Runs every case, one after the other; only what the language, WebCrypto and WebAssembly have is used. */
export async function runSuite(fixtures: Fixtures, modules: Modules): Promise<readonly Outcome[]> {
  const cases = [...formatCases(fixtures, modules), ...kernelCases(modules, true), ...kernelCases(modules, false)];
  const outcomes: Outcome[] = [];
  for (const { name, run } of cases) {
    try {
      await run();
      outcomes.push({ name });
    } catch (error) {
      outcomes.push({ name, fault: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
    }
  }
  return outcomes;
}
