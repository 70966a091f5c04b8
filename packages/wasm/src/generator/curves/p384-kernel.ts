import type { Module, ModuleBuilder } from '../asm/module-builder.js';
import { hedgedNonce } from '../hedged-nonce.js';
import { rfc6979 } from '../rfc6979.js';
import { compression, roundConstantTable } from '../sha2/compression.js';
import { SHA384_INITIAL, SHA512_INITIAL } from '../sha2/constants.js';
import { vectorScheduleCompression } from '../sha2/vector-schedule.js';
import { type Words, words64, words64x2 } from '../sha2/words.js';
import { type Nonces, weierstrassKernel } from '../weierstrass/kernel.js';
import { p384 } from './p384.js';

/** ECDSA on P-384 with nonces by SHA-384; hedged ones by SHA-512, which gives 128 bits more than the order has. */
export const p384Kernel = ({ simd }: { readonly simd: boolean }): Module => weierstrassKernel(p384, simd, nonces);

function nonces(module: ModuleBuilder, simd: boolean): Nonces {
  const table = roundConstantTable(module, 8);
  const words = words64 as unknown as Words;
  // The schedule in vectors makes one message at a time as fast as two side by side.
  const compress = simd
    ? vectorScheduleCompression(module, 'compress', words, words64x2, table)
    : compression(module, 'compress', words, table);
  const drbg = rfc6979(module, 'nonce', { words, compress, initial: SHA384_INITIAL, digestLength: 48 });
  const hedged = hedgedNonce(module, 'hedged', { words, compress, initial: SHA512_INITIAL, digestLength: 64 }, 48);
  return { drbg, hedged, drbgLanes: drbg, hedgedLanes: hedged, nonceLanes: 1 };
}
