import type { Module } from './asm/module-builder.js';

/** A module that runs: what tests of generators call. */
export interface Instance {
  readonly functions: Readonly<Record<string, (...operands: number[]) => number>>;
  readonly memory: Uint8Array;
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
}

interface Api {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports & Instance['functions'] };
}

/** Starts a module just generated. */
export function instantiate({ bytes }: Module): Instance {
  const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Api }).WebAssembly;
  const { exports } = new Instance(new Module(bytes));
  return { functions: exports, memory: new Uint8Array(exports.memory.buffer) };
}
