import { ed25519Scalar } from './kernels/ed25519-scalar.js';
import { p256Scalar } from './kernels/p256-scalar.js';
import { p384Scalar } from './kernels/p384-scalar.js';
import { rsaScalar } from './kernels/rsa-scalar.js';
import { sha256Scalar } from './kernels/sha256-scalar.js';
import { sha512Scalar } from './kernels/sha512-scalar.js';

/** The kernels of this package. */
export type KernelName = 'p256' | 'p384' | 'ed25519' | 'sha256' | 'sha512' | 'rsa';

/** A build of each kernel without SIMD, hexadecimal. */
export type ScalarKernels = Readonly<Record<KernelName, string>>;

/** For runtimes without 128-bit SIMD: pass it as `scalar`. Runs wherever WebAssembly does. */
export const scalarKernels: ScalarKernels = {
  p256: p256Scalar,
  p384: p384Scalar,
  ed25519: ed25519Scalar,
  sha256: sha256Scalar,
  sha512: sha512Scalar,
  rsa: rsaScalar,
};
