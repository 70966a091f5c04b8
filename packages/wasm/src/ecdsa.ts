import type { Ecdsa, KeyPair, RandomBytes } from '@mayfly/keys/backend';
import { type Kernel, type KernelOptions, type KernelSource, startKernel } from './engine.js';
import { WasmError } from './errors.js';

/** ECDSA on one curve. Everything that {@link Ecdsa} leaves open is here. */
export interface EcdsaKernel extends Ecdsa {
  /**
   * Deterministic with additional data (RFC 6979 §3.6): what noble calls `extraEntropy`. Slower than a hedged signature,
   * which is `sign` with entropy.
   * @param additionalData - 32 octets.
   */
  signWithAdditionalData(digest: Uint8Array, secretKey: Uint8Array, additionalData: Uint8Array): Uint8Array;
  signMany(digests: readonly Uint8Array[], secretKey: Uint8Array, entropy?: Uint8Array): readonly Uint8Array[];
  generateMany(count: number, randomBytes: RandomBytes): readonly KeyPair[];
  /**
   * `04 x y` of a point in either form (SEC 1 §2.3.4).
   * @throws {@link WasmError} `ERR_WASM_PUBLIC_KEY` when it is none of the curve, infinity included, or not canonical.
   */
  decompress(publicKey: Uint8Array): Uint8Array;
  /** `02 x` or `03 x`. Throws as {@link decompress}. */
  compress(publicKey: Uint8Array): Uint8Array;
  /** Computes tables and has the code compiled well: signs this many times with a key of no meaning. Takes about 20 ms. */
  warmUp(signatures?: number): void;
}

/** How to load the kernel of a curve. */
export interface EcdsaOptions extends KernelOptions {
  /** Keys met often that have a table of multiples at the same time, 290 KiB (P-384: 390 KiB) each. 1 to 100, default 16. */
  readonly tables?: number;
}

type Address = 'secretKey' | 'entropy' | 'digests' | 'results' | 'secretKeys' | 'publicKey' | 'verifiers';

type Preparation = 'prepareSingle' | 'prepareBatch' | 'prepareVerification';

type Name =
  | Address
  | 'verifierLength'
  | 'grow'
  | Preparation
  | 'prepareVerifier'
  | 'makePublicKey'
  | 'makePublicKeys'
  | 'sign'
  | 'signMany'
  | 'loadPublicKey'
  | 'decompress'
  | 'verifyKnown'
  | 'verifyUnknown';

/** Numbers that the kernel takes and gives: see generator/weierstrass/signing.ts. */
const NONCE = { deterministic: 0, additionalData: 1, hedged: 2 } as const;
const STATUS = { done: 0, secretKey: 1, fault: 2, again: 3 } as const;

const BATCH_SIZE = 64;
/** A batch takes a multiple of this many. */
const BATCH_STEP = 16;
/** Fewer than this many are faster one by one. */
const SMALLEST_BATCH = 8;
const ENTROPY_LENGTH = 32;
/**
 * Verifications before a key gets a table: as many as it takes them to save what it costs, measured. Whatever number of
 * them comes, it takes no more than twice the time of the better choice.
 */
const USES_BEFORE_TABLE: Readonly<Record<string, number>> = { p256: 28, p384: 18 };
const MOST_TABLES = 100;
const PAGE = 65_536;
const MOST_DRAWS = 64;

/** A table of multiples in the kernel's memory. */
interface Slot {
  readonly address: number;
  /** Whose multiples it holds. */
  owner: object | undefined;
  lastUse: number;
}

/** Starts the kernel of a curve. One instance has a memory of its own and serves one thread. */
export function startEcdsa(
  source: KernelSource,
  length: number,
  { tables = 16, ...options }: EcdsaOptions = {},
): EcdsaKernel {
  if (!Number.isInteger(tables) || tables < 1 || tables > MOST_TABLES)
    throw new RangeError(`Cannot keep ${tables} tables: 1 to ${MOST_TABLES}`);
  const kernel: Kernel<Name> = startKernel(source, options);
  const { functions } = kernel;
  const curve = source.name;
  const usesBeforeTable = USES_BEFORE_TABLE[curve]!; // of both there are
  const at = {
    secretKey: functions.secretKey(),
    entropy: functions.entropy(),
    digests: functions.digests(),
    results: functions.results(),
    secretKeys: functions.secretKeys(),
    publicKey: functions.publicKey(),
    verifiers: functions.verifiers(),
  };
  let memory = kernel.memory();
  const prepared = new Set<Preparation>();
  const slots: Slot[] = [];
  let uses = 0;

  /** Makes a table of multiples of the base point when it is first needed. */
  const prepare = (table: Preparation) => {
    if (prepared.has(table)) return;
    functions[table]();
    prepared.add(table);
  };

  const requireLength = (what: string, octets: Uint8Array, expected: number) => {
    if (!(octets instanceof Uint8Array)) throw new TypeError(`Cannot use ${what}: it is no Uint8Array`);
    if (octets.length !== expected)
      throw new WasmError(
        'ERR_WASM_LENGTH',
        `Cannot use ${what} on ${curve}: ${octets.length} octets, not ${expected}`,
      );
  };
  /** The leftmost bits of a digest, or all of a shorter one behind zeros (FIPS 186-5 §6.4.1). */
  const putDigest = (digest: Uint8Array, index: number) => {
    if (!(digest instanceof Uint8Array)) throw new TypeError('Cannot use digest: it is no Uint8Array');
    const address = at.digests + index * length;
    if (digest.length === length) memory.set(digest, address);
    else if (digest.length > length) memory.set(digest.subarray(0, length), address);
    else {
      memory.fill(0, address, address + length - digest.length);
      memory.set(digest, address + length - digest.length);
    }
  };
  const takeResult = (index: number) => {
    const from = at.results + index * 2 * length;
    return memory.slice(from, from + 2 * length);
  };
  const requireDone = (status: number, what: string) => {
    if (status === STATUS.secretKey)
      throw new WasmError('ERR_WASM_SECRET_KEY', `Cannot ${what} on ${curve}: the private key is out of range`);
    if (status === STATUS.again)
      throw new WasmError('ERR_WASM_RANDOM', `Cannot ${what} on ${curve}: this entropy gives no nonce, draw again`);
    if (status !== STATUS.done)
      throw new WasmError('ERR_WASM_FAULT', `Cannot ${what} on ${curve}: a result is no point of the curve, twice`);
  };

  const signOne = (digest: Uint8Array, secretKey: Uint8Array, mode: number, entropy?: Uint8Array): Uint8Array => {
    requireLength('private key', secretKey, length);
    if (entropy !== undefined) requireLength('entropy', entropy, ENTROPY_LENGTH);
    putDigest(digest, 0);
    prepare('prepareSingle');
    if (entropy !== undefined) memory.set(entropy, at.entropy);
    memory.set(secretKey, at.secretKey);
    requireDone(functions.sign(mode), 'sign');
    return takeResult(0);
  };
  const sign: Ecdsa['sign'] = (digest, secretKey, entropy) =>
    signOne(digest, secretKey, entropy === undefined ? NONCE.deterministic : NONCE.hedged, entropy);

  const signMany: EcdsaKernel['signMany'] = (digests, secretKey, entropy) => {
    requireLength('private key', secretKey, length);
    if (entropy !== undefined) requireLength('entropy', entropy, ENTROPY_LENGTH * digests.length);
    const mode = entropy === undefined ? NONCE.deterministic : NONCE.hedged;
    const signatures: Uint8Array[] = [];
    const entropyOf = (index: number, count = 1) =>
      entropy?.subarray(ENTROPY_LENGTH * index, ENTROPY_LENGTH * (index + count));
    for (let from = 0; from < digests.length; ) {
      const count = batchOf(digests.length - from);
      if (count < SMALLEST_BATCH || !signBatch(digests, from, count, secretKey, mode, entropyOf(from, count)))
        for (let i = 0; i < count; i++) signatures.push(sign(digests[from + i]!, secretKey, entropyOf(from + i)));
      else for (let i = 0; i < count; i++) signatures.push(takeResult(i));
      from += count;
    }
    return signatures;
  };

  /** Whether a batch could be signed as one; where not, nothing was given out. */
  const signBatch = (
    digests: readonly Uint8Array[],
    from: number,
    count: number,
    secretKey: Uint8Array,
    mode: number,
    entropy: Uint8Array | undefined,
  ): boolean => {
    const size = Math.ceil(count / BATCH_STEP) * BATCH_STEP;
    for (let i = 0; i < count; i++) putDigest(digests[from + i]!, i);
    // The places left over repeat the last signature.
    for (let i = count; i < size; i++) putDigest(digests[from + count - 1]!, i);
    prepare('prepareBatch');
    if (entropy !== undefined) {
      memory.set(entropy, at.entropy);
      for (let i = count; i < size; i++)
        memory.set(entropy.subarray(entropy.length - ENTROPY_LENGTH), at.entropy + ENTROPY_LENGTH * i);
    }
    memory.set(secretKey, at.secretKey);
    const status = functions.signMany(size, mode);
    if (status === STATUS.again) return false;
    requireDone(status, 'sign');
    return true;
  };

  /** `04 x y` of the coordinates at an address. */
  const takePoint = (address: number): Uint8Array => {
    const point = new Uint8Array(1 + 2 * length);
    point[0] = 4;
    point.set(memory.subarray(address, address + 2 * length), 1);
    return point;
  };
  const getPublicKey: Ecdsa['getPublicKey'] = (secretKey) => {
    requireLength('private key', secretKey, length);
    prepare('prepareSingle');
    memory.set(secretKey, at.secretKey);
    requireDone(functions.makePublicKey(), 'make public key');
    return takePoint(at.results);
  };

  const generateKeyPair: Ecdsa['generateKeyPair'] = (randomBytes) => {
    for (let draw = 0; draw < MOST_DRAWS; draw++) {
      const drawn = randomBytes(length);
      requireLength('random octets', drawn, length);
      const secretKey = new Uint8Array(drawn); // a copy
      try {
        return { secretKey, publicKey: getPublicKey(secretKey) };
      } catch (error) {
        if (!(error instanceof WasmError && error.code === 'ERR_WASM_SECRET_KEY')) throw error;
      }
    }
    throw new RangeError(
      `Cannot generate key: ${MOST_DRAWS} draws in a row are out of range, randomBytes is not random`,
    );
  };
  const generateMany: EcdsaKernel['generateMany'] = (count, randomBytes) => {
    if (!Number.isInteger(count) || count < 0) throw new RangeError(`Cannot generate ${count} keys`);
    const pairs: KeyPair[] = [];
    while (pairs.length < count) {
      const size = batchOf(count - pairs.length);
      pairs.push(
        ...((size < SMALLEST_BATCH ? undefined : generateBatch(size, randomBytes)) ?? [generateKeyPair(randomBytes)]),
      );
    }
    return pairs;
  };
  /** A batch of keys, or nothing when one of the draws is out of range. */
  const generateBatch = (count: number, randomBytes: RandomBytes): readonly KeyPair[] | undefined => {
    const octets = randomBytes(count * length);
    requireLength('random octets', octets, count * length);
    const drawn = new Uint8Array(octets); // a copy
    prepare('prepareBatch');
    const size = Math.ceil(count / BATCH_STEP) * BATCH_STEP;
    memory.set(drawn, at.secretKeys);
    for (let i = count; i < size; i++)
      memory.copyWithin(at.secretKeys + i * length, at.secretKeys, at.secretKeys + length);
    const status = functions.makePublicKeys(size);
    const made =
      status === STATUS.done
        ? Array.from({ length: count }, (_, i) => ({
            secretKey: drawn.slice(i * length, (i + 1) * length),
            publicKey: takePoint(at.results + i * 2 * length),
          }))
        : undefined;
    drawn.fill(0);
    return made;
  };

  /** Brings a key into the kernel, in whichever form; leaves x and y in its memory. */
  const loadPublicKey = (publicKey: Uint8Array) => {
    if (!(publicKey instanceof Uint8Array)) throw new TypeError('Cannot use public key: it is no Uint8Array');
    const form = publicKey[0];
    const isCompressed = form === 2 || form === 3;
    if (publicKey.length !== 1 + (isCompressed ? 1 : 2) * length || (!isCompressed && form !== 4))
      throw new WasmError(
        'ERR_WASM_PUBLIC_KEY',
        `Cannot use public key on ${curve}: ${publicKey.length} octets that begin with ${form}`,
      );
    memory.set(publicKey.subarray(1), at.publicKey);
    if ((isCompressed && functions.decompress(form & 1) !== 1) || functions.loadPublicKey() !== 1)
      throw new WasmError('ERR_WASM_PUBLIC_KEY', `Cannot use public key: it is no point of ${curve}`);
  };
  const putSignature = (signature: Uint8Array, digest: Uint8Array): boolean => {
    if (!(signature instanceof Uint8Array)) throw new TypeError('Cannot use signature: it is no Uint8Array');
    if (signature.length !== 2 * length) return false;
    putDigest(digest, 0);
    memory.set(signature, at.results);
    return true;
  };
  const verifyUnknown = (signature: Uint8Array, digest: Uint8Array): boolean => {
    prepare('prepareVerification');
    return putSignature(signature, digest) && functions.verifyUnknown() === 1;
  };
  const verify: Ecdsa['verify'] = (signature, digest, publicKey) => {
    loadPublicKey(publicKey);
    return verifyUnknown(signature, digest);
  };

  const verifier: Ecdsa['verifier'] = (publicKey) => {
    loadPublicKey(publicKey);
    const point = takePoint(at.publicKey);
    const owner = {};
    let slot: Slot | undefined;
    let met = 0;
    return (signature, digest) => {
      if (slot?.owner !== owner) {
        slot = ++met > usesBeforeTable ? takeSlot(owner, point) : undefined;
        if (slot !== undefined) met = 0; // whoever loses it has to be met as often again
      }
      if (slot === undefined) return verify(signature, digest, point);
      slot.lastUse = ++uses;
      return putSignature(signature, digest) && functions.verifyKnown(slot.address) === 1;
    };
  };
  /** Fills a table: a new one while there is room, then the one that was used longest ago. */
  const takeSlot = (owner: object, point: Uint8Array): Slot | undefined => {
    const slot = slots.length < tables ? newSlot() : undefined;
    const oldest =
      slot ?? slots.reduce<Slot | undefined>((a, b) => (a === undefined || b.lastUse < a.lastUse ? b : a), undefined);
    if (oldest === undefined) return undefined;
    prepare('prepareVerification');
    loadPublicKey(point);
    functions.prepareVerifier(oldest.address);
    oldest.owner = owner;
    return oldest;
  };
  /** Nothing when the runtime gives no more memory. */
  const newSlot = (): Slot | undefined => {
    const pages = Math.ceil(functions.verifierLength() / PAGE);
    if (functions.grow(pages) < 0) return undefined;
    memory = kernel.memory();
    const slot = { address: at.verifiers + slots.length * pages * PAGE, owner: undefined, lastUse: 0 };
    slots.push(slot);
    return slot;
  };

  return {
    sign,
    signMany,
    signWithAdditionalData: (digest, secretKey, additionalData) =>
      signOne(digest, secretKey, NONCE.additionalData, additionalData),
    getPublicKey,
    generateKeyPair,
    generateMany,
    verify,
    verifier,
    decompress: (publicKey) => {
      loadPublicKey(publicKey);
      return takePoint(at.publicKey);
    },
    compress: (publicKey) => {
      loadPublicKey(publicKey);
      const point = takePoint(at.publicKey);
      const compressed = point.slice(0, 1 + length);
      compressed[0] = 2 + (point[2 * length]! & 1);
      return compressed;
    },
    warmUp: (signatures = 4 * BATCH_SIZE) => {
      const secretKey = new Uint8Array(length).fill(1);
      const digests = Array.from({ length: BATCH_SIZE }, (_, i) => new Uint8Array(length).fill(i));
      for (let i = 0; i < signatures; i += BATCH_SIZE) signMany(digests, secretKey);
      for (const digest of digests) sign(digest, secretKey);
      prepare('prepareVerification');
    },
  };
}

/** How many of those that are left go into the next batch. */
function batchOf(left: number): number {
  if (left >= BATCH_SIZE) return BATCH_SIZE;
  const rest = left % BATCH_STEP;
  return left < SMALLEST_BATCH || rest >= SMALLEST_BATCH ? left : left - rest;
}
