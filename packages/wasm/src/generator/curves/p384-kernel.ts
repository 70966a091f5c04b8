import type { Module, ModuleBuilder } from '../asm/module-builder.js';
import { hedgedNonce } from '../hedged-nonce.js';
import { rfc6979 } from '../rfc6979.js';
import { compression, roundConstantTable } from '../sha2/compression.js';
import { SHA384_INITIAL, SHA512_INITIAL } from '../sha2/constants.js';
import { type Words, words64, words64x2 } from '../sha2/words.js';
import { type Nonces, weierstrassKernel } from '../weierstrass/kernel.js';
import { p384 } from './p384.js';

/** ECDSA on P-384 with nonces by SHA-384; hedged ones by SHA-512, which gives 128 bits more than the order has. */
export const p384Kernel = ({ simd }: { readonly simd: boolean }): Module => weierstrassKernel(p384, simd, nonces);

function nonces(module: ModuleBuilder, inLanes: boolean): Nonces {
  const table = roundConstantTable(module, 8);
  const make = (name: string, words: Words) => {
    const compress = compression(module, `${name}Compress`, words, table);
    const drbg = rfc6979(module, name, { words, compress, initial: SHA384_INITIAL, digestLength: 48 });
    const wide = { words, compress, initial: SHA512_INITIAL, digestLength: 64 };
    return { drbg, hedged: hedgedNonce(module, `${name}Hedged`, wide, 48) };
  };
  const one = make('one', words64 as unknown as Words);
  const many = inLanes ? make('two', words64x2 as unknown as Words) : one;
  return { ...one, drbgLanes: many.drbg, hedgedLanes: many.hedged, nonceLanes: inLanes ? 2 : 1 };
}
