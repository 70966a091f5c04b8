import { createHash } from 'node:crypto';
import { encode, equalBytes, nullValue, octetString, oid, sequence, toHex } from '@mayfly/der';
import { fieldLength } from '@mayfly/pkcs8/ec';
import type { SigningKey } from '@mayfly/x509/signed';
import { chooseScheme, type Hash, hashes, type SignatureScheme, schemes, signatureAlgorithm } from './algorithms.js';
import { ecdsaSignatureToDer } from './ecdsa-signature.js';
import { KeysError } from './errors.js';
import { verifyWithNode } from './node.js';
import { type Cryptoki, findKey, findSlot, type Handle, stateOf, type TokenKey } from './pkcs11-token.js';
import { createTurns, type Turn } from './pkcs11-turns.js';
import type { Pkcs11Uri } from './pkcs11-uri.js';
import { parsePublicKey } from './public-key.js';

export type { Cryptoki, Handle, TokenInfo } from './pkcs11-token.js';
export { type Pkcs11Uri, parsePkcs11Uri } from './pkcs11-uri.js';

export interface Pkcs11KeyOptions {
  /** What to sign with. Default: the hash that fits the curve; PKCS#1 v1.5 with SHA-256 for RSA. */
  readonly scheme?: SignatureScheme;
  /**
   * Most sessions, which is how many signatures are made at the same time; from 1 to 64. Each holds a thread of
   * libuv's pool while it signs, of which there are four unless UV_THREADPOOL_SIZE says otherwise. Default 3.
   */
  readonly sessions?: number;
  /**
   * Milliseconds that the token may take for a signature; from 1 to 600,000. A session that takes longer is replaced when it comes back,
   * for its thread cannot be had before. Default 10,000.
   */
  readonly limit?: number;
  /** Gives the PIN of the user, whenever it is needed to log in; it is not kept. Default: none, for tokens that want none. */
  readonly readPin?: () => string | Promise<string>;
  /** A monotonic clock, in milliseconds: after an attempt to open the token failed there is none for five seconds. Default `performance.now()`. */
  readonly now?: () => number;
}

/** A key that never leaves its token. */
export interface Pkcs11SigningKey extends SigningKey {
  sign(tbs: Uint8Array): Promise<Uint8Array>;
  /** What the last signature failed with; `undefined` when it was made. */
  trouble(): KeysError | undefined;
  /** Signs a text that is no certificate, and verifies it. @throws as `sign`, and for a signature that does not verify. */
  probe(): Promise<void>;
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

const MAX_LIMIT = 600_000;
/** Milliseconds after a failed attempt in which the module is left alone: many may be waiting, and each login counts. */
const PAUSE = 5000;
/** No DER, so that it is a part of no certificate. */
const PROBE = 'mayfly: whether this key signs';

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
 * key again, which has to be the same; an attempt that failed is what all signatures of the next five seconds fail with. A PIN that
 * was refused is not tried again, but another one is; the last try of a token is left to others. A signature that the token does not
 * make within the limit fails; where no session comes back, all fail at once until one does. One signature is made and verified
 * before the key is given out.
 * @param cryptoki - Of the package pkcs11js, its module loaded. It is initialised here unless it is already, and what was initialised
 * here is finalised when the token cannot be reached, for some modules find it again only so: where others use the module too,
 * or there are several keys, initialise it before.
 * @param uri - Token and key; one of each has to match. `modulePath` and `pinSource` are the caller's to follow.
 * @throws {@link KeysError} `ERR_KEYS_PKCS11` with what the token says, also from `sign`; `ERR_KEYS_PKCS11_PIN` for a PIN that the token
 * refuses, or refused before; `ERR_KEYS_UNSUPPORTED_ALGORITHM` for other
 * keys; RangeError for `sessions` and `limit`; TypeError when the key cannot sign with `scheme`.
 */
export async function openPkcs11Key(
  cryptoki: Cryptoki,
  uri: Pkcs11Uri,
  {
    scheme: asked,
    sessions: most = 3,
    limit = 10_000,
    readPin,
    now = () => performance.now(),
    ...unknown
  }: Pkcs11KeyOptions = {},
): Promise<Pkcs11SigningKey> {
  unknown satisfies Record<string, never>;
  if (!(Number.isInteger(most) && most >= 1 && most <= 64))
    throw new RangeError(`Cannot open ${most} sessions: from 1 to 64`);
  if (!(limit >= 1 && limit <= MAX_LIMIT))
    throw new RangeError(`Cannot wait ${limit} ms for a signature: from 1 to ${MAX_LIMIT}`);
  const name = nameOf(uri);
  /** The PIN that was refused, by its hash, and what the token said. */
  let refused: { readonly digest: string; readonly state: string } | undefined;
  let failure: { readonly error: unknown; readonly at: number } | undefined;
  let trouble: KeysError | undefined;
  let current: Promise<Connection> | undefined;
  let known: Uint8Array | undefined;
  let isClosed = false;
  let isOurs = false;
  /** Signatures that threads are making now. */
  let running = 0;

  const connect = async (): Promise<Connection> => {
    requireOpen();
    if (failure !== undefined && now() - failure.at < PAUSE) throw failure.error;
    if (refused !== undefined) await readOtherPin();
    try {
      if (attempt('initialise the module of', () => initialise(cryptoki))) isOurs = true;
      return await openConnection();
    } catch (error) {
      failure = { error, at: now() };
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
    const pin = await readOtherPin();
    try {
      cryptoki.C_Login(session, CKU_USER, pin);
      refused = undefined;
    } catch (error) {
      const code = codeOf(error);
      if (code === CKR_USER_ALREADY_LOGGED_IN) return;
      const isRefused = code !== undefined && code >= CKR_PIN_INCORRECT && code <= CKR_PIN_LOCKED;
      if (!isRefused) throw failed('log in to', stateOf(error), error);
      refused = { digest: digestOf(pin), state: stateOf(error) };
      throw refusedPin(refused.state, error);
    }
  };

  /** @throws for the one that was refused. */
  const readOtherPin = async (): Promise<string | undefined> => {
    const pin = await readPin?.();
    if (refused?.digest === digestOf(pin))
      throw refusedPin(`${refused.state} before, and the same PIN is not tried again`);
    return pin;
  };
  const refusedPin = (state: string, cause?: unknown): KeysError =>
    new KeysError('ERR_KEYS_PKCS11_PIN', `Cannot log in to PKCS#11 key ${name}: ${state}`, { cause });
  const requireOpen = (): void => {
    if (isClosed) throw failed('sign with', 'it was closed');
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

  /**
   * A signature that takes too long is no reason to touch the token again: closing a session may wait for what hangs.
   * @returns `undefined` then; the turn ends when the token comes back.
   */
  const signWith = async (at: Connection, input: Buffer, turn: Turn): Promise<Uint8Array | undefined> => {
    const session = at.idle.pop() ?? cryptoki.C_OpenSession(at.slot, CKF_SERIAL_SESSION);
    running++;
    let isLate = false;
    const made = (async (): Promise<Uint8Array> => {
      try {
        cryptoki.C_SignInit(session, { mechanism }, at.privateKey);
        const signature = await cryptoki.C_SignAsync(session, input, Buffer.alloc(signatureLength));
        if (at.isLost || isLate || isClosed) closeSession(session);
        else at.idle.push(session);
        return new Uint8Array(signature);
      } catch (error) {
        closeSession(session); // it may have an operation that never ends
        throw error;
      } finally {
        running--;
      }
    })();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, limit, undefined);
    });
    const signature = await Promise.race([made, late]).finally(() => clearTimeout(timer));
    if (signature !== undefined) return signature;
    isLate = true;
    turn.stick();
    made.catch(() => {}).finally(() => turn.end()); // what it says then, nobody waits for
    return undefined;
  };

  /** Whatever goes wrong, the next begins with a connection of its own. */
  const withConnection = async <T>(work: (at: Connection) => T | Promise<T>): Promise<T> => {
    current ??= connect();
    const opening = current;
    try {
      const at = await opening;
      requireOpen(); // what follows may open sessions
      return await work(at);
    } catch (error) {
      if (current === opening) current = undefined;
      opening.then(lose, () => {}); // what did not open has nothing to close
      throw error;
    }
  };

  const signTwice = async (input: Buffer, turn: Turn): Promise<Uint8Array | undefined> => {
    try {
      return await withConnection((at) => signWith(at, input, turn));
    } catch (error) {
      if (error instanceof KeysError) throw error; // nobody is there to sign
    }
    try {
      return await withConnection((at) => signWith(at, input, turn));
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
  const turns = createTurns(most, () => failed('sign with', `none of its ${most} sessions has come back`));

  const signInTurn = async (tbs: Uint8Array): Promise<Uint8Array> => {
    const digest = createHash(hash!.replace('-', '')).update(tbs).digest();
    const input = isElliptic ? digest : Buffer.from(digestInfo(hash!, digest));
    const turn = await turns.begin();
    let isLate = false;
    try {
      requireOpen();
      const signature = await signTwice(input, turn);
      isLate = signature === undefined;
      if (signature === undefined) throw failed('sign with', `no signature came within ${limit / 1000} s`);
      if (signature.length !== signatureLength)
        throw failed('sign with', `${signature.length} octets came, expected ${signatureLength}`);
      return isElliptic ? ecdsaSignatureToDer(signature) : signature;
    } finally {
      if (!isLate) turn.end();
    }
  };
  const noting = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      const result = await work();
      trouble = undefined;
      return result;
    } catch (error) {
      trouble = error instanceof KeysError ? error : failed('sign with', stateOf(error), error);
      throw trouble;
    }
  };

  const key: Pkcs11SigningKey = {
    signatureAlgorithm: signatureAlgorithm(scheme),
    subjectPublicKeyInfo,
    async sign(tbs) {
      if (!(tbs instanceof Uint8Array)) throw new TypeError('Cannot sign: not a Uint8Array');
      return await noting(() => signInTurn(tbs));
    },
    probe: () =>
      noting(async () => {
        const tbs = new TextEncoder().encode(PROBE);
        const signed = {
          tbs,
          signatureAlgorithm: key.signatureAlgorithm,
          signatureValue: await signInTurn(tbs),
        };
        if (!verifyWithNode(signed, subjectPublicKeyInfo))
          throw failed('use', 'what it signs does not verify with the public key beside it');
      }),
    trouble: () => trouble,
    close() {
      isClosed = true;
      current?.then(lose, () => {});
      current = undefined;
    },
  };
  try {
    await key.probe();
  } catch (error) {
    key.close();
    throw error;
  }
  return key;
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

const digestOf = (pin: string | undefined): string =>
  createHash('sha256')
    .update(pin ?? '')
    .digest('hex');

const nameOf = ({ token, object, id }: Pkcs11Uri): string =>
  JSON.stringify([token, object ?? (id && toHex(id))].filter((part) => part !== undefined).join('/'));
