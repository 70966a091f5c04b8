import { execFileSync } from 'node:child_process';
import { fromHex, toHex } from '@mayfly/der';
import { decodePem, encodePem } from '@mayfly/der/pem';
import { describe, expect, test } from 'vitest';
import { curvePrivateKeyInfo } from './curve.js';
import { decryptPrivateKeyInfo, decryptWithPassword, parseEncryptedPrivateKeyInfo } from './encrypted.js';
import { type BlockCipher, decipherCbc, encipherCbc } from './legacy/cbc.js';
import { createDes } from './legacy/des.js';
import { createRc2 } from './legacy/rc2.js';
import { rc4 } from './legacy/rc4.js';
import { legacy, openPrivateKeyPem } from './legacy.js';
import { encodePrivateKeyInfo } from './private-key-info.js';
import { beginSlices } from './slices.js';

const openssl = (args: readonly string[], input?: string | Uint8Array): Buffer =>
  execFileSync('openssl', args, { ...(input !== undefined && { input }), stdio: ['pipe', 'pipe', 'pipe'] });
const refusal = (code: string) => expect.objectContaining({ code });

const block = (cipher: BlockCipher, name: 'encrypt' | 'decrypt', hex: string): string => {
  const octets = fromHex(hex);
  cipher[name](new DataView(octets.buffer), 0);
  return toHex(octets);
};

describe('ciphers', () => {
  test.each([
    // The worked example of SP 500-20 and of every textbook, then keys that show each table.
    ['133457799bbcdff1', '0123456789abcdef', '85e813540f0ab405'],
    ['0101010101010101', '95f8a5e5dd31d900', '8000000000000000'],
    ['8001010101010101', '0000000000000000', '95a8d72813daa94d'],
    ['7ca110454a1a6e57', '01a1d6d039776742', '690f5b0d9a26939b'],
    ['0123456789abcdeffedcba9876543210', '0123456789abcde7', '7f1d0a77826b8aff'],
    ['0123456789abcdef23456789abcdef01456789abcdef0123', '5468652071756663', 'a826fd8ce53b855f'],
  ])('DES, key %s', (key, plain, cipher) => {
    expect(block(createDes(fromHex(key)), 'encrypt', plain)).toBe(cipher);
    expect(block(createDes(fromHex(key)), 'decrypt', cipher)).toBe(plain);
  });

  test.each([
    ['0000000000000000', 63, '0000000000000000', 'ebb773f993278eff'],
    ['ffffffffffffffff', 64, 'ffffffffffffffff', '278b27e42e2f0d49'],
    ['3000000000000000', 64, '1000000000000001', '30649edf9be7d2c2'],
    ['88', 64, '0000000000000000', '61a8a244adacccf0'],
    ['88bca90e90875a7f0f79c384627bafb2', 64, '0000000000000000', '1a807d272bbe5db1'],
    ['88bca90e90875a7f0f79c384627bafb2', 128, '0000000000000000', '2269552ab0f85ca6'],
    ['88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e', 129, '0000000000000000', '5b78d3a43dfff1f1'],
  ])('RC2 of RFC 2268 §5, key %s, %d bits', (key, bits, plain, cipher) => {
    expect(block(createRc2(fromHex(key), bits), 'encrypt', plain)).toBe(cipher);
    expect(block(createRc2(fromHex(key), bits), 'decrypt', cipher)).toBe(plain);
  });

  test.each([
    ['0102030405', 'b2396305f03dc027ccc3524a0a1118a8'],
    ['0102030405060708090a0b0c0d0e0f10', '9ac7cc9a609d1ef7b2932899cde41b97'],
  ])('RC4 of RFC 6229, key %s', async (key, stream) => {
    expect(toHex(await rc4(fromHex(key), new Uint8Array(16), beginSlices(undefined)))).toBe(stream);
  });

  test('wiped ciphers have forgotten their key', () => {
    for (const cipher of [createDes(fromHex('133457799bbcdff1')), createRc2(fromHex('88'), 64)]) {
      const before = block(cipher, 'encrypt', '0123456789abcdef');
      cipher.wipe();
      expect(block(cipher, 'encrypt', '0123456789abcdef')).not.toBe(before);
    }
  });
});

describe('CBC', () => {
  const cipher = createDes(fromHex('133457799bbcdff1'));
  const iv = fromHex('0011223344556677');

  test.each([0, 1, 7, 8, 9, 100])('%d octets come out as they went in', async (length) => {
    const plaintext = Uint8Array.from({ length }, (_, i) => i);
    const ciphertext = await encipherCbc(cipher, iv, plaintext, beginSlices(undefined));
    expect(ciphertext.length).toBe(8 * Math.floor(length / 8 + 1));
    expect(await decipherCbc(cipher, iv, ciphertext, beginSlices(undefined))).toEqual(plaintext);
  });

  test.each([
    ['no octets', ''],
    ['no whole block', '00'],
    ['padding of nothing', '0000000000000000'],
    ['padding past a block', '0000000000000009'],
    ['padding that differs', '0000000000010303'],
  ])('%s is refused', async (_name, plain) => {
    const octets = fromHex(plain);
    if (octets.length === 8) {
      for (let i = 0; i < 8; i++) octets[i]! ^= iv[i]!;
      cipher.encrypt(new DataView(octets.buffer), 0);
    }
    await expect(decipherCbc(cipher, iv, octets, beginSlices(undefined))).rejects.toThrow(
      refusal('ERR_PKCS8_PASSWORD'),
    );
  });
});

const privateKeyInfo = encodePrivateKeyInfo(curvePrivateKeyInfo('Ed25519', fromHex('ca'.repeat(32))));
const pem = encodePem('PRIVATE KEY', privateKeyInfo);
const pkcs8 = (...options: readonly string[]): string =>
  openssl(
    ['pkcs8', '-topk8', ...options, '-passout', 'pass:pässwörd', '-provider', 'legacy', '-provider', 'default'],
    pem,
  ).toString();

describe('what openssl encrypts', () => {
  const schemes = [
    'MD5-DES',
    'SHA1-DES',
    'MD5-RC2-64',
    'SHA1-RC2-64',
    'SHA1-RC4-128',
    'SHA1-RC4-40',
    'SHA1-3DES',
    'SHA1-2DES',
    'SHA1-RC2-128',
    'SHA1-RC2-40',
  ];
  const v1 = schemes.map((scheme) => `PBE-${scheme}`.replace('RC2-64', 'RC2-64'));
  const forms: readonly (readonly string[])[] = [
    ...v1.map((scheme) => ['-v1', scheme, '-iter', '500']),
    ...['des3', 'des', 'rc2', 'rc2-40', 'rc2-64', 'aes128', 'aes192', 'aes256'].map((cipher) => [
      '-v2',
      cipher,
      '-iter',
      '500',
    ]),
    ...['hmacWithSHA1', 'hmacWithSHA224', 'hmacWithSHA256', 'hmacWithSHA384', 'hmacWithSHA512'].map((prf) => [
      '-v2',
      'aes256',
      '-v2prf',
      prf,
      '-iter',
      '500',
    ]),
    ['-v2', 'aes256', '-scrypt', '-scrypt_N', '1024'],
    ['-v2', 'des3', '-scrypt', '-scrypt_N', '64'],
  ];
  test.each(forms.map((options) => [options.join(' '), options] as const))('%s', async (_name, options) => {
    const text = pkcs8(...options);
    const der = decodePem(text);
    expect(toHex(await decryptPrivateKeyInfo(der, 'pässwörd', { legacy }))).toBe(toHex(privateKeyInfo));
    expect(toHex(await openPrivateKeyPem(text, () => 'pässwörd'))).toBe(toHex(privateKeyInfo));
    // RC4 has no padding: what comes out of it under another password is told by its form alone.
    await expect(decryptPrivateKeyInfo(der, 'passwort', { legacy })).rejects.toThrow(refusal('ERR_PKCS8_PASSWORD'));
    if (/-v1|des|rc2/.test(options.join(' ')))
      await expect(decryptPrivateKeyInfo(der, 'pässwörd')).rejects.toThrow(refusal('ERR_PKCS8_UNSUPPORTED'));
  });

  test.each(['pbeWithSHAAnd3-KeyTripleDES-CBC', 'pbeWithSHAAnd40BitRC2-CBC'] as const)(
    '%s is read back',
    async (scheme) => {
      const work = { salt: fromHex('0011223344556677'), iterationCount: 3 };
      const encrypted = await legacy.encrypt(scheme, work, privateKeyInfo, 'x', {});
      expect(await decryptWithPassword(encrypted, 'x', { legacy })).toEqual(privateKeyInfo);
    },
  );

  test('limits hold for the old schemes', async () => {
    const der = decodePem(pkcs8('-v1', 'PBE-SHA1-3DES', '-iter', '500'));
    const pbkdf1 = decodePem(pkcs8('-v1', 'PBE-MD5-DES', '-iter', '500'));
    for (const one of [der, pbkdf1]) {
      const limits = { iterationCount: 499 };
      await expect(decryptPrivateKeyInfo(one, 'x', { legacy, limits })).rejects.toThrow(
        refusal('ERR_PKCS8_PARAMETERS'),
      );
      await expect(decryptPrivateKeyInfo(one, 'x', { legacy, maxLength: 8 })).rejects.toThrow(
        refusal('ERR_PKCS8_DAMAGED'),
      );
    }
    const { encryptionAlgorithm } = parseEncryptedPrivateKeyInfo(der);
    const cut = { encryptionAlgorithm, encryptedData: new Uint8Array(12) };
    await expect(decryptWithPassword(cut, 'x', { legacy })).rejects.toThrow(refusal('ERR_PKCS8_DAMAGED'));
  });
});

describe('traditional encryption', () => {
  const rsa = openssl(['genrsa', '-traditional', '1024'], '').toString();
  const ec = openssl(['ecparam', '-name', 'prime256v1', '-genkey', '-noout']).toString();
  const ciphers = ['-aes128', '-aes192', '-aes256', '-des3', '-des'];
  test.each([
    ...ciphers.map((cipher) => ['RSA', rsa, ['rsa', '-traditional', cipher]] as const),
    ...ciphers.map((cipher) => ['EC', ec, ['ec', cipher]] as const),
  ])('%s %# is opened', async (_name, key, args) => {
    const providers = ['-provider', 'legacy', '-provider', 'default'];
    const text = openssl([...args, ...providers, '-passout', 'pass:pässwörd'], key).toString();
    expect(text).toContain('DEK-Info');
    const expected = openssl(['pkcs8', '-topk8', '-nocrypt', '-outform', 'DER'], key);
    expect(toHex(await openPrivateKeyPem(text, async () => 'pässwörd'))).toBe(expected.toString('hex'));
    await expect(openPrivateKeyPem(text, () => 'passwort')).rejects.toThrow(refusal('ERR_PKCS8_PASSWORD'));
  });

  const headers = (dekInfo: string, label = 'RSA PRIVATE KEY') =>
    `-----BEGIN ${label}-----\nProc-Type: 4,ENCRYPTED\n${dekInfo}\n\nAAAAAAAAAAA=\n-----END ${label}-----\n`;
  test.each([
    ['a cipher nobody knows', headers('DEK-Info: CAMELLIA-128-CBC,00'), 'ERR_PKCS8_UNSUPPORTED'],
    ['a cipher from the prototype', headers('DEK-Info: constructor,00'), 'ERR_PKCS8_UNSUPPORTED'],
    ['no DEK-Info', headers('X: y'), 'ERR_PKCS8_UNSUPPORTED'],
    ['another kind of key', headers('DEK-Info: DES-CBC,0011223344556677', 'DSA PRIVATE KEY'), 'ERR_PKCS8_UNSUPPORTED'],
    ['a short IV', headers('DEK-Info: AES-128-CBC,0011223344556677'), 'ERR_PKCS8_PARAMETERS'],
    ['no key', 'nothing', 'ERR_PKCS8_PEM'],
  ])('%s is refused', async (_name, text, code) => {
    await expect(openPrivateKeyPem(text, () => 'x')).rejects.toThrow(refusal(code));
  });

  test('nobody is asked for the password of a plain key', async () => {
    expect(await openPrivateKeyPem(pem, () => expect.unreachable())).toEqual(privateKeyInfo);
  });
});
