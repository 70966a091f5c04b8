import { mod } from './numbers.js';

/** A number modulo which a kernel computes, and how it cuts residues into limbs. */
interface Limbs {
  readonly value: bigint;
  readonly limbBits: number;
  readonly limbs: number;
}

/** How a secret number may lie in memory: enough of it that a match is no coincidence. */
export interface Form {
  readonly name: string;
  readonly octets: Uint8Array;
}

/** Octets highest first and lowest first, words of 32 bits in either order, and limbs, as they stand and in Montgomery form. */
export function formsOf(secret: Uint8Array, moduli: readonly Limbs[]): readonly Form[] {
  const number = BigInt(`0x${Buffer.from(secret).toString('hex')}`);
  const reversed = Uint8Array.from(secret).reverse();
  const swapped = (octets: Uint8Array): Uint8Array => Uint8Array.from(octets, (_, i) => octets[i ^ 3]!);
  const forms: Form[] = [];
  for (const [name, octets] of [
    ['highest octet first', secret],
    ['lowest octet first', reversed],
    ['words, highest octet first', swapped(secret)],
  ] as const)
    for (let at = 0; at + 8 <= octets.length; at += 8)
      forms.push({ name: `${name}, from octet ${at}`, octets: octets.slice(at, at + 8) });
  for (const modulus of moduli) {
    const radix = 1n << BigInt(modulus.limbBits * modulus.limbs);
    for (const [name, value] of [
      ['limbs', mod(number, modulus.value)],
      ['limbs in Montgomery form', mod(number * radix, modulus.value)],
    ] as const) {
      const limbs = Array.from(
        { length: modulus.limbs },
        (_, k) => (value >> BigInt(modulus.limbBits * k)) & ((1n << BigInt(modulus.limbBits)) - 1n),
      );
      // Three in a row: as i64, and as i32 with another element's between them is left to the first of each.
      for (let k = 0; k + 3 <= limbs.length; k += 3) {
        const three = limbs.slice(k, k + 3);
        forms.push({ name: `${name}, from ${k}`, octets: new Uint8Array(BigUint64Array.from(three).buffer) });
        forms.push({
          name: `${name} of 32 bits, from ${k}`,
          octets: new Uint8Array(Uint32Array.from(three, Number).buffer),
        });
      }
    }
  }
  return forms.filter(({ octets }) => octets.some((octet) => octet !== 0));
}

/** Where forms of a secret are found. */
export function findForms(memory: Uint8Array, forms: readonly Form[]): readonly string[] {
  const buffer = Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength);
  return forms.flatMap(({ name, octets }) => {
    const at = buffer.indexOf(octets);
    return at < 0 ? [] : [`${name}, at ${at}`];
  });
}

interface InstanceLike {
  readonly exports: { readonly memory?: { readonly buffer: ArrayBuffer } };
}

/** Runs `body` and returns, with its result, what looks at the memories of all modules that were started meanwhile. */
export function withMemories<T>(body: () => T): { readonly result: T; readonly memories: () => readonly Uint8Array[] } {
  const api = (globalThis as unknown as { readonly WebAssembly: { Instance: new (module: object) => InstanceLike } })
    .WebAssembly;
  const { Instance } = api;
  const instances: InstanceLike[] = [];
  api.Instance = class extends Instance {
    constructor(module: object) {
      super(module);
      instances.push(this);
    }
  };
  try {
    const result = body();
    return {
      result,
      memories: () =>
        instances.flatMap(({ exports }) =>
          exports.memory === undefined ? [] : [new Uint8Array(exports.memory.buffer)],
        ),
    };
  } finally {
    api.Instance = Instance;
  }
}
