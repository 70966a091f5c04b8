import { createHash } from 'node:crypto';
import { encode, equalBytes, nullValue, octetString, oid, sequence, toHex } from '@mayfly/der';
import { fieldLength } from '@mayfly/pkcs8/ec';
import type { SigningKey } from '@mayfly/x509/signed';
import { chooseScheme, type Hash, hashes, type SignatureScheme, schemes, signatureAlgorithm } from './algorithms.js';
import { ecdsaSignatureToDer } from './ecdsa-signature.js';
import { KeysError } from './errors.js';
import { type Cryptoki, findKey, findSlot, type Handle, type TokenKey } from './pkcs11-token.js';
import type { Pkcs11Uri } from './pkcs11-uri.js';
import { parsePublicKey } from './public-key.js';

export type { Cryptoki, TokenInfo } from './pkcs11-token.js';
export { type Pkcs11Uri, parsePkcs11Uri } from './pkcs11-uri.js';

export interface Pkcs11KeyOptions {
  /** What to sign with. Default: the hash that fits the curve; PKCS#1 v1.5 with SHA-256 for RSA. */
  readonly scheme?: SignatureScheme;
  /** Most sessions, which is how many signatures are made at the same time; from 1 to 64. Default 4. */
  readonly sessions?: number;
  /** Gives the PIN of the user, whenever it is needed to log in; it is not kept. Default: none, for tokens that want none. */
  readonly readPin?: () => string | Promise<string>;
}

/** A key that never leaves its token. */
export interface Pkcs11SigningKey extends SigningKey {
  sign(tbs: Uint8Array): Promise<Uint8Array>;
  /** Closes the sessions, those that are signing when they are done. The module stays initialised. */
  close(): void;
}

// PKCS#11 v2.40, pkcs11t.h.
const CKF_OS_LOCKING_OK = 0x2;
const CKF_SERIAL_SESSION = 0x4;
const CKF_LOGIN_REQUIRED = 0x4;
const CKF_PROTECTED_AUTHENTICATION_PATH = 0x100;
const CKF_USER_PIN_FINAL_TRY = 0x2_0000;
const CKF_USER_PIN_LOCKED = 0x4_0000;
const CKU_USER = 1;
const CKM_RSA_PKCS = 0x1;
const CKM_ECDSA = 0x1041;
const CKR_PIN_INCORRECT = 0xa0;
const CKR_PIN_LOCKED = 0xa4;
const CKR_USER_ALREADY_LOGGED_IN = 0x100;
const CKR_CRYPTOKI_ALREADY_INITIALIZED = 0x191;

/** Sessions at one token, and the key as it is called there while they last. */
interface Connection extends TokenKey {
  readonly slot: Handle;
  /** Sessions that do nothing now. */
  readonly idle: Handle[];
  isLost: boolean;
}

/**
 * Opens a key of a token: ECDSA over P-256, P-384 and P-521, and RSA with PKCS#1 v1.5. Messages are hashed here, and signed by the
 * token in a thread of the pool. When a session or the token is lost, the next signature opens it anew, logs in and finds the
 * key again, which has to be the same. A PIN that was refused is not tried again, and neither is the last try of a token.
 * @param cryptoki - Of the package pkcs11js, its module loaded. It is initialised here unless it is already, and what was initialised
 * here is finalised when the token cannot be reached, for some modules find it again only so: where others use the module too,
 * or there are several keys, initialise it before.
 * @param uri - Token and key; one of each has to match. `modulePath` and `pinSource` are the caller's to follow.
 * @throws {@link KeysError} `ERR_KEYS_PKCS11` with what the token says, also from `sign`; `ERR_KEYS_UNSUPPORTED_ALGORITHM` for other
 * keys; RangeError for `sessions`; TypeError when the key cannot sign with `scheme`.
 */
export async function openPkcs11Key(
  cryptoki: Cryptoki,
  uri: Pkcs11Uri,
  { scheme: asked, sessions: most = 4, readPin, ...unknown }: Pkcs11KeyOptions = {},
): Promise<Pkcs11SigningKey> {
  unknown satisfies Record<string, never>;
  if (!(Number.isInteger(most) && most >= 1 && most <= 64))
    throw new RangeError(`Cannot open ${most} sessions: from 1 to 64`);
  const name = nameOf(uri);
  let pinState: string | undefined;
  let current: Promise<Connection> | undefined;
  let known: Uint8Array | undefined;
  let isClosed = false;
  let isOurs = false;
  /** Signatures that threads are making now. */
  let running = 0;

  const connect = async (): Promise<Connection> => {
    if (pinState !== undefined) throw failed('log in to', `${pinState} before, and nobody tries again`);
    if (attempt('initialise the module of', () => initialise(cryptoki))) isOurs = true;
    try {
      return await openConnection();
    } catch (error) {
      // No thread may be inside of it then.
      if (isOurs && running === 0) finalise(cryptoki);
      throw error;
    }
  };

  const openConnection = async (): Promise<Connection> => {
    const slot = attempt('find', () => findSlot(cryptoki, uri));
    const session = attempt('open', () => cryptoki.C_OpenSession(slot, CKF_SERIAL_SESSION));
    try {
      await logIn(
        session,
        attempt('find', () => cryptoki.C_GetTokenInfo(slot).flags),
      );
      const found = attempt('find', () => findKey(cryptoki, session, uri));
      if (known !== undefined && !equalBytes(known, found.subjectPublicKeyInfo))
        throw failed('use', 'it has become another key');
      return { slot, ...found, idle: [session], isLost: false };
    } catch (error) {
      closeSession(session);
      throw error;
    }
  };

  const logIn = async (session: Handle, flags: number): Promise<void> => {
    if ((flags & CKF_LOGIN_REQUIRED) === 0) return;
    if ((flags & CKF_USER_PIN_LOCKED) !== 0) throw failed('log in to', 'its PIN is locked');
    if ((flags & CKF_USER_PIN_FINAL_TRY) !== 0)
      throw failed('log in to', 'one try is left before its PIN is locked; log in by other means once');
    const hasPad = (flags & CKF_PROTECTED_AUTHENTICATION_PATH) !== 0;
    if (readPin === undefined && !hasPad) throw failed('log in to', 'it wants a PIN, and none was given');
    const pin = await readPin?.();
    try {
      cryptoki.C_Login(session, CKU_USER, pin);
    } catch (error) {
      const code = codeOf(error);
      if (code === CKR_USER_ALREADY_LOGGED_IN) return;
      if (code !== undefined && code >= CKR_PIN_INCORRECT && code <= CKR_PIN_LOCKED) pinState = stateOf(error);
      throw failed('log in to', stateOf(error), error);
    }
  };

  const attempt = <T>(what: string, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw error instanceof KeysError ? error : failed(what, stateOf(error), error);
    }
  };
  const failed = (what: string, state: string, cause?: unknown): KeysError =>
    new KeysError('ERR_KEYS_PKCS11', `Cannot ${what} PKCS#11 key ${name}: ${state}`, { cause });

  const closeSession = (session: Handle): void => {
    try {
      cryptoki.C_CloseSession(session);
    } catch {
      // It was lost with the token.
    }
  };
  const lose = (lost: Connection): void => {
    lost.isLost = true;
    for (const session of lost.idle.splice(0)) closeSession(session);
  };

  const signWith = async (at: Connection, input: Buffer): Promise<Uint8Array> => {
    const session = at.idle.pop() ?? cryptoki.C_OpenSession(at.slot, CKF_SERIAL_SESSION);
    running++;
    try {
      cryptoki.C_SignInit(session, { mechanism }, at.privateKey);
      const signature = await cryptoki.C_SignAsync(session, input, Buffer.alloc(signatureLength));
      if (at.isLost) closeSession(session);
      else at.idle.push(session);
      return new Uint8Array(signature);
    } catch (error) {
      closeSession(session); // it may have an operation that never ends
      throw error;
    } finally {
      running--;
    }
  };

  /** Whatever goes wrong, the next begins with a connection of its own. */
  const withConnection = async <T>(work: (at: Connection) => T | Promise<T>): Promise<T> => {
    current ??= connect();
    const opening = current;
    try {
      return await work(await opening);
    } catch (error) {
      if (current === opening) current = undefined;
      opening.then(lose, () => {}); // what did not open has nothing to close
      throw error;
    }
  };

  const signTwice = async (input: Buffer): Promise<Uint8Array> => {
    try {
      return await withConnection((at) => signWith(at, input));
    } catch (error) {
      if (error instanceof KeysError) throw error; // nobody is there to sign
    }
    try {
      return await withConnection((at) => signWith(at, input));
    } catch (error) {
      throw error instanceof KeysError ? error : failed('sign with', stateOf(error), error);
    }
  };

  const { subjectPublicKeyInfo } = await withConnection((at) => at);
  known = subjectPublicKeyInfo;
  const publicKey = parsePublicKey(subjectPublicKeyInfo);
  const isElliptic = publicKey.keyType === 'EC';
  const scheme = chooseScheme(isElliptic ? publicKey.curve : 'RSA', asked);
  const { hash, saltLength } = schemes[scheme];
  if (saltLength !== undefined) throw new TypeError(`Cannot sign with ${scheme}: PKCS#1 v1.5 alone is asked of tokens`);
  const mechanism = isElliptic ? CKM_ECDSA : CKM_RSA_PKCS;
  const signatureLength =
    publicKey.keyType === 'EC'
      ? 2 * fieldLength(publicKey.curve)
      : publicKey.keyType === 'RSA'
        ? publicKey.modulus.length
        : 0;
  const turns = createTurns(most);

  return {
    signatureAlgorithm: signatureAlgorithm(scheme),
    subjectPublicKeyInfo,
    async sign(tbs) {
      if (!(tbs instanceof Uint8Array)) throw new TypeError('Cannot sign: not a Uint8Array');
      const digest = createHash(hash!.replace('-', '')).update(tbs).digest();
      const input = isElliptic ? digest : Buffer.from(digestInfo(hash!, digest));
      const done = await turns.begin();
      try {
        if (isClosed) throw failed('sign with', 'it was closed');
        const signature = await signTwice(input);
        if (signature.length !== signatureLength)
          throw failed('sign with', `${signature.length} octets came, expected ${signatureLength}`);
        return isElliptic ? ecdsaSignatureToDer(signature) : signature;
      } finally {
        done();
      }
    },
    close() {
      isClosed = true;
      current?.then(lose, () => {});
      current = undefined;
    },
  };
}

/** RFC 8017 §9.2, notes: what PKCS#1 v1.5 signs of a hash. */
const digestInfo = (hash: Hash, digest: Uint8Array): Uint8Array =>
  encode(sequence(sequence(oid(hashes[hash]), nullValue()), octetString(digest)));

/** @returns Whether it had not been. */
function initialise(cryptoki: Cryptoki): boolean {
  try {
    cryptoki.C_Initialize({ flags: CKF_OS_LOCKING_OK }); // threads of the pool call it
    return true;
  } catch (error) {
    if (codeOf(error) === CKR_CRYPTOKI_ALREADY_INITIALIZED) return false;
    throw error;
  }
}

function finalise(cryptoki: Cryptoki): void {
  try {
    cryptoki.C_Finalize();
  } catch {
    // It is as it was, and the next attempt says what is wrong.
  }
}

const codeOf = (error: unknown): number | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;

/** Such as `CKR_PIN_INCORRECT`. */
const stateOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const nameOf = ({ token, object, id }: Pkcs11Uri): string =>
  JSON.stringify([token, object ?? (id && toHex(id))].filter((part) => part !== undefined).join('/'));

/** At most so many at the same time; the others wait in order. */
function createTurns(most: number): { begin(): Promise<() => void> } {
  const waiting: (() => void)[] = [];
  let running = 0;
  const done = (): void => {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  };
  return {
    async begin() {
      if (running < most) running++;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return done;
    },
  };
}
