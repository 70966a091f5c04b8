import { encode, equalBytes, octetString } from '@mayfly/der';
import { ecAlgorithm, fieldLength, isPointLength, type NamedCurve, namedCurve } from '@mayfly/pkcs8/ec';
import { encodeRSAPublicKey, rsaAlgorithm } from '@mayfly/pkcs8/rsa';
import { encodeSubjectPublicKeyInfo } from '@mayfly/x509';
import { KeysError } from './errors.js';
import type { Pkcs11Uri } from './pkcs11-uri.js';

/** A CK_ULONG as the module has it in memory. */
export type Handle = Buffer;

/** What of Cryptoki is called here; an instance of `PKCS11` of the package pkcs11js is one, with its module loaded. */
export interface Cryptoki {
  C_Initialize(options: { readonly flags: number }): void;
  C_Finalize(): void;
  C_GetSlotList(tokenPresent: boolean): Handle[];
  C_GetTokenInfo(slot: Handle): TokenInfo;
  C_OpenSession(slot: Handle, flags: number): Handle;
  C_CloseSession(session: Handle): void;
  C_Login(session: Handle, userType: number, pin?: string): void;
  C_FindObjectsInit(session: Handle, template: { type: number; value: number | boolean | string | Buffer }[]): void;
  C_FindObjects(session: Handle, maxObjectCount: number): Handle[];
  C_FindObjectsFinal(session: Handle): void;
  C_GetAttributeValue(session: Handle, object: Handle, template: { type: number }[]): { value: Buffer }[];
  C_SignInit(session: Handle, mechanism: { mechanism: number }, key: Handle): void;
  C_SignAsync(session: Handle, inData: Buffer, outData: Buffer): Promise<Buffer>;
}

/** What a token says of itself: text padded with blanks. */
export interface TokenInfo {
  readonly label: string;
  readonly manufacturerID: string;
  readonly model: string;
  readonly serialNumber: string;
  readonly flags: number;
}

/** A key as one session calls it. */
export interface TokenKey {
  readonly privateKey: Handle;
  readonly subjectPublicKeyInfo: Uint8Array;
}

// PKCS#11 v2.40, pkcs11t.h.
const CKO_PUBLIC_KEY = 2;
const CKO_PRIVATE_KEY = 3;
const CKA_CLASS = 0;
const CKA_LABEL = 0x3;
const CKA_KEY_TYPE = 0x100;
const CKA_ID = 0x102;
const CKA_MODULUS = 0x120;
const CKA_PUBLIC_EXPONENT = 0x122;
const CKA_EC_PARAMS = 0x180;
const CKA_EC_POINT = 0x181;
const CKA_ALWAYS_AUTHENTICATE = 0x202;
const CKK_RSA = 0;
const CKK_EC = 3;

/** Objects of a kind that are looked at; of the keys of one name there is one, or two too many. */
const MOST_FOUND = 16;

/** The one slot whose token the URI names. @throws Error with what was found instead, and what the module throws. */
export function findSlot(cryptoki: Cryptoki, uri: Pkcs11Uri): Handle {
  const wanted = [
    [uri.token, 'label'],
    [uri.manufacturer, 'manufacturerID'],
    [uri.serial, 'serialNumber'],
    [uri.model, 'model'],
  ] as const;
  let unread: unknown;
  const slots = cryptoki.C_GetSlotList(true).filter((slot) => {
    if (uri.slotID !== undefined && unsigned(slot) !== uri.slotID) return false;
    let info: TokenInfo;
    try {
      info = cryptoki.C_GetTokenInfo(slot);
    } catch (error) {
      unread = error; // of one token, which hides no other
      return false;
    }
    return wanted.every(([value, member]) => value === undefined || unpadded(info[member]) === value);
  });
  const [slot] = slots;
  if (slot === undefined) {
    const state = unread === undefined ? '' : `, and one cannot be read: ${stateOf(unread)}`;
    throw new Error(`no token that is there matches${state}`, { cause: unread });
  }
  if (slots.length > 1) throw new Error(`${slots.length} tokens match; name one by token or serial`);
  return slot;
}

/** Such as `CKR_PIN_INCORRECT`. */
export const stateOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** RFC 7512 §2.3: fields of fixed length are compared without the blanks, or zero octets, that fill them. */
const unpadded = (text: string): string => text.replace(/[ \0]+$/, '');

/** The one private key of that name, and its public part. @throws as {@link findSlot}. */
export function findKey(cryptoki: Cryptoki, session: Handle, { object, id }: Pkcs11Uri): TokenKey {
  const find = (CKO: number, by: { readonly object?: string | undefined; readonly id?: Uint8Array | undefined }) => {
    cryptoki.C_FindObjectsInit(session, [
      { type: CKA_CLASS, value: CKO },
      ...(by.object === undefined ? [] : [{ type: CKA_LABEL, value: by.object }]),
      ...(by.id === undefined ? [] : [{ type: CKA_ID, value: Buffer.from(by.id) }]),
    ]);
    try {
      return cryptoki.C_FindObjects(session, MOST_FOUND);
    } finally {
      cryptoki.C_FindObjectsFinal(session);
    }
  };
  const read = (from: Handle, type: number): Buffer | undefined => {
    try {
      return cryptoki.C_GetAttributeValue(session, from, [{ type }])[0]?.value;
    } catch {
      return undefined; // an attribute that it does not have, or does not show
    }
  };
  const [privateKey, second] = find(CKO_PRIVATE_KEY, { object, id });
  if (privateKey === undefined) throw new Error('the token has no private key of that name that shows itself');
  if (second !== undefined) throw new Error('several private keys match; name one by id');
  if (read(privateKey, CKA_ALWAYS_AUTHENTICATE)?.[0] === 1)
    throw new Error('it wants a PIN for each signature (CKA_ALWAYS_AUTHENTICATE)');
  const keyId = read(privateKey, CKA_ID);
  const publicKeys = find(CKO_PUBLIC_KEY, keyId?.length ? { id: keyId } : { object });
  // RSA keys have their public part in both; of others the public object alone has to.
  const of = [privateKey, ...publicKeys];
  const attribute = (type: number): Buffer => {
    const values = of.map((each) => read(each, type)).map((each) => (each?.length ? each : undefined));
    const [first, ...others] = values.slice(1).filter((each) => each !== undefined);
    if (first !== undefined && others.some((each) => !first.equals(each)))
      throw new Error('the token has public keys beside it that differ; remove all but its own');
    const value = values[0] ?? first;
    if (value === undefined) throw new Error('the token has no public key beside it; import that with the same CKA_ID');
    return value;
  };
  const keyType = unsigned(attribute(CKA_KEY_TYPE));
  if (keyType === CKK_RSA)
    return {
      privateKey,
      subjectPublicKeyInfo: encodeSubjectPublicKeyInfo({
        algorithm: rsaAlgorithm(),
        subjectPublicKey: encodeRSAPublicKey({
          modulus: withoutZeros(attribute(CKA_MODULUS)),
          publicExponent: withoutZeros(attribute(CKA_PUBLIC_EXPONENT)),
        }),
      }),
    };
  const curve = keyType === CKK_EC ? namedCurve(attribute(CKA_EC_PARAMS)) : undefined;
  if (curve === undefined)
    throw new KeysError(
      'ERR_KEYS_UNSUPPORTED_ALGORITHM',
      'Cannot use PKCS#11 key: it is neither RSA nor of P-256, P-384 or P-521',
    );
  const subjectPublicKey = pointOf(curve, attribute(CKA_EC_POINT));
  return {
    privateKey,
    subjectPublicKeyInfo: encodeSubjectPublicKeyInfo({ algorithm: ecAlgorithm(curve), subjectPublicKey }),
  };
}

/** PKCS#11 wraps the point in an OCTET STRING; some tokens do not. */
function pointOf(curve: NamedCurve, value: Buffer): Uint8Array {
  const length = 1 + 2 * fieldLength(curve);
  const point = new Uint8Array(value.subarray(Math.max(0, value.length - length)));
  const isWrapped = value.length > length && equalBytes(new Uint8Array(value), encode(octetString(point)));
  if ((value.length === length || isWrapped) && isPointLength(curve, point) && point[0] === 4) return point;
  throw new Error('its CKA_EC_POINT is no uncompressed point of its curve');
}

const withoutZeros = (value: Buffer): Uint8Array => {
  const first = value.findIndex((octet) => octet !== 0);
  return new Uint8Array(value.subarray(first < 0 ? value.length : first));
};

/** A CK_ULONG: four or eight octets in the order of the machine. */
function unsigned(value: Buffer): number {
  const copy = Uint8Array.from(value);
  return copy.length === 8 ? Number(new BigUint64Array(copy.buffer)[0]) : new Uint32Array(copy.buffer)[0]!;
}
