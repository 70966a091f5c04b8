import type { Module, ModuleBuilder } from '../asm/module-builder.js';
import { hedgedNonce } from '../hedged-nonce.js';
import { rfc6979 } from '../rfc6979.js';
import { compression, roundConstantTable } from '../sha2/compression.js';
import { SHA256_INITIAL } from '../sha2/constants.js';
import { vectorScheduleCompression } from '../sha2/vector-schedule.js';
import { type Words, words32, words32x4 } from '../sha2/words.js';
import { type Nonces, weierstrassKernel } from '../weierstrass/kernel.js';
import { p256 } from './p256.js';

/** ECDSA on P-256 with nonces by SHA-256. */
export const p256Kernel = ({ simd }: { readonly simd: boolean }): Module => weierstrassKernel(p256, simd, nonces);

function nonces(module: ModuleBuilder, inLanes: boolean): Nonces {
  const table = roundConstantTable(module, 4);
  const make = (name: string, words: Words) => {
    const inVectors = inLanes && words.lanes === 1;
    const compress = inVectors
      ? vectorScheduleCompression(module, `${name}Compress`, words, words32x4, table)
      : compression(module, `${name}Compress`, words, table);
    const hash = { words, compress, initial: SHA256_INITIAL, digestLength: 32 };
    return { drbg: rfc6979(module, name, hash), hedged: hedgedNonce(module, `${name}Hedged`, hash, 32) };
  };
  const one = make('one', words32 as unknown as Words);
  const many = inLanes ? make('four', words32x4 as unknown as Words) : one;
  return { ...one, drbgLanes: many.drbg, hedgedLanes: many.hedged, nonceLanes: inLanes ? 4 : 1 };
}
