import { encode, fromHex, integer, sequence, toHex } from '@mayfly/der';
import { encodeBase64 } from '@mayfly/der/pem';
import { fieldLength, type NamedCurve } from '@mayfly/pkcs8/ec';
import { encodeSubjectPublicKeyInfo, parseSubjectPublicKeyInfo } from '@mayfly/x509';
import type { SignedParts, SigningKey, VerifySignature } from '@mayfly/x509/signed';
import { schemes, signatureAlgorithm, signatureScheme } from './algorithms.js';
import { ecdsaSignatureFromDer } from './ecdsa-signature.js';
import { type PublicKey, parsePublicKey } from './public-key.js';

/** One demand on a provider, independent of any test framework. */
export interface Check {
  readonly name: string;
  /** Rejects with an Error that says what was found. */
  run(): Promise<void>;
}

/** What {@link signingKeyChecks} looks at. */
export interface SigningKeySubject {
  readonly key: SigningKey;
  /** From another provider than the key's, so that one fault does not hide the other. */
  readonly verify: VerifySignature;
  /** Private octets that the caller knows to be inside; they must show up nowhere. */
  readonly secrets?: readonly Uint8Array[];
  /** The platform's inspector, `util.inspect` in Node. */
  readonly inspect?: (value: unknown) => string;
  /** Ends the key, where it can be ended; the last check does it. */
  readonly destroy?: () => void | Promise<void>;
}

/** What {@link verifySignatureChecks} looks at. */
export interface VerifySignatureSubject {
  readonly verify: VerifySignature;
  /** Any key that passes {@link signingKeyChecks}. */
  readonly key: SigningKey;
}

/** FIPS 186-5, orders of the base points. */
const orders: Readonly<Record<NamedCurve, string>> = {
  'P-256': '0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  'P-384': '0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  'P-521':
    '0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
};

/** Made with a point of order eight added to R (RFC 8032 §5.1.7): [8][S]B = [8]R + [8][k]A holds, [S]B = R + [k]A does not. */
const cofactored = {
  subjectPublicKeyInfo: '302a300506032b6570032100ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c',
  tbs: '636f666163746f726564',
  signatureValue:
    'b15bf26424d1b69dd33b7a9e57db5de4a2aadea4a2a051efd9bfd6af74165d2b817448efb11e9b839bfa9fa300e03eca1805b3aed7cc125643243c8e0368d90c',
} as const;

/** More than any provider signs in one go, and no multiple of a power of two. */
const LARGE_BATCH = 67;
/** Enough for a verifier that makes tables for keys that it knows. */
const MEETINGS = 8;

/** What every {@link SigningKey} must do, ours and a stranger's. */
export function signingKeyChecks({ key, verify, secrets = [], inspect, destroy }: SigningKeySubject): readonly Check[] {
  const verifies = async (tbs: Uint8Array, signatureValue: Uint8Array) =>
    verify({ tbs, signatureAlgorithm: key.signatureAlgorithm, signatureValue }, key.subjectPublicKeyInfo);
  return [
    check('signatureAlgorithm is a known scheme, parameters canonical', () => {
      signatureScheme(key.signatureAlgorithm);
    }),
    check('subjectPublicKeyInfo is canonical and fits the scheme', () => {
      const { keyType } = parsePublicKey(key.subjectPublicKeyInfo);
      const again = encodeSubjectPublicKeyInfo(parseSubjectPublicKeyInfo(key.subjectPublicKeyInfo));
      require(toHex(again) === toHex(key.subjectPublicKeyInfo), 'it is not what encoding it again gives');
      require(schemes[signatureScheme(key.signatureAlgorithm)].keyType === keyType, `the key is ${keyType}`);
    }),
    check('signatures verify, for messages of any length', async () => {
      for (const length of [0, 1, 55, 64, 300, 65_536])
        require(await verifies(message(length), await key.sign(message(length))), `not for ${length} octets`);
    }),
    check('a signature is for its message alone', async () => {
      require(!(await verifies(message(299), await key.sign(message(300)))), 'it verifies for another');
    }),
    check('signatures have the form of the scheme', async () => {
      const publicKey = parsePublicKey(key.subjectPublicKeyInfo);
      for (let i = 0; i < 16; i++) {
        const signature = await key.sign(message(i));
        require(signature instanceof Uint8Array, 'it is no Uint8Array');
        if (publicKey.keyType === 'EC') {
          const compact = ecdsaSignatureFromDer(signature, fieldLength(publicKey.curve));
          require(compact !== undefined, 'it is no Ecdsa-Sig-Value in DER');
        } else {
          const length = signatureLength(publicKey);
          require(signature.length === length, `${signature.length} octets, expected ${length}`);
        }
      }
    }),
    check('the message is left as it was', async () => {
      const tbs = message(300);
      await key.sign(tbs);
      require(toHex(tbs) === toHex(message(300)), 'it was changed');
    }),
    check('a signature stays as it was when the next is made', async () => {
      const first = await key.sign(message(1));
      const before = toHex(first);
      await key.sign(message(2));
      require(toHex(first) === before, 'it was changed');
    }),
    check('signatures can be made at the same time', async () => {
      const lengths = [1, 2, 3, 4, 5, 6, 7, 8];
      const signatures = await Promise.all(lengths.map(async (length) => key.sign(message(length))));
      for (const [i, length] of lengths.entries())
        require(await verifies(message(length), signatures[i]!), `not for number ${i}`);
    }),
    check('signMany, where there is one, gives the signatures in order', async () => {
      if (key.signMany === undefined) return;
      require((await key.signMany([])).length === 0, 'something comes of an empty batch');
      for (const count of [1, 2, 3, LARGE_BATCH]) {
        const batch = Array.from({ length: count }, (_, i) => message(count - i));
        const signatures = await key.signMany(batch);
        require(signatures.length === count, `${signatures.length} signatures for ${count}`);
        for (const [i, tbs] of batch.entries()) {
          require(toHex(tbs) === toHex(message(count - i)), `message ${i} of ${count} was changed`);
          require(await verifies(tbs, signatures[i]!), `not for number ${i} of ${count}`);
        }
      }
    }),
    check('batches can be signed at the same time, and beside single messages', async () => {
      if (key.signMany === undefined) return;
      const [batch, single, other] = [[message(1), message(2)], message(3), [message(4)]];
      const [ofBatch, ofSingle, ofOther] = await Promise.all([
        key.signMany(batch),
        key.sign(single),
        key.signMany(other),
      ]);
      const signatures = [...ofBatch, ofSingle, ...ofOther];
      for (const [i, tbs] of [...batch, single, ...other].entries())
        require(await verifies(tbs, signatures[i]!), `not for number ${i}`);
    }),
    check('what is no Uint8Array is refused, the same way each time', async () => {
      const wrong = 'text' as unknown as Uint8Array; // on purpose
      const first = await errorOf(async () => key.sign(wrong));
      require(first !== undefined, 'it was signed');
      require((await errorOf(async () => key.sign(wrong)))?.name === first.name, 'the second error is another');
      if (key.signMany === undefined) return;
      const batch = await errorOf(async () => key.signMany!([message(1), wrong])); // seen above
      require(batch?.name === first.name, 'in a batch it is not, or by another error');
    }),
    check('private octets show up nowhere', () => {
      const shown = [JSON.stringify(key), String(key), JSON.stringify(everything(key)), inspect?.(key) ?? ''].join(
        '\n',
      );
      for (const secret of secrets)
        for (const spelling of spellings(secret)) require(!shown.includes(spelling), 'they do');
    }),
    check('a destroyed key signs nothing more', async () => {
      if (destroy === undefined) return;
      await destroy();
      const first = await errorOf(async () => key.sign(message(1)));
      require(first !== undefined, 'it signs');
      require((await errorOf(async () => key.sign(message(1))))?.name === first.name, 'the second error is another');
      if (key.signMany === undefined) return;
      for (const batch of [[], [message(1)]])
        require((await errorOf(async () => key.signMany!(batch))) !== undefined, `it signs ${batch.length}`); // seen above
    }),
  ];
}

/** What every {@link VerifySignature} must do for the kind of key given. */
export function verifySignatureChecks({ verify, key }: VerifySignatureSubject): readonly Check[] {
  const tbs = message(300);
  const signed = async (): Promise<SignedParts> => ({
    tbs,
    signatureAlgorithm: key.signatureAlgorithm,
    signatureValue: await key.sign(tbs),
  });
  const refuses = async (changes: Partial<SignedParts>, state: string) =>
    require((await verify({ ...(await signed()), ...changes }, key.subjectPublicKeyInfo)) === false, state);
  const throwsCode = async (code: string, parts: Partial<SignedParts>, spki: Uint8Array) => {
    const error = await errorOf(async () => verify({ ...(await signed()), ...parts }, spki));
    const found = error === undefined ? 'no error' : 'code' in error ? String(error.code) : error.name;
    require(found === code, `${found}, expected ${code}`);
  };
  return [
    check('a signature is accepted', async () => {
      require((await verify(await signed(), key.subjectPublicKeyInfo)) === true, 'it is not');
    }),
    check('a key that is met again and again is judged by as the first time', async () => {
      const good = await signed();
      const bad = { ...good, tbs: flipped(tbs, 7) };
      for (let meeting = 0; meeting < MEETINGS; meeting++) {
        require((await verify(good, key.subjectPublicKeyInfo)) === true, `a signature is refused, meeting ${meeting}`);
        require((await verify(bad, key.subjectPublicKeyInfo)) === false, `another is accepted, meeting ${meeting}`);
      }
    }),
    check('a changed message is false', async () => refuses({ tbs: flipped(tbs, 7) }, 'it is accepted')),
    check('a changed, cut or extended signature is false', async () => {
      const { signatureValue } = await signed();
      const last = signatureValue.length - 1;
      for (const at of [0, 1, 5, last >> 1, last])
        await refuses({ signatureValue: flipped(signatureValue, at) }, `octet ${at}`);
      for (const length of [0, 1, last])
        await refuses({ signatureValue: signatureValue.subarray(0, length) }, `cut to ${length}`);
      await refuses({ signatureValue: Uint8Array.from([...signatureValue, 0]) }, 'extended');
    }),
    check('a scheme of another kind of key is false', async () => {
      const { keyType } = parsePublicKey(key.subjectPublicKeyInfo);
      const other = keyType === 'EC' ? 'Ed25519' : 'ecdsa-with-SHA256';
      await refuses({ signatureAlgorithm: signatureAlgorithm(other) }, 'it is accepted');
    }),
    check('an unknown algorithm is an error', async () =>
      throwsCode(
        'ERR_KEYS_UNSUPPORTED_ALGORITHM',
        { signatureAlgorithm: { algorithm: '1.2.3' } },
        key.subjectPublicKeyInfo,
      ),
    ),
    check('parameters that are not canonical are an error', async () => {
      const { algorithm, parameters } = key.signatureAlgorithm;
      const changed = parameters === undefined ? { algorithm, parameters: Uint8Array.of(5, 0) } : { algorithm };
      await throwsCode('ERR_KEYS_UNSUPPORTED_ALGORITHM', { signatureAlgorithm: changed }, key.subjectPublicKeyInfo);
    }),
    check('a malformed public key is an error', async () => {
      const spki = key.subjectPublicKeyInfo;
      await throwsCode('ERR_KEYS_PUBLIC_KEY', {}, spki.subarray(0, spki.length - 1));
      if (parsePublicKey(spki).keyType === 'EC')
        await throwsCode('ERR_KEYS_PUBLIC_KEY', {}, flipped(spki, spki.length - 1));
    }),
    check('Ed25519: what only the equation with the cofactor accepts is false', async () => {
      if (parsePublicKey(key.subjectPublicKeyInfo).keyType !== 'Ed25519') return;
      const signatureValue = fromHex(cofactored.signatureValue);
      const parts = { tbs: fromHex(cofactored.tbs), signatureAlgorithm: key.signatureAlgorithm, signatureValue };
      require((await verify(parts, fromHex(cofactored.subjectPublicKeyInfo))) === false, 'it is accepted');
    }),
    check('ECDSA: both values of s, DER alone, nothing out of range', async () => {
      const publicKey = parsePublicKey(key.subjectPublicKeyInfo);
      if (publicKey.keyType !== 'EC') return;
      const { signatureValue } = await signed();
      const length = fieldLength(publicKey.curve);
      const compact = ecdsaSignatureFromDer(signatureValue, length)!;
      const n = BigInt(orders[publicKey.curve]);
      const r = BigInt(`0x${toHex(compact.subarray(0, length))}`);
      const s = BigInt(`0x${toHex(compact.subarray(length))}`);
      const other = { ...(await signed()), signatureValue: ecdsaSigValue(r, n - s) };
      require((await verify(other, key.subjectPublicKeyInfo)) === true, 'n - s is refused');
      const wrong: readonly [string, Uint8Array][] = [
        ['r = 0', ecdsaSigValue(0n, s)],
        ['s = 0', ecdsaSigValue(r, 0n)],
        ['r + n', ecdsaSigValue(r + n, s)],
        ['s + n', ecdsaSigValue(r, s + n)],
        ['-s', ecdsaSigValue(r, -s)],
        ['r‖s', compact],
        ['a padded integer', paddedSigValue(signatureValue)],
      ];
      for (const [state, value] of wrong) await refuses({ signatureValue: value }, `${state} is accepted`);
    }),
  ];
}

function signatureLength(key: Exclude<PublicKey, { keyType: 'EC' }>): number {
  switch (key.keyType) {
    case 'RSA':
      return key.modulus.length;
    case 'Ed25519':
      return 64;
    case 'Ed448':
      return 114;
    case 'ML-DSA-44':
      return 2420;
    case 'ML-DSA-65':
      return 3309;
    case 'ML-DSA-87':
      return 4627;
  }
}

const check = (name: string, body: () => void | Promise<void>): Check => ({
  name,
  run: async () => {
    try {
      await body();
    } catch (cause) {
      throw new Error(`Cannot pass "${name}": ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    }
  },
});

function require(condition: boolean, state: string): asserts condition {
  if (!condition) throw new Error(state);
}

const message = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff);

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice();
  changed[at]! ^= 1;
  return changed;
}

const ecdsaSigValue = (r: bigint, s: bigint): Uint8Array => encode(sequence(integer(r), integer(s)));

/** The same numbers, the last with a zero octet too many in front. */
function paddedSigValue(der: Uint8Array): Uint8Array {
  const body = der.subarray(der[1]! < 0x80 ? 2 : 3);
  const sAt = 2 + body[1]!;
  const sLength = body[sAt + 1]! + 1;
  const padded = [...body.subarray(0, sAt), 2, sLength, 0, ...body.subarray(sAt + 2)];
  return Uint8Array.from([0x30, ...(padded.length < 0x80 ? [padded.length] : [0x81, padded.length]), ...padded]);
}

async function errorOf(action: () => Promise<unknown>): Promise<Error | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Own properties of every kind, hidden ones and those of inner objects too. */
function everything(value: unknown, seen: Set<unknown> = new Set()): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null || seen.has(value))
    return String(value);
  seen.add(value);
  if (value instanceof Uint8Array) return spellings(value);
  return Reflect.ownKeys(value).map((name) => [
    String(name),
    everything(Reflect.getOwnPropertyDescriptor(value, name)?.value, seen),
  ]);
}

/** How octets look in text: hexadecimal, base64, base64url, decimal lists. */
function spellings(secret: Uint8Array): readonly string[] {
  const base64 = encodeBase64(secret).replace(/=+$/, '');
  const list = Array.from(secret).join(',');
  return [toHex(secret), base64, base64.replaceAll('+', '-').replaceAll('/', '_'), list, list.replaceAll(',', ', ')];
}
