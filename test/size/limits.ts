/** What a bundle of one job may weigh and hold. */
export interface Limit {
  /** A file in `entries`. */
  readonly entry: string;
  /** Bytes after minifying and gzip. */
  readonly gzip: number;
  /** Text that must not occur in the minified bundle. */
  readonly without: readonly string[];
}

const KiB = 1024;
/** Marks of what a page that asks for a certificate must not load: Node, software crypto, key encryption, Kubernetes. */
const foreign = ['node:', 'noble', 'WebAssembly', 'PBKDF2', 'podcertificaterequests'];

/** Promised: `csr-browser`, `parse-only` and `pkcs12-write`. The others are what was measured, rounded up, so that growth is noticed. */
export const limits: readonly Limit[] = [
  { entry: 'csr-browser', gzip: 5 * KiB, without: foreign },
  { entry: 'csr-browser-named', gzip: 5 * KiB, without: foreign },
  { entry: 'csr-parse', gzip: 9.75 * KiB, without: foreign },
  { entry: 'parse-only', gzip: 6 * KiB, without: [...foreign, 'subtle'] },
  { entry: 'describe-leaf', gzip: 7.5 * KiB, without: [...foreign, 'subtle'] },
  { entry: 'der', gzip: 7.75 * KiB, without: [...foreign, 'subtle'] },
  { entry: 'distinguished-name', gzip: 8 * KiB, without: [...foreign, 'subtle'] },
  { entry: 'refresh', gzip: 0.5 * KiB, without: [...foreign, 'subtle'] },
  { entry: 'pkcs12-write', gzip: 14 * KiB, without: ['node:', 'WebAssembly', 'podcertificaterequests'] },
  { entry: 'pkcs12-read', gzip: 26.25 * KiB, without: ['node:', 'WebAssembly', 'podcertificaterequests'] },
  { entry: 'issue', gzip: 21.75 * KiB, without: ['node:', 'WebAssembly', 'PBKDF2', 'podcertificaterequests'] },
];

/** What kernels may weigh, after gzip: those with SIMD, which nearly everybody loads. */
export interface KernelLimit {
  readonly name: string;
  readonly kernels: readonly string[];
  readonly gzip: number;
}

export const kernelLimits: readonly KernelLimit[] = [
  { name: 'P-256 alone', kernels: ['p256'], gzip: 25 * KiB },
  { name: 'all kernels', kernels: ['p256', 'p384', 'ed25519', 'sha256', 'sha512', 'rsa'], gzip: 70 * KiB },
];
