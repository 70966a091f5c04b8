import {
  type DerNode,
  encode,
  integer,
  nullValue,
  type Oid,
  octetString,
  read,
  sequence,
  tags,
  toHex,
} from '@mayfly/der';
import { type AlgorithmIdentifier, algorithmIdentifierNode, readAlgorithmIdentifier } from '@mayfly/x509';
import { hmac } from '@noble/hashes/hmac.js';
import { type DerivationOptions, type Hash, type Pbkdf2Derivation, parametersError } from './derivation.js';
import { hashes } from './hashes.js';
import { refuseAlgorithm } from './names.js';
import { beginSlices } from './slices.js';

/** `id-PBKDF2` (RFC 8018 §A.2). */
export const idPbkdf2: Oid = '1.2.840.113549.1.5.12';

/** HMAC with a hash (RFC 8018 §B.1), as PRF and as MAC. */
const hmacs: Readonly<Record<Oid, Hash>> = {
  '1.2.840.113549.2.7': 'SHA-1',
  '1.2.840.113549.2.8': 'SHA-224',
  '1.2.840.113549.2.9': 'SHA-256',
  '1.2.840.113549.2.10': 'SHA-384',
  '1.2.840.113549.2.11': 'SHA-512',
};

/** The hash of an HMAC algorithm; `undefined` for another OID. */
export const hashOfHmac = (algorithm: Oid): Hash | undefined => hmacs[algorithm];

/** `hmacWithSHA…` with its NULL. */
export const hmacAlgorithm = (hash: Hash): AlgorithmIdentifier => ({
  algorithm: Object.keys(hmacs).find((oid) => hmacs[oid] === hash)!,
  parameters: encode(nullValue()),
});

/**
 * Reads
 *
 *     PBKDF2-params ::= SEQUENCE {
 *       salt CHOICE { specified OCTET STRING, otherSource AlgorithmIdentifier },
 *       iterationCount INTEGER (1..MAX),
 *       keyLength INTEGER (1..MAX) OPTIONAL,
 *       prf AlgorithmIdentifier DEFAULT algid-hmacWithSHA1 }
 *
 * @param cipherKeyLength - Octets that the cipher takes, if it says so; the field may then be absent, but says nothing
 * else.
 * @throws {@link Pkcs8Error} `ERR_PKCS8_PARAMETERS`, `ERR_PKCS8_UNSUPPORTED`; {@link DerError}.
 */
export function parsePbkdf2({ parameters }: AlgorithmIdentifier, cipherKeyLength?: number): Pbkdf2Derivation {
  return read(
    parameters ?? new Uint8Array(0),
    (reader) => {
      const params = reader.sequence('');
      const salt = params.octetString('salt');
      const iterationCount = params.smallInteger('iterationCount');
      const given = params.peek() === tags.integer ? params.smallInteger('keyLength') : undefined;
      const prf = params.done ? undefined : readAlgorithmIdentifier(params, 'prf');
      params.end();
      if (iterationCount < 1) throw parametersError(`iterationCount ${iterationCount}, at least 1 is needed`);
      const keyLength = requireKeyLength(given, cipherKeyLength);
      return { type: 'pbkdf2', salt, iterationCount, keyLength, prf: prf === undefined ? 'SHA-1' : hashOfPrf(prf) };
    },
    { field: 'keyDerivationFunc.parameters' },
  );
}

/** The length that the parameters and the cipher agree on. */
export function requireKeyLength(given: number | undefined, needed: number | undefined): number {
  const keyLength = given ?? needed;
  if (keyLength === undefined) throw parametersError('keyLength is missing');
  if (keyLength < 1 || keyLength > 128) throw parametersError(`keyLength ${keyLength}, 1 to 128 are derived`);
  if (needed !== undefined && keyLength !== needed)
    throw parametersError(`keyLength ${keyLength}, the cipher takes ${needed}`);
  return keyLength;
}

function hashOfPrf({ algorithm, parameters }: AlgorithmIdentifier): Hash {
  const hash = hmacs[algorithm] ?? refuseAlgorithm('prf', algorithm);
  // Go's writers leave the NULL out.
  if (parameters !== undefined && toHex(parameters) !== '0500')
    throw parametersError('the parameters of the prf are not NULL');
  return hash;
}

/**
 * The inverse of {@link parsePbkdf2}; SHA-1 is DEFAULT and left out.
 * @param withKeyLength - Whether to write the length, which a cipher tells and a MAC does not.
 */
export const pbkdf2Node = (derivation: Pbkdf2Derivation, withKeyLength: boolean = false): DerNode =>
  algorithmIdentifierNode({
    algorithm: idPbkdf2,
    parameters: encode(
      sequence(
        octetString(derivation.salt),
        integer(derivation.iterationCount),
        withKeyLength && integer(derivation.keyLength),
        derivation.prf !== 'SHA-1' && algorithmIdentifierNode(hmacAlgorithm(derivation.prf)),
      ),
    ),
  });

/**
 * Derives a key: by `options.derive`, else in WebCrypto, off the main thread where the platform does so, else here in
 * slices of a few milliseconds.
 * @param password - UTF-8; not wiped here.
 * @returns A new array, the caller's to wipe.
 */
export async function derivePbkdf2(
  derivation: Pbkdf2Derivation,
  password: Uint8Array,
  { derive, signal, onProgress }: DerivationOptions = {},
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const { prf, salt, iterationCount: iterations, keyLength } = derivation;
  const elsewhere = derive?.(derivation, password, signal);
  let key: Uint8Array;
  if (elsewhere !== undefined) key = await untilAborted(elsewhere, signal);
  else if (prf !== 'SHA-224' && globalThis.crypto?.subtle !== undefined) {
    const material = await crypto.subtle.importKey('raw', new Uint8Array(password), 'PBKDF2', false, ['deriveBits']);
    const algorithm = { name: 'PBKDF2', hash: prf, salt: new Uint8Array(salt), iterations };
    key = new Uint8Array(await untilAborted(crypto.subtle.deriveBits(algorithm, material, 8 * keyLength), signal));
  } else key = await deriveHere(derivation, password, { ...(signal && { signal }), ...(onProgress && { onProgress }) });
  onProgress?.(derivation, iterations);
  return key;
}

async function deriveHere(
  derivation: Pbkdf2Derivation,
  password: Uint8Array,
  { signal, onProgress }: DerivationOptions,
): Promise<Uint8Array> {
  const { prf, salt, iterationCount, keyLength } = derivation;
  const keyed = hmac.create(hashes[prf], password);
  const worker = keyed.clone();
  const round = new Uint8Array(keyed.outputLen);
  const block = new Uint8Array(keyed.outputLen);
  const key = new Uint8Array(keyLength);
  const slices = beginSlices(signal);
  try {
    for (let index = 1, at = 0; at < keyLength; index++, at += block.length) {
      const counter = new Uint8Array(4);
      new DataView(counter.buffer).setUint32(0, index);
      keyed._cloneInto(worker).update(salt).update(counter).digestInto(round);
      block.set(round);
      for (let i = 1; i < iterationCount; i++) {
        keyed._cloneInto(worker).update(round).digestInto(round);
        for (let j = 0; j < block.length; j++) block[j]! ^= round[j]!;
        if ((i & 63) === 0 && slices.isOver()) {
          if (index === 1) onProgress?.(derivation, i);
          await slices.pause();
        }
      }
      key.set(block.subarray(0, keyLength - at), at);
    }
    return key;
  } catch (error) {
    key.fill(0);
    throw error;
  } finally {
    keyed.destroy();
    worker.destroy();
    round.fill(0);
    block.fill(0);
  }
}

/** What runs in another thread cannot be stopped; whoever waits for it can. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let stop = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
    work.catch(() => {}); // nobody waits for it any more
  }
}
