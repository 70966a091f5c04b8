import { type DerNode, encode, integer, nullValue, type Oid, octetString, read, sequence } from '@mayfly/der';
import {
  bmpPassword,
  type Hash,
  hashOfHmac,
  hmac,
  hmacAlgorithm,
  idPbkdf2,
  type Password,
  type Pbkdf2Derivation,
  type Pkcs12Derivation,
  parsePbkdf2,
  pbkdf2Node,
  utf8Password,
} from '@mayfly/pkcs8/password-based';
import { type AlgorithmIdentifier, algorithmIdentifierNode, readAlgorithmIdentifier } from '@mayfly/x509';
import { atPath, Pkcs12Error } from './errors.js';
import type { MacData } from './pfx.js';

/** `id-PBMAC1` (RFC 8018 §A.5). */
const idPbmac1: Oid = '1.2.840.113549.1.5.14';

/** How a MAC is made: with which hash, under which key. */
export interface MacScheme {
  /** `HMAC` of RFC 7292 appendix A, or PBMAC1 of RFC 9579. */
  readonly name: 'HMAC' | 'PBMAC1';
  readonly hash: Hash;
  readonly derivation: Pkcs12Derivation | Pbkdf2Derivation;
}

const digests: Readonly<Record<Hash, { readonly oid: Oid; readonly byteLength: number }>> = {
  'SHA-1': { oid: '1.3.14.3.2.26', byteLength: 20 },
  'SHA-224': { oid: '2.16.840.1.101.3.4.2.4', byteLength: 28 },
  'SHA-256': { oid: '2.16.840.1.101.3.4.2.1', byteLength: 32 },
  'SHA-384': { oid: '2.16.840.1.101.3.4.2.2', byteLength: 48 },
  'SHA-512': { oid: '2.16.840.1.101.3.4.2.3', byteLength: 64 },
};

const PATH = 'pfx.macData';

/**
 * What a MacData asks for.
 * @throws {@link Pkcs12Error} `ERR_PKCS12_UNSUPPORTED`, `ERR_PKCS12_PARAMETERS`; {@link DerError}.
 */
export function macScheme({ digestAlgorithm, digest, macSalt: salt, iterations }: MacData): MacScheme {
  const scheme =
    digestAlgorithm.algorithm === idPbmac1 ? parsePbmac1(digestAlgorithm) : classic(digestAlgorithm, salt, iterations);
  const { byteLength } = digests[scheme.hash];
  if (digest.length !== byteLength)
    throw new Pkcs12Error(
      'ERR_PKCS12_PARAMETERS',
      PATH,
      `digest of ${digest.length} octets, HMAC with ${scheme.hash} has ${byteLength}`,
    );
  return scheme;
}

function classic({ algorithm }: AlgorithmIdentifier, salt: Uint8Array, iterationCount: number): MacScheme {
  const hash = (Object.keys(digests) as Hash[]).find((candidate) => digests[candidate].oid === algorithm); // keys of the record above
  if (hash === undefined) throw new Pkcs12Error('ERR_PKCS12_UNSUPPORTED', PATH, `digestAlgorithm is ${algorithm}`);
  if (iterationCount < 1) throw new Pkcs12Error('ERR_PKCS12_PARAMETERS', PATH, `iterations ${iterationCount}`);
  return { name: 'HMAC', hash, derivation: classicDerivation(hash, salt, iterationCount) };
}

/** RFC 7292 appendix A: the key is as long as the hash. */
const classicDerivation = (hash: Hash, salt: Uint8Array, iterationCount: number): Pkcs12Derivation => ({
  ...({ type: 'pkcs12', purpose: 'mac' } as const),
  ...{ hash, salt, iterationCount, keyLength: digests[hash].byteLength },
});

/** Shortest key of PBMAC1 that is accepted, in octets. */
const MIN_PBMAC1_KEY = 20;

/**
 *     PBMAC1-params ::= SEQUENCE {
 *       keyDerivationFunc AlgorithmIdentifier,
 *       messageAuthScheme AlgorithmIdentifier }
 *
 * of which the length of the key is a part (RFC 9579 §5).
 */
function parsePbmac1({ parameters }: AlgorithmIdentifier): MacScheme {
  try {
    return read(
      parameters ?? new Uint8Array(0),
      (reader) => {
        const params = reader.sequence('');
        const keyDerivationFunc = readAlgorithmIdentifier(params, 'keyDerivationFunc');
        const messageAuthScheme = readAlgorithmIdentifier(params, 'messageAuthScheme');
        params.end();
        const hash = hashOfHmac(messageAuthScheme.algorithm);
        if (keyDerivationFunc.algorithm !== idPbkdf2 || hash === undefined)
          throw new Pkcs12Error(
            'ERR_PKCS12_UNSUPPORTED',
            PATH,
            `PBMAC1 with ${keyDerivationFunc.algorithm} and ${messageAuthScheme.algorithm}`,
          );
        const derivation = parsePbkdf2(keyDerivationFunc);
        // A short key is guessed without the password, and the MAC of a forged file with it.
        if (derivation.keyLength < MIN_PBMAC1_KEY)
          throw new Pkcs12Error(
            'ERR_PKCS12_PARAMETERS',
            PATH,
            `PBMAC1 with a key of ${derivation.keyLength} octets, at least ${MIN_PBMAC1_KEY} are accepted`,
          );
        return { name: 'PBMAC1', hash, derivation };
      },
      { field: `${PATH}.mac.digestAlgorithm.parameters` },
    );
  } catch (error) {
    throw atPath(PATH, error);
  }
}

/** The other direction: the fields of a MacData, but for the digest. */
export function macAlgorithm({ name, hash, derivation }: MacScheme): Omit<MacData, 'digest'> {
  if (derivation.type === 'pkcs12') {
    const { salt, iterationCount } = derivation;
    const digestAlgorithm = { algorithm: digests[hash].oid, parameters: encode(nullValue()) };
    return { digestAlgorithm, macSalt: salt, iterations: iterationCount };
  }
  name satisfies 'HMAC' | 'PBMAC1';
  const parameters = encode(sequence(pbkdf2Node(derivation, true), algorithmIdentifierNode(hmacAlgorithm(hash))));
  // RFC 9579 §4: salt and iterations beside it say nothing, but have to be there.
  return { digestAlgorithm: { algorithm: idPbmac1, parameters }, macSalt: new Uint8Array(8), iterations: 1 };
}

/** MacData as DER. */
export const macDataNode = ({ digestAlgorithm, digest, macSalt, iterations }: MacData): DerNode =>
  sequence(
    sequence(algorithmIdentifierNode(digestAlgorithm), octetString(digest)),
    octetString(macSalt),
    iterations !== 1 && integer(iterations),
  );

/** A scheme for a new file. */
export const newMacScheme = (
  name: MacScheme['name'],
  hash: Hash,
  salt: Uint8Array,
  iterationCount: number,
): MacScheme => ({
  name,
  hash,
  derivation:
    name === 'HMAC'
      ? classicDerivation(hash, salt, iterationCount)
      : { type: 'pbkdf2', prf: hash, salt, iterationCount, keyLength: digests[hash].byteLength },
});

/** Derives the key of a scheme. The caller wipes it. */
export async function macKey(
  { derivation }: MacScheme,
  password: Password,
  derive: (derivation: MacScheme['derivation'], password: Uint8Array) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const secret = derivation.type === 'pkcs12' ? bmpPassword(password) : utf8Password(password);
  try {
    return await derive(derivation, secret);
  } finally {
    secret.fill(0);
  }
}

/** Whether a MAC is right; compares all octets whatever the first ones say. */
export async function verifyMac(
  hash: Hash,
  key: Uint8Array,
  authSafe: Uint8Array,
  digest: Uint8Array,
): Promise<boolean> {
  const expected = await hmac(hash, key, authSafe);
  let difference = expected.length ^ digest.length;
  for (let i = 0; i < expected.length; i++) difference |= expected[i]! ^ (digest[i] ?? 0);
  return difference === 0;
}
