import { type DerReader, type Oid, read, tags } from '@mayfly/der';
import type { AlgorithmIdentifier } from '@mayfly/x509';
import { type Hash, hashes, idMgf1, idRSASSAPSS, type SchemeInfo, schemes, signatureScheme } from './algorithms.js';
import { KeysError } from './errors.js';

/** RFC 4055 §3.1, as far as anything here can use it: MGF1 has the same hash. */
export interface PSSParameters {
  readonly hash: Hash;
  /** Octets of salt; in a key, the least. */
  readonly saltLength: number;
}

/** Longest salt that fits any key here. */
const MAX_SALT_LENGTH = 1024;

/**
 * What to verify a signature by. Beside the schemes that keys here sign with, it takes PSS with salts of any length, as others
 * make it; MGF1 has to have the hash of the message, and no hash is weaker than SHA-256.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for anything else.
 */
export function verificationScheme(identifier: AlgorithmIdentifier): SchemeInfo {
  if (identifier.algorithm !== idRSASSAPSS) return schemes[signatureScheme(identifier)];
  return { keyType: 'RSA', algorithm: idRSASSAPSS, ...readPSSParameters(identifier.parameters) };
}

/*
 * RSASSA-PSS-params ::= SEQUENCE {
 *   hashAlgorithm    [0] HashAlgorithm    DEFAULT sha1Identifier,
 *   maskGenAlgorithm [1] MaskGenAlgorithm DEFAULT mgf1SHA1Identifier,
 *   saltLength       [2] INTEGER          DEFAULT 20,
 *   trailerField     [3] INTEGER          DEFAULT 1 }
 */

/**
 * Reads the parameters of a signature or a key.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` when they are absent, broken, or ask for what is not here.
 */
export function readPSSParameters(parameters: Uint8Array | undefined): PSSParameters {
  if (parameters === undefined) throw unsupported('RSASSA-PSS has no parameters');
  try {
    return read(
      parameters,
      (reader) => {
        const sequence = reader.sequence('');
        const hash = readOptional(sequence, 0, 'hashAlgorithm', readHash);
        const mask = readOptional(sequence, 1, 'maskGenAlgorithm', readMaskGen);
        const saltLength = readOptional(sequence, 2, 'saltLength', (inner) => inner.smallInteger('')) ?? 20;
        sequence.end(); // there is one trailerField, and DER leaves a DEFAULT out
        if (hash === undefined || mask === undefined) throw unsupported('RSASSA-PSS with SHA-1, which is broken');
        if (hash !== mask) throw unsupported(`RSASSA-PSS with ${hash} and MGF1 with ${mask}`);
        if (saltLength < 0 || saltLength > MAX_SALT_LENGTH)
          throw unsupported(`RSASSA-PSS with ${saltLength} octets of salt`);
        return { hash, saltLength };
      },
      { field: 'parameters' },
    );
  } catch (cause) {
    if (cause instanceof KeysError) throw cause;
    throw unsupported('the parameters of RSASSA-PSS are malformed', cause);
  }
}

function readOptional<T>(
  sequence: DerReader,
  tagNumber: number,
  field: string,
  body: (inner: DerReader) => T,
): T | undefined {
  if (sequence.peek() !== (0xa0 | tagNumber)) return undefined;
  const inner = sequence.explicit(tagNumber, field);
  const value = body(inner);
  inner.end();
  return value;
}

function readMaskGen(inner: DerReader): Hash {
  const mask = inner.sequence('');
  const algorithm = mask.oid('algorithm');
  if (algorithm !== idMgf1) throw unsupported(`RSASSA-PSS with mask ${algorithm}`);
  const hash = readHash(mask);
  mask.end();
  return hash;
}

/** RFC 4055 §2.1: parameters are NULL or absent. */
function readHash(inner: DerReader): Hash {
  const identifier = inner.sequence('');
  const algorithm: Oid = identifier.oid('algorithm');
  if (identifier.peek() === tags.null) identifier.null('parameters');
  identifier.end();
  for (const hash of Object.keys(hashes) as Hash[]) if (hashes[hash] === algorithm) return hash; // keys of the record
  throw unsupported(
    algorithm === '1.3.14.3.2.26' ? 'RSASSA-PSS with SHA-1, which is broken' : `RSASSA-PSS with ${algorithm}`,
  );
}

const unsupported = (state: string, cause?: unknown): KeysError =>
  new KeysError('ERR_KEYS_UNSUPPORTED_ALGORITHM', `Cannot use signature algorithm: ${state}`, { cause });
