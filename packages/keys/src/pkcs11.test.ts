import { constants, generateKeyPairSync, privateEncrypt } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { verifyWithNode } from './node.js';
import { type Cryptoki, openPkcs11Key } from './pkcs11.js';

const tbs = new TextEncoder().encode('to be signed');
const CKR_GENERAL_ERROR = 0x5;
const CKR_PIN_INCORRECT = 0xa0;
const CKR_SESSION_HANDLE_INVALID = 0xb3;
const CKR_TOKEN_NOT_RECOGNIZED = 0xe1;
const refusal = (code: string, text: RegExp | string) =>
  expect.objectContaining({ code, message: expect.stringMatching(text) });
const ckr = (name: string, code: number): Error => Object.assign(new Error(name), { code });

const keys = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }));
const moduli = keys.map(({ publicKey }) => Buffer.from(publicKey.export({ format: 'jwk' }).n!, 'base64url'));
const ulong = (value: number): Buffer => Buffer.from(new BigUint64Array([BigInt(value)]).buffer);

/** A token with one RSA key, of which every answer can be changed, and the clock of whoever uses it. */
function fakeToken() {
  const state = {
    pin: '1234',
    given: '1234',
    now: 0,
    logins: 0,
    initialised: 0,
    sessions: new Set<string>(),
    isLoggedIn: false,
    lose() {
      state.sessions.clear();
      state.isLoggedIn = false;
    },
    slots: [1],
    loginError: undefined as Error | undefined,
    /** Moduli of the public objects. */
    publicObjects: [moduli[0]!],
    signsWith: 0,
    /** Fails the signature or holds it up. */
    beforeSignature: async (): Promise<void> => {},
  };
  let opened = 0;
  let finding: number[] = [];
  const cryptoki: Cryptoki = {
    C_Initialize: () => void state.initialised++,
    C_Finalize: () => state.lose(),
    C_GetSlotList: () => state.slots.map(ulong),
    C_GetTokenInfo(slot) {
      if (Number(slot.readBigUInt64LE()) === 0) throw ckr('CKR_TOKEN_NOT_RECOGNIZED', CKR_TOKEN_NOT_RECOGNIZED);
      return { label: 'pki   ', manufacturerID: '', model: '', serialNumber: '', flags: 0x4 };
    },
    C_OpenSession() {
      const session = ulong(++opened);
      state.sessions.add(session.toString('hex'));
      return session;
    },
    C_CloseSession: (session) => void state.sessions.delete(session.toString('hex')),
    C_Login(_session, _type, pin) {
      state.logins++;
      if (state.loginError !== undefined) throw state.loginError;
      if (pin !== state.pin) throw ckr('CKR_PIN_INCORRECT', CKR_PIN_INCORRECT);
      state.isLoggedIn = true;
    },
    C_FindObjectsInit(_session, template) {
      finding = template[0]?.value === 3 ? [99] : state.publicObjects.map((_, i) => i);
    },
    C_FindObjects: () => finding.map(ulong),
    C_FindObjectsFinal() {},
    C_GetAttributeValue(_session, object, [wanted]) {
      const at = Number(object.readBigUInt64LE());
      const values: Record<number, Buffer | undefined> = {
        256: ulong(0),
        258: Buffer.of(1),
        288: at === 99 ? undefined : state.publicObjects[at],
        290: at === 99 ? undefined : Buffer.of(1, 0, 1),
      };
      const value = values[wanted!.type];
      if (value === undefined) throw ckr('CKR_ATTRIBUTE_TYPE_INVALID', 0x12);
      return [{ value }];
    },
    C_SignInit(session) {
      if (!state.isLoggedIn || !state.sessions.has(session.toString('hex')))
        throw ckr('CKR_SESSION_HANDLE_INVALID', CKR_SESSION_HANDLE_INVALID);
    },
    async C_SignAsync(_session, input) {
      await state.beforeSignature();
      const { privateKey } = keys[state.signsWith]!;
      return privateEncrypt({ key: privateKey, padding: constants.RSA_PKCS1_PADDING }, input);
    },
  };
  const open = (limit?: number) =>
    openPkcs11Key(
      cryptoki,
      { token: 'pki', object: 'ca' },
      { readPin: () => state.given, now: () => state.now, ...(limit !== undefined && { limit }) },
    );
  return { state, open };
}

const failing = async (): Promise<never> => {
  throw ckr('CKR_DEVICE_ERROR', 0x30);
};

test('signs, in one session that close closes', async () => {
  const { state, open } = fakeToken();
  const key = await open();
  const signed = { tbs, signatureAlgorithm: key.signatureAlgorithm, signatureValue: await key.sign(tbs) };
  expect(verifyWithNode(signed, key.subjectPublicKeyInfo)).toBe(true);
  expect([state.logins, state.sessions.size]).toEqual([1, 1]);
  key.close();
  await Promise.resolve();
  expect(state.sessions.size).toBe(0);
});

test.each(['fails', 'comes through'])(
  'a signature that %s after close leaves no session and logs in no more',
  async (how) => {
    const { state, open } = fakeToken();
    const key = await open();
    let end = (): void => {};
    state.beforeSignature = () =>
      new Promise((resolve, reject) => {
        end = how === 'fails' ? () => reject(ckr('CKR_SESSION_HANDLE_INVALID', CKR_SESSION_HANDLE_INVALID)) : resolve;
      });
    const outcome = key.sign(tbs).catch((error: unknown) => error);
    await new Promise(setImmediate);
    key.close();
    end();
    if (how === 'fails') expect(await outcome).toEqual(refusal('ERR_KEYS_PKCS11', 'it was closed'));
    else expect(await outcome).toBeInstanceOf(Uint8Array);
    await new Promise(setImmediate);
    expect([state.logins, state.sessions.size]).toEqual([1, 0]);
  },
);

test('close while it is opened anew leaves no session', async () => {
  const { state, open } = fakeToken();
  const key = await open();
  state.lose();
  const outcome = key.sign(tbs).catch((error: unknown) => error);
  while (state.initialised === 1) await Promise.resolve();
  key.close();
  expect(await outcome).toEqual(refusal('ERR_KEYS_PKCS11', 'it was closed'));
  await new Promise(setImmediate);
  expect(state.sessions.size).toBe(0);
});

test('a login that failed is not tried again for five seconds, however many wait', async () => {
  const { state, open } = fakeToken();
  const key = await open();
  state.lose();
  state.loginError = ckr('CKR_GENERAL_ERROR', CKR_GENERAL_ERROR);
  const signMany = async (): Promise<void> => {
    const outcomes = await Promise.allSettled(Array.from({ length: 256 }, () => key.sign(tbs)));
    for (const each of outcomes)
      expect(each).toMatchObject({ reason: refusal('ERR_KEYS_PKCS11', 'log in .*CKR_GENERAL_ERROR') });
  };
  await signMany();
  expect([state.logins, state.initialised]).toEqual([2, 2]);
  state.now += 4999;
  await signMany();
  expect([state.logins, state.initialised]).toEqual([2, 2]);
  expect(key.trouble()).toEqual(refusal('ERR_KEYS_PKCS11', 'CKR_GENERAL_ERROR'));
  state.now += 1;
  state.loginError = undefined;
  await key.probe();
  expect(state.logins).toBe(3);
  expect(key.trouble()).toBeUndefined();
});

test('a PIN that was refused is not tried again, and another is', async () => {
  const { state, open } = fakeToken();
  const key = await open();
  state.lose();
  state.given = '0000';
  for (let i = 0; i < 3; i++) {
    await expect(key.sign(tbs)).rejects.toThrow(refusal('ERR_KEYS_PKCS11_PIN', 'CKR_PIN_INCORRECT'));
    expect([state.logins, state.initialised]).toEqual([2, 2]);
    state.now += 5000;
  }
  expect(key.trouble()).toEqual(refusal('ERR_KEYS_PKCS11_PIN', 'the same PIN is not tried again'));
  state.given = '1234';
  await key.sign(tbs);
  expect([state.logins, key.trouble()]).toEqual([3, undefined]);
});

test('a signature that fails is trouble until one is made', async () => {
  const { state, open } = fakeToken();
  const key = await open();
  state.beforeSignature = failing;
  await expect(key.sign(tbs)).rejects.toThrow('CKR_DEVICE_ERROR');
  expect(key.trouble()).toEqual(refusal('ERR_KEYS_PKCS11', 'sign with .*CKR_DEVICE_ERROR'));
  await expect(key.probe()).rejects.toThrow('CKR_DEVICE_ERROR');
  state.beforeSignature = async () => {};
  await key.probe();
  expect(key.trouble()).toBeUndefined();
});

test('a key that does not sign for its public key is not opened, and leaves no session', async () => {
  const { state, open } = fakeToken();
  state.signsWith = 1;
  await expect(open()).rejects.toThrow(refusal('ERR_KEYS_PKCS11', 'does not verify'));
  await new Promise(setImmediate);
  expect(state.sessions.size).toBe(0);
});

test.each([[[0, 1]], [[0, 0, 1]]])('public keys %j that differ are refused', async (which) => {
  const { state, open } = fakeToken();
  state.publicObjects = which.map((i) => moduli[i]!);
  await expect(open()).rejects.toThrow(refusal('ERR_KEYS_PKCS11', 'public keys beside it that differ'));
});

test('the same public key twice is one', async () => {
  const { state, open } = fakeToken();
  state.publicObjects = [moduli[0]!, moduli[0]!];
  await open();
});

test('a token that cannot be read hides no other, and is named where none matches', async () => {
  const { state, open } = fakeToken();
  state.slots = [0, 1];
  await open();
  state.slots = [0];
  await expect(open()).rejects.toThrow(
    refusal('ERR_KEYS_PKCS11', 'no token that is there matches, and one cannot be read: CKR_TOKEN_NOT_RECOGNIZED'),
  );
});

describe('a token that hangs', () => {
  const LATE = /^Cannot sign with PKCS#11 key "pki\/ca": no signature came within 0\.02 s$/;
  const STUCK = /^Cannot sign with PKCS#11 key "pki\/ca": none of its 3 sessions has come back$/;
  /** Holds up every signature from now on; each is let go with what it returns. */
  async function hanging() {
    const token = fakeToken();
    const key = await token.open(20);
    const letGo: (() => void)[] = [];
    token.state.beforeSignature = () => new Promise<void>((resolve) => letGo.push(resolve));
    return { ...token, key, letGo };
  }

  test('fails what waits for it, touches no session that hangs, and leaves the others alone', async () => {
    const { state, key, letGo } = await hanging();
    await expect(key.sign(tbs)).rejects.toThrow(refusal('ERR_KEYS_PKCS11', LATE));
    expect(key.trouble()?.message).toMatch(LATE);
    expect(state.sessions.size).toBe(1);
    state.beforeSignature = async () => {};
    await key.sign(tbs);
    expect([key.trouble(), state.sessions.size, state.logins]).toEqual([undefined, 2, 1]);
    letGo[0]!();
    await vi.waitFor(() => expect(state.sessions.size).toBe(1)); // the late one is closed, and nobody signs with it again
  });

  test('is asked for no more than its sessions, and whoever waits or comes then is told at once', async () => {
    const { state, key, letGo } = await hanging();
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => key.sign(tbs)));
    expect(all.map((each) => each.status === 'rejected' && each.reason.message)).toEqual([
      ...Array.from({ length: 3 }, () => expect.stringMatching(LATE)),
      ...Array.from({ length: 2 }, () => expect.stringMatching(STUCK)),
    ]);
    await expect(key.probe()).rejects.toThrow(refusal('ERR_KEYS_PKCS11', STUCK));
    expect(letGo).toHaveLength(3);
    state.beforeSignature = async () => {};
    letGo[1]!();
    await vi.waitFor(() => key.probe());
    expect(key.trouble()).toBeUndefined();
    expect(state.sessions.size).toBe(3); // two that hang, and the one that replaced the third
  });

  test('that fails late, or after the key was closed, disturbs nobody', async () => {
    const { state, key, letGo } = await hanging();
    const failing: (() => void)[] = [];
    state.beforeSignature = () =>
      new Promise<void>((_, reject) => failing.push(() => reject(ckr('CKR_DEVICE_ERROR', 0x30))));
    await expect(key.sign(tbs)).rejects.toThrow(LATE);
    state.beforeSignature = () => new Promise<void>((resolve) => letGo.push(resolve));
    await expect(key.sign(tbs)).rejects.toThrow(LATE);
    key.close();
    for (const end of [...failing, ...letGo]) end();
    await vi.waitFor(() => expect(state.sessions.size).toBe(0));
  });

  test.each([0, Number.NaN, 600_001])('has no limit of %d ms', async (limit) => {
    await expect(fakeToken().open(limit)).rejects.toThrow(RangeError);
  });
});
