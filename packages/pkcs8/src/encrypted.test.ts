import { type DerNode, encode, explicit, fromHex, integer, octetString, oid, raw, sequence, toHex } from '@mayfly/der';
import { describe, expect, test } from 'vitest';
import { curvePrivateKeyInfo } from './curve.js';
import type { AesCipher } from './decryption.js';
import type { Hash, Pbkdf2Derivation } from './derivation.js';
import {
  decryptPrivateKeyInfo,
  encodeEncryptedPrivateKeyInfo,
  encryptPrivateKeyInfo,
  parseEncryptedPrivateKeyInfo,
} from './encrypted.js';
import { encryptPbes2, idPbes2, parsePbes2, pbes2Algorithm } from './pbes2.js';
import { encodePrivateKeyInfo } from './private-key-info.js';

const canary = fromHex('ca'.repeat(32));
const privateKeyInfo = encodePrivateKeyInfo(curvePrivateKeyInfo('Ed25519', canary));
const keyDerivation: Pbkdf2Derivation = {
  type: 'pbkdf2',
  salt: fromHex('00112233445566778899aabbccddeeff'),
  iterationCount: 2,
  prf: 'SHA-256',
  keyLength: 32,
};
const parameters: Parameters<typeof encryptPbes2>[0] = {
  keyDerivation,
  cipher: 'AES-256-CBC',
  iv: fromHex('0f'.repeat(16)),
};
const refusal = (code: string, message = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

async function sealed(changes: Partial<typeof parameters> = {}, plaintext = privateKeyInfo): Promise<Uint8Array> {
  const all = { ...parameters, ...changes };
  const encryptedData = await encryptPbes2(all, plaintext, 'secret');
  return encodeEncryptedPrivateKeyInfo({ encryptionAlgorithm: pbes2Algorithm(all), encryptedData });
}

describe('PBES2', () => {
  const prfs: readonly Hash[] = ['SHA-1', 'SHA-224', 'SHA-256', 'SHA-384', 'SHA-512'];
  const ciphers: readonly AesCipher[] = [
    'AES-128-CBC',
    'AES-192-CBC',
    'AES-256-CBC',
    'AES-128-GCM',
    'AES-192-GCM',
    'AES-256-GCM',
  ];
  test.each(prfs.flatMap((prf) => ciphers.map((cipher) => [prf, cipher] as const)))('%s, %s', async (prf, cipher) => {
    const keyLength = Number(cipher.slice(4, 7)) / 8;
    const iv = fromHex('0f'.repeat(cipher.endsWith('GCM') ? 12 : 16));
    const der = await sealed({ keyDerivation: { ...keyDerivation, prf, keyLength }, cipher, iv });
    expect(await decryptPrivateKeyInfo(der, 'secret')).toEqual(privateKeyInfo);
    expect(parsePbes2(parseEncryptedPrivateKeyInfo(der).encryptionAlgorithm)).toMatchObject({
      keyDerivation: { type: 'pbkdf2', prf, keyLength },
      cipher,
    });
    await expect(decryptPrivateKeyInfo(der, 'Secret')).rejects.toThrow(refusal('ERR_PKCS8_PASSWORD'));
  });

  test('a tag of 16 octets is written, one of 12 is DEFAULT', async () => {
    const der = await sealed({
      keyDerivation: { ...keyDerivation, keyLength: 16 },
      cipher: 'AES-128-GCM',
      iv: fromHex('0f'.repeat(12)),
      icvLength: 16,
    });
    expect(toHex(der)).toContain(`3011040c${'0f'.repeat(12)}020110`);
    expect(await decryptPrivateKeyInfo(der, 'secret')).toEqual(privateKeyInfo);
  });

  test('a password is text in UTF-8, or octets', async () => {
    const der = await encryptPrivateKeyInfo(privateKeyInfo, 'pässwörd', { iterations: 2 });
    const octets = new TextEncoder().encode('pässwörd');
    expect(await decryptPrivateKeyInfo(der, octets)).toEqual(privateKeyInfo);
    expect(octets).toEqual(new TextEncoder().encode('pässwörd'));
  });

  test('the same random octets give the same file', async () => {
    const options = { iterations: 3, randomBytes: (length: number) => new Uint8Array(length).fill(length) };
    const der = await encryptPrivateKeyInfo(privateKeyInfo, 'x', options);
    expect(await encryptPrivateKeyInfo(privateKeyInfo, 'x', options)).toEqual(der);
    expect(parsePbes2(parseEncryptedPrivateKeyInfo(der).encryptionAlgorithm)).toEqual({
      keyDerivation: {
        type: 'pbkdf2',
        salt: new Uint8Array(16).fill(16),
        iterationCount: 3,
        prf: 'SHA-256',
        keyLength: 32,
      },
      cipher: 'AES-256-CBC',
      iv: new Uint8Array(16).fill(16),
    });
  });

  test('600,000 iterations unless asked otherwise', async () => {
    const der = await encryptPrivateKeyInfo(privateKeyInfo, 'x');
    expect(parsePbes2(parseEncryptedPrivateKeyInfo(der).encryptionAlgorithm)).toMatchObject({
      keyDerivation: { iterationCount: 600_000 },
    });
  });

  test.each([0, -1, 1.5, 10_000_001, Number.NaN])('%d iterations are a RangeError', async (iterations) => {
    await expect(encryptPrivateKeyInfo(privateKeyInfo, 'x', { iterations })).rejects.toThrow(RangeError);
  });

  test('what is no key is not encrypted', async () => {
    await expect(encryptPrivateKeyInfo(fromHex('0500'), 'x')).rejects.toThrow(refusal('ERR_DER_TAG'));
  });
});

describe('refusals', () => {
  test('a key that is broken inside, under the right password', async () => {
    const broken = await sealed({}, fromHex('30030201ff'));
    await expect(decryptPrivateKeyInfo(broken, 'secret')).rejects.toThrow(refusal('ERR_PKCS8_DAMAGED'));
  });

  test('sound padding around nonsense is a wrong password', async () => {
    const nonsense = await sealed({}, fromHex('31337031337031'));
    await expect(decryptPrivateKeyInfo(nonsense, 'secret')).rejects.toThrow(refusal('ERR_PKCS8_PASSWORD'));
  });

  test.each([0, 15, 17])('%d octets of CBC', async (length) => {
    const algorithm = pbes2Algorithm(parameters);
    const der = encodeEncryptedPrivateKeyInfo({
      encryptionAlgorithm: algorithm,
      encryptedData: new Uint8Array(length),
    });
    await expect(decryptPrivateKeyInfo(der, 'x')).rejects.toThrow(refusal('ERR_PKCS8_DAMAGED'));
  });

  const pbkdf2 = (...fields: readonly DerNode[]) => sequence(oid('1.2.840.113549.1.5.12'), sequence(...fields));
  const aes = sequence(oid('2.16.840.1.101.3.4.1.42'), octetString(new Uint8Array(16)));
  const salt = octetString(new Uint8Array(8));
  const scrypt = (...fields: readonly DerNode[]) => sequence(oid('1.3.6.1.4.1.11591.4.11'), sequence(...fields));
  const params = (kdf: DerNode, scheme: DerNode = aes) => ({
    algorithm: idPbes2,
    parameters: encode(sequence(kdf, scheme)),
  });
  const prf = (arc: number, parameters = '0500') => sequence(oid(`1.2.840.113549.2.${arc}`), raw(fromHex(parameters)));
  test.each([
    ['PBES1', { algorithm: '1.2.840.113549.1.5.3' }, 'ERR_PKCS8_UNSUPPORTED', /PBES1 with MD5 and DES/],
    ['PKCS#12 encryption', { algorithm: '1.2.840.113549.1.12.1.3' }, 'ERR_PKCS8_UNSUPPORTED', /triple DES/],
    ['an algorithm nobody knows', { algorithm: '1.2.3.4' }, 'ERR_PKCS8_UNSUPPORTED', /1\.2\.3\.4$/],
    ['HMAC with SHA-512/256', params(pbkdf2(salt, integer(1), prf(13))), 'ERR_PKCS8_UNSUPPORTED', /SHA-512\/256/],
    ['a derivation nobody knows', params(sequence(oid('1.2.3.5'), sequence())), 'ERR_PKCS8_UNSUPPORTED', /1\.2\.3\.5$/],
    [
      'a cipher nobody knows',
      params(pbkdf2(salt, integer(1)), sequence(oid('1.2.3.6'), salt)),
      'ERR_PKCS8_UNSUPPORTED',
      /Scheme is 1/,
    ],
    ['scrypt without fields', params(scrypt()), 'ERR_DER_TRUNCATED', /salt/],
    [
      'N of scrypt that is no power of two',
      params(scrypt(salt, integer(1000), integer(8), integer(1))),
      'ERR_PKCS8_PARAMETERS',
      /1000/,
    ],
    ['N of one', params(scrypt(salt, integer(1), integer(8), integer(1))), 'ERR_PKCS8_PARAMETERS', /costParameter 1 /],
    [
      'no blocks of scrypt',
      params(scrypt(salt, integer(2), integer(0), integer(1))),
      'ERR_PKCS8_PARAMETERS',
      /blockSize 0 /,
    ],
    [
      'lanes of scrypt that hold everything up however small N is',
      params(scrypt(salt, integer(2), integer(1024), integer(1024))),
      'ERR_PKCS8_PARAMETERS',
      /not 1 to 1024/,
    ],
    [
      'a version of RC2 that stands for nothing',
      params(pbkdf2(salt, integer(1)), sequence(oid('1.2.840.113549.3.2'), sequence(integer(7), salt))),
      'ERR_PKCS8_PARAMETERS',
      /Version 7/,
    ],
    [
      'an IV of 16 octets for DES',
      params(pbkdf2(salt, integer(1)), sequence(oid('1.3.14.3.2.7'), octetString(new Uint8Array(16)))),
      'ERR_PKCS8_PARAMETERS',
      /16 octets/,
    ],
    ['no iterations', params(pbkdf2(salt, integer(0))), 'ERR_PKCS8_PARAMETERS', /iterationCount 0/],
    [
      'a keyLength of another cipher',
      params(pbkdf2(salt, integer(1), integer(16))),
      'ERR_PKCS8_PARAMETERS',
      /keyLength 16/,
    ],
    ['a prf without NULL', params(pbkdf2(salt, integer(1), prf(9, '3000'))), 'ERR_PKCS8_PARAMETERS', /NULL/],
    ['a salt from elsewhere', params(pbkdf2(sequence(oid('1.2.3')), integer(1))), 'ERR_DER_TAG', /salt/],
    [
      'a short IV',
      params(pbkdf2(salt, integer(1)), sequence(oid('2.16.840.1.101.3.4.1.42'), salt)),
      'ERR_PKCS8_PARAMETERS',
      /8 octets/,
    ],
    ['no parameters', { algorithm: idPbes2 }, 'ERR_DER_TRUNCATED', /parameters/],
    [
      'GCM with a short tag',
      params(pbkdf2(salt, integer(1)), sequence(oid('2.16.840.1.101.3.4.1.46'), sequence(salt, integer(8)))),
      'ERR_PKCS8_PARAMETERS',
      /tag of 8/,
    ],
    [
      'fields left over',
      params(pbkdf2(salt, integer(1), prf(9), explicit(0, salt))),
      'ERR_DER_TRAILING_DATA',
      /octets left over/,
    ],
  ])('%s', (_name, algorithm, code, message) => {
    expect(() => parsePbes2(algorithm)).toThrow(refusal(code, message));
  });

  const triple = sequence(oid('1.2.840.113549.3.7'), salt);
  test.each([
    ['ten million iterations and one', params(pbkdf2(salt, integer(10_000_001))), {}, /10000001/],
    ['a salt of 1025 octets', params(pbkdf2(octetString(new Uint8Array(1025)), integer(1))), {}, /1025/],
    ['scrypt past 2^23', params(scrypt(salt, integer(2 ** 20), integer(8), integer(2))), {}, /16777216/],
    ['a limit of the caller', params(pbkdf2(salt, integer(11))), { limits: { iterationCount: 10 } }, /1 to 10 /],
    ['a salt past a limit of the caller', params(pbkdf2(salt, integer(1))), { limits: { saltLength: 7 } }, /at most 7/],
    [
      'scrypt past a limit of the caller',
      params(scrypt(salt, integer(4), integer(2), integer(2))),
      { limits: { scryptWork: 15 } },
      /at most 15/,
    ],
    ['a ciphertext past a limit of the caller', params(pbkdf2(salt, integer(1))), { maxLength: 8 }, /at most 8/],
    ['triple DES without the legacy algorithms', params(pbkdf2(salt, integer(1)), triple), {}, /DES-EDE3-CBC/],
  ])('%s is refused before any work', async (_name, encryptionAlgorithm, options, message) => {
    const derive = () => expect.unreachable();
    const der = encodeEncryptedPrivateKeyInfo({ encryptionAlgorithm, encryptedData: new Uint8Array(16) });
    await expect(decryptPrivateKeyInfo(der, 'x', { derive, ...options })).rejects.toThrow(
      refusal(
        /DES/.test(message.source)
          ? 'ERR_PKCS8_UNSUPPORTED'
          : /8$/.test(message.source) && 'maxLength' in options
            ? 'ERR_PKCS8_DAMAGED'
            : 'ERR_PKCS8_PARAMETERS',
        message,
      ),
    );
  });

  test('no error says the password or the key', async () => {
    const errors: unknown[] = [];
    for (const plaintext of [fromHex('30030201ff'), canary])
      await decryptPrivateKeyInfo(await sealed({}, plaintext), 'secret').catch((error: unknown) => errors.push(error));
    await decryptPrivateKeyInfo(await sealed(), 'hunter2').catch((error: unknown) => errors.push(error));
    const text = errors.map((error) => `${error} ${JSON.stringify(error)} ${(error as Error).cause}`).join('\n'); // rejected with Errors
    expect(errors).toHaveLength(3);
    expect(text).not.toMatch(/hunter2|secret|caca/i);
  });
});
