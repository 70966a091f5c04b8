import { inspect } from 'node:util';
import { type KeyAlgorithm, KeysError } from '@mayfly/keys';
import { signingKeyChecks } from '@mayfly/keys/compliance';
import { generateKeySync, verifyWithNode } from '@mayfly/keys/node';
import { type Cryptoki, openPkcs11Key, type Pkcs11SigningKey, type Pkcs11Uri } from '@mayfly/keys/pkcs11';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createToken, loadModule, missing, type SoftToken } from './soft-hsm.js';

const algorithms: readonly KeyAlgorithm[] = ['P-256', 'P-384', 'P-521', 'RSA-2048', 'RSA-4096', 'Ed25519'];
const tbs = new TextEncoder().encode('to be signed');

describe.skipIf(missing !== undefined)(`keys of a token${missing ? `: ${missing}` : ''}`, () => {
  let token: SoftToken;
  let cryptoki: ReturnType<typeof loadModule>;
  const opened: Pkcs11SigningKey[] = [];
  const publicKeys = new Map<KeyAlgorithm, Uint8Array>();
  const readPin = () => token.pin;

  beforeAll(() => {
    token = createToken('mayfly test', '1234');
    process.env['SOFTHSM2_CONF'] = token.configuration;
    for (const [i, algorithm] of algorithms.entries()) {
      const key = generateKeySync(algorithm);
      publicKeys.set(algorithm, key.subjectPublicKeyInfo);
      const pkcs8 = key.exportPkcs8();
      token.importKey(algorithm, `0${i}`, pkcs8);
    }
    token.importKey('twice', 'a0', generateKeySync('P-256').exportPkcs8());
    token.importKey('twice', 'a1', generateKeySync('P-256').exportPkcs8());
    cryptoki = loadModule();
  });
  afterEach(() => {
    for (const key of opened.splice(0)) key.close();
  });
  afterAll(() => {
    cryptoki.C_Finalize();
    token.remove();
  });

  const open = async (
    object: string,
    options: Parameters<typeof openPkcs11Key>[2] = {},
    changes: Pkcs11Uri = {},
    module: Cryptoki = cryptoki,
  ): Promise<Pkcs11SigningKey> => {
    const key = await openPkcs11Key(module, { token: token.label, object, ...changes }, { readPin, ...options });
    opened.push(key);
    return key;
  };
  const verifies = async (key: Pkcs11SigningKey): Promise<boolean> =>
    verifyWithNode(
      { tbs, signatureAlgorithm: key.signatureAlgorithm, signatureValue: await key.sign(tbs) },
      key.subjectPublicKeyInfo,
    );

  test.each(algorithms.filter((each) => each !== 'Ed25519'))('%s does what a key has to', async (algorithm) => {
    const key = await open(algorithm);
    expect(key.subjectPublicKeyInfo).toEqual(publicKeys.get(algorithm));
    const secrets = [new TextEncoder().encode(token.pin)];
    for (const check of signingKeyChecks({ key, verify: verifyWithNode, secrets, inspect: (value) => inspect(value) }))
      await check.run();
  });

  test('P-256 by SHA-384 and RSA by SHA-512, as asked for', async () => {
    expect(await verifies(await open('P-256', { scheme: 'ecdsa-with-SHA384' }))).toBe(true);
    expect(await verifies(await open('RSA-2048', { scheme: 'sha512WithRSAEncryption' }))).toBe(true);
  });

  test('is found by its id alone', async () => {
    const key = await openPkcs11Key(cryptoki, { token: token.label, id: Uint8Array.of(0xa1) }, { readPin });
    opened.push(key);
    expect(await verifies(key)).toBe(true);
  });

  test.each<[string, string, () => Parameters<typeof open>[1], Pkcs11Uri, string]>([
    ['no such key', 'nothing', () => ({}), {}, 'the token has no private key of that name'],
    ['a name that two have', 'twice', () => ({}), {}, 'several private keys match'],
    ['no such token', 'P-256', () => ({}), { token: 'another' }, 'no token that is there matches'],
    ['a slot that it is not in', 'P-256', () => ({}), { slotID: 4_294_967_295 }, 'no token that is there matches'],
    ['another serial number', 'P-256', () => ({}), { serial: '0' }, 'no token that is there matches'],
  ])('%s is an error', async (_name, object, options, changes, state) => {
    await expect(open(object, options(), changes)).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_KEYS_PKCS11', message: expect.stringContaining(state) }),
    );
  });

  test('Ed25519, PSS and a number of sessions that makes none are refused', async () => {
    await expect(open('Ed25519')).rejects.toThrow(expect.objectContaining({ code: 'ERR_KEYS_UNSUPPORTED_ALGORITHM' }));
    await expect(open('RSA-2048', { scheme: 'RSASSA-PSS-SHA256' })).rejects.toThrow(TypeError);
    await expect(open('P-256', { scheme: 'sha256WithRSAEncryption' })).rejects.toThrow(TypeError);
    await expect(open('P-256', { sessions: 0 })).rejects.toThrow(RangeError);
  });

  describe('when sessions are lost', () => {
    const slotOf = (): Buffer =>
      cryptoki.C_GetSlotList(true).find((slot) => cryptoki.C_GetTokenInfo(slot).label.trimEnd() === token.label)!;

    test('the next signature opens the token again and logs in', async () => {
      let logins = 0;
      const key = await open('P-256', {
        readPin() {
          logins++;
          return token.pin;
        },
      });
      expect(await verifies(key)).toBe(true);
      cryptoki.C_CloseAllSessions(slotOf());
      expect(await verifies(key)).toBe(true);
      expect(logins).toBe(2);
    });

    test('many that sign at the time all come through', async () => {
      const key = await open('P-384', { sessions: 3 });
      const signing = Array.from({ length: 40 }, async (_, i) => {
        if (i % 10 === 5) cryptoki.C_CloseAllSessions(slotOf());
        return await verifies(key);
      });
      const outcomes = await Promise.allSettled(signing);
      const failures = outcomes.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []));
      expect(failures).toEqual([]);
      expect(outcomes.every((each) => each.status === 'fulfilled' && each.value)).toBe(true);
    });

    test('so is the module itself', async () => {
      const key = await open('P-256');
      cryptoki.C_Finalize();
      expect(await verifies(key)).toBe(true);
    });

    test('and when the token was away, it is found again', async () => {
      cryptoki.C_Finalize();
      let now = 0;
      const key = await open('P-256', { now: () => now });
      token.takeAway();
      for (let i = 0; i < 3; i++)
        await expect(key.sign(tbs)).rejects.toThrow(expect.objectContaining({ code: 'ERR_KEYS_PKCS11' }));
      token.putBack();
      now += 5000;
      expect(await verifies(key)).toBe(true);
    });

    test('a key that has become another signs no more', async () => {
      let isOther = false;
      const renamed: Cryptoki = changed(cryptoki, {
        C_FindObjectsInit: (...[session, template]: Parameters<Cryptoki['C_FindObjectsInit']>) =>
          cryptoki.C_FindObjectsInit(
            session,
            template.map((each) => (isOther && each.value === 'P-256' ? { ...each, value: 'P-384' } : each)),
          ),
      });
      const key = await open('P-256', {}, {}, renamed);
      isOther = true;
      cryptoki.C_CloseAllSessions(slotOf());
      await expect(key.sign(tbs)).rejects.toThrow(/has become another key/);
    });
  });

  test('a PIN that was refused is tried once, and no message has it', async () => {
    const key = await open('P-256');
    key.close();
    await expect(key.sign(tbs)).rejects.toThrow(/it was closed/);
    let tries = 0;
    let pin = token.pin;
    const other = await open('P-256', {
      readPin() {
        tries++;
        return pin;
      },
    });
    pin = 'wrong-pin-9876';
    cryptoki.C_Finalize();
    for (let i = 0; i < 3; i++) {
      const error = await other.sign(tbs).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(KeysError);
      expect(inspect(error)).toMatch(/CKR_PIN_INCORRECT/);
      expect(inspect(error)).not.toContain(pin);
    }
    expect(tries).toBe(2);
  });

  test('no PIN where one is wanted, and the last try of a token', async () => {
    const { label } = token;
    await expect(openPkcs11Key(cryptoki, { token: label, object: 'P-256' })).rejects.toThrow(/wants a PIN/);
    const withFlags = (more: number): Cryptoki =>
      changed(cryptoki, {
        C_GetTokenInfo: (slot: Buffer) => {
          const info = cryptoki.C_GetTokenInfo(slot);
          return { ...info, flags: info.flags | more };
        },
      });
    await expect(open('P-256', {}, {}, withFlags(0x2_0000))).rejects.toThrow(/one try is left/);
    await expect(open('P-256', {}, {}, withFlags(0x4_0000))).rejects.toThrow(/its PIN is locked/);
  });

  test('signing leaves the event loop free', async () => {
    const key = await open('RSA-4096', { sessions: 1 });
    let turns = 0;
    const ticking = setInterval(() => turns++, 0);
    await Promise.all(Array.from({ length: 8 }, () => key.sign(tbs)));
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(0);
  });
});

/** The module with some functions replaced; the others are called as its own. */
const changed = (cryptoki: Cryptoki, replaced: Partial<Cryptoki>): Cryptoki =>
  new Proxy(cryptoki, {
    get(target, name: keyof Cryptoki) {
      return replaced[name] ?? target[name].bind(target);
    },
  });
