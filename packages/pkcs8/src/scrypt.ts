import { type DerNode, encode, integer, type Oid, octetString, read, sequence } from '@mayfly/der';
import { type AlgorithmIdentifier, algorithmIdentifierNode } from '@mayfly/x509';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { type DerivationOptions, parametersError, type ScryptDerivation, scryptWork } from './derivation.js';
import { requireKeyLength, untilAborted } from './pbkdf2.js';

/** `id-scrypt` (RFC 7914 §7.1). */
export const idScrypt: Oid = '1.3.6.1.4.1.11591.4.11';

/** Most r·p: PBKDF2 makes 128 octets of each before and after the mixing, in one piece (RFC 7914 §6); files have 8 to 128. */
const MAX_LANES = 1024;

/**
 * Reads
 *
 *     scrypt-params ::= SEQUENCE {
 *       salt OCTET STRING,
 *       costParameter INTEGER (1..MAX),
 *       blockSize INTEGER (1..MAX),
 *       parallelizationParameter INTEGER (1..MAX),
 *       keyLength INTEGER (1..MAX) OPTIONAL }
 *
 * @throws {@link Pkcs8Error} `ERR_PKCS8_PARAMETERS`; {@link DerError}.
 */
export const parseScrypt = (
  { parameters }: AlgorithmIdentifier,
  cipherKeyLength: number | undefined,
): ScryptDerivation =>
  read(
    parameters ?? new Uint8Array(0),
    (reader) => {
      const params = reader.sequence('');
      const salt = params.octetString('salt');
      const costParameter = params.smallInteger('costParameter');
      const blockSize = params.smallInteger('blockSize');
      const parallelizationParameter = params.smallInteger('parallelizationParameter');
      const keyLength = requireKeyLength(params.done ? undefined : params.smallInteger('keyLength'), cipherKeyLength);
      params.end();
      // RFC 7914 §2: N is a power of two above one; the products stay far below 2⁵³.
      if (costParameter < 2 || costParameter > 2 ** 31 || !Number.isInteger(Math.log2(costParameter)))
        throw parametersError(`costParameter ${costParameter} is no power of two above one`);
      const lanes = blockSize * parallelizationParameter;
      if (blockSize < 1 || parallelizationParameter < 1 || lanes > MAX_LANES)
        throw parametersError(
          `blockSize ${blockSize} times parallelizationParameter ${parallelizationParameter} is not 1 to ${MAX_LANES}`,
        );
      return { type: 'scrypt', salt, costParameter, blockSize, parallelizationParameter, keyLength };
    },
    { field: 'keyDerivationFunc.parameters' },
  );

/** The inverse of {@link parseScrypt}. */
export const scryptNode = (derivation: ScryptDerivation): DerNode =>
  algorithmIdentifierNode({
    algorithm: idScrypt,
    parameters: encode(
      sequence(
        octetString(derivation.salt),
        integer(derivation.costParameter),
        integer(derivation.blockSize),
        integer(derivation.parallelizationParameter),
      ),
    ),
  });

/**
 * Derives a key: by `options.derive`, else here, in slices of a few milliseconds.
 * @param password - UTF-8; not wiped here.
 * @returns A new array, the caller's to wipe.
 */
export async function deriveScrypt(
  derivation: ScryptDerivation,
  password: Uint8Array,
  { derive, signal, onProgress }: DerivationOptions = {},
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const elsewhere = derive?.(derivation, password, signal);
  if (elsewhere !== undefined) return untilAborted(elsewhere, signal);
  const { salt, costParameter: N, blockSize: r, parallelizationParameter: p, keyLength: dkLen } = derivation;
  const work = scryptWork(derivation);
  try {
    return await scryptAsync(password, salt, {
      ...{ N, r, p, dkLen, asyncTick: 4, maxmem: 128 * r * (N + p + 2) },
      onProgress(share) {
        signal?.throwIfAborted();
        onProgress?.(derivation, Math.floor(share * work));
      },
    });
  } catch (cause) {
    // Parameters have been checked, so the memory is what there is not.
    if (!(cause instanceof RangeError)) throw cause;
    throw parametersError(`scrypt takes ${Math.ceil((128 * r * N) / 2 ** 20)} MiB of memory, which is not to be had`);
  }
}
