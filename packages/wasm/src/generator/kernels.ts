import type { Module } from './asm/module-builder.js';
import { p256Kernel } from './curves/p256-kernel.js';
import { p384Kernel } from './curves/p384-kernel.js';
import { ed25519Kernel } from './edwards/kernel.js';
import { rsaKernel } from './rsa.js';
import { sha256Kernel, sha512Kernel } from './sha2/kernel.js';

/** One kernel: how to build it, with SIMD and without. */
export interface KernelDefinition {
  readonly name: string;
  readonly build: (options: { readonly simd: boolean }) => Module;
}

/** Every kernel that the package ships. */
export const kernels: readonly KernelDefinition[] = [
  { name: 'p256', build: p256Kernel },
  { name: 'p384', build: p384Kernel },
  { name: 'sha256', build: sha256Kernel },
  { name: 'sha512', build: sha512Kernel },
  { name: 'rsa', build: rsaKernel },
  { name: 'ed25519', build: ed25519Kernel },
];
