import type { Module } from './asm/module-builder.js';

/** One kernel: how to build it, with SIMD and without. */
export interface KernelDefinition {
  readonly name: string;
  readonly build: (options: { readonly simd: boolean }) => Module;
}

/** Every kernel that the package ships. */
export const kernels: readonly KernelDefinition[] = [];
