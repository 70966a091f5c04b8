import { equalBytes } from '@mayfly/der';
import { fieldLength } from '@mayfly/pkcs8/ec';
import type { SignedParts, SyncVerifySignature } from '@mayfly/x509/signed';
import { schemes, signatureScheme } from './algorithms.js';
import type { Backend, Ecdsa, Eddsa } from './backend.js';
import { ecdsaSignatureFromDer } from './ecdsa-signature.js';
import { KeysError } from './errors.js';
import { type PublicKey, parsePublicKey } from './public-key.js';
import { ecdsaOf, hashWith, notInSoftware } from './software-primitives.js';

/** Whether a signature is that of the key that this was made for. */
export type Verifier = (signed: SignedParts) => boolean;

/**
 * A verifier for a key that is met often, with its tables made now; the key is copied.
 * @returns Whether the signature is this key's; `false` for malformed signatures and for schemes of other kinds of key.
 * The function throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM` for schemes that are not known.
 * @throws {@link KeysError} `ERR_KEYS_UNSUPPORTED_ALGORITHM`, also for RSA keys; `ERR_KEYS_PUBLIC_KEY`.
 */
export function verifier(subjectPublicKeyInfo: Uint8Array, backend: Backend): Verifier {
  const key = parsePublicKey(Uint8Array.from(subjectPublicKeyInfo));
  return answer(key, backend, {
    ecdsa: (primitives, point) => primitives.verifier(point),
    eddsa: (primitives, publicKey) => primitives.verifier(publicKey),
  });
}

export interface VerifyWithOptions {
  /** Keys that are remembered, those with tables among them. Default 64. */
  readonly capacity?: number;
  /** Verifies for keys that the backend lacks. Default: they are an error. */
  readonly otherwise?: SyncVerifySignature;
}

/** Meetings after which a key gets its tables; making them costs as much as some verifications without. */
const OFTEN = 4;
/** No key of an elliptic curve is longer. */
const MAX_REMEMBERED_LENGTH = 256;

interface Acquaintance {
  readonly subjectPublicKeyInfo: Uint8Array;
  verify: Verifier;
  meetings: number;
}

/**
 * A {@link SyncVerifySignature} by a backend. It remembers the keys that it met last, and makes tables for those that it
 * meets again; whom it has forgotten costs time and nothing else.
 * @returns A function that throws as the function of {@link verifier} and as that itself.
 */
export function verifyWith(
  backend: Backend,
  { capacity = 64, otherwise, ...unknown }: VerifyWithOptions = {},
): SyncVerifySignature {
  unknown satisfies Record<string, never>;
  if (!Number.isSafeInteger(capacity) || capacity < 1)
    throw new RangeError(`Cannot remember ${capacity} keys: need a whole number above zero`);
  /** By a hash of the key; the one met last is last. */
  const known = new Map<number, Acquaintance>();

  const meet = (given: Uint8Array): Acquaintance => {
    const subjectPublicKeyInfo = Uint8Array.from(given);
    const key = parsePublicKey(subjectPublicKeyInfo);
    if (otherwise !== undefined && !has(backend, key))
      return {
        subjectPublicKeyInfo,
        verify: (signed) => otherwise(signed, subjectPublicKeyInfo),
        meetings: Number.POSITIVE_INFINITY,
      };
    const verify = answer(key, backend, {
      ecdsa: (primitives, point) => (signature, digest) => primitives.verify(signature, digest, point),
      eddsa: (primitives, publicKey) => (signature, message) => primitives.verify(signature, message, publicKey),
    });
    return { subjectPublicKeyInfo, verify, meetings: 0 };
  };

  return (signed, subjectPublicKeyInfo) => {
    if (subjectPublicKeyInfo.length > MAX_REMEMBERED_LENGTH) return meet(subjectPublicKeyInfo).verify(signed);
    const place = hashOf(subjectPublicKeyInfo);
    const remembered = known.get(place);
    const isMet = remembered !== undefined && equalBytes(remembered.subjectPublicKeyInfo, subjectPublicKeyInfo);
    const key = isMet ? remembered : meet(subjectPublicKeyInfo);
    known.delete(place);
    known.set(place, key);
    if (known.size > capacity) known.delete(known.keys().next().value!); // there is one
    if (++key.meetings === OFTEN) key.verify = verifier(key.subjectPublicKeyInfo, backend);
    return key.verify(signed);
  };
}

/** How each kind of key verifies: `ecdsa` compact r‖s over a digest, `eddsa` a message. */
interface Verification {
  readonly ecdsa: (primitives: Ecdsa, point: Uint8Array) => (signature: Uint8Array, digest: Uint8Array) => boolean;
  readonly eddsa: (primitives: Eddsa, publicKey: Uint8Array) => (signature: Uint8Array, message: Uint8Array) => boolean;
}

function answer(key: PublicKey, backend: Backend, { ecdsa, eddsa }: Verification): Verifier {
  if (key.keyType === 'Ed25519') {
    const verify = eddsa(backend.ed25519, key.publicKey);
    return ({ tbs, signatureAlgorithm, signatureValue }) =>
      schemes[signatureScheme(signatureAlgorithm)].keyType === 'Ed25519' &&
      signatureValue.length === 64 &&
      verify(signatureValue, tbs);
  }
  if (key.keyType !== 'EC') throw notInSoftware(key.keyType);
  const { curve, point } = key;
  const primitives = ecdsaOf(curve, backend);
  const verify = refusingPoints(() => ecdsa(primitives, point));
  return ({ tbs, signatureAlgorithm, signatureValue }) => {
    const { keyType, hash } = schemes[signatureScheme(signatureAlgorithm)];
    if (keyType !== 'EC') return false;
    const compact = ecdsaSignatureFromDer(signatureValue, fieldLength(curve));
    if (compact === undefined) return false;
    const digest = hashWith(backend, hash!, tbs); // every scheme of EC keys has one
    return refusingPoints(() => verify(compact, digest));
  };
}

/** @throws {@link KeysError} `ERR_KEYS_PUBLIC_KEY` for a point off its curve, which is all that a backend throws. */
function refusingPoints<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new KeysError('ERR_KEYS_PUBLIC_KEY', 'Cannot use public key: it is no point of the curve', { cause });
  }
}

const has = (backend: Backend, key: PublicKey): boolean =>
  key.keyType === 'EC' ? key.curve !== 'P-521' || backend.p521 !== undefined : key.keyType === 'Ed25519';

/** FNV-1a, 32 bits. Keys that meet in it push each other out, which costs time alone. */
function hashOf(octets: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < octets.length; i++) hash = Math.imul(hash ^ octets[i]!, 0x01000193);
  return hash;
}
