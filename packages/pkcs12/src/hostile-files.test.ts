import { encode, integer, nullValue, octetString, oid, sequence } from '@mayfly/der';
import { expect, test } from 'vitest';
import { keyStore, readPfx, writePfx } from './index.js';
import { macScheme } from './mac.js';

/** MacData of PBMAC1 whose key has a length. */
const pbmac1Data = (keyLength: number) => {
  const hmac = [oid('1.2.840.113549.2.9'), nullValue()];
  const kdf = sequence(
    oid('1.2.840.113549.1.5.12'),
    sequence(octetString(new Uint8Array(8)), integer(1), integer(keyLength), sequence(...hmac)),
  );
  return {
    digestAlgorithm: { algorithm: '1.2.840.113549.1.5.14', parameters: encode(sequence(kdf, sequence(...hmac))) },
    digest: new Uint8Array(32),
    macSalt: new Uint8Array(8),
    iterations: 1,
  };
};

test.each([1, 19])('a MAC whose key of %d octets could be guessed is refused', (keyLength) => {
  expect(() => macScheme(pbmac1Data(keyLength))).toThrow(
    expect.objectContaining({ code: 'ERR_PKCS12_PARAMETERS', message: expect.stringContaining(`${keyLength} octets`) }),
  );
});

test.each([20, 32])('one of %d octets is not', (keyLength) => {
  expect(macScheme(pbmac1Data(keyLength))).toMatchObject({ name: 'PBMAC1', derivation: { keyLength } });
});

test.each([Number.POSITIVE_INFINITY, 2 ** 31, 2 ** 40])('%d ms are a budget, not none', async (derivationTime) => {
  const file = await writePfx(keyStore({ keys: [] }), 'secret', { iterations: 2048 });
  await expect(readPfx(file, 'secret', { limits: { derivationTime } })).resolves.toMatchObject({});
});

test('a limit is a number', async () => {
  const limits = { bags: '5' as unknown as number };
  await expect(readPfx(new Uint8Array(4), 'secret', { limits })).rejects.toThrow(RangeError);
});
