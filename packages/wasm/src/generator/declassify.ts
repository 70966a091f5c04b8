import type { FunctionReference } from './asm/function-builder.js';
import type { ModuleBuilder } from './asm/module-builder.js';

/**
 * A function that gives its argument back. What passes through it becomes public: the audit of the finished module treats
 * everything in memory as secret, and stops at a branch that depends on it, unless it came through here.
 */
export const declassification = (module: ModuleBuilder): FunctionReference =>
  module.function('declassify', ['i32'], ['i32'], (f, secret) => f.result(secret));
