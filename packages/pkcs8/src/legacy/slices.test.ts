import { encode, integer, octetString, oid, raw, sequence } from '@mayfly/der';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { decryptWithPassword, type EncryptedPrivateKeyInfo } from '../encrypted.js';
import { legacy } from '../legacy.js';
import type { Slices } from '../slices.js';
import { type BlockCipher, decipherCbc, encipherCbc } from './cbc.js';
import { rc4 } from './rc4.js';

/** Most octets between two looks at the clock: the slowest cipher, triple DES, takes about 0.8 ms for them. */
const MOST = 2048;
const LENGTH = 20 * MOST;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Slices that are over at every look, and what has been done between two of them. */
function watch(): { readonly slices: Slices; readonly cipher: BlockCipher; readonly most: () => number } {
  let octets = 0;
  let most = 0;
  let isPaused = true;
  const work = (): void => {
    if (!isPaused) throw new Error('went on without a pause');
    octets += 8;
  };
  return {
    most: () => most,
    cipher: { encrypt: work, decrypt: work, wipe() {} },
    slices: {
      isOver() {
        most = Math.max(most, octets);
        octets = 0;
        isPaused = false;
        return true;
      },
      async pause() {
        isPaused = true;
      },
    },
  };
}

test('between two looks at the clock CBC does no more than a few blocks, however long the text', async () => {
  for (const length of [LENGTH, 4 * LENGTH]) {
    const enciphering = watch();
    await encipherCbc(enciphering.cipher, new Uint8Array(8), new Uint8Array(length), enciphering.slices);
    expect(enciphering.most()).toBeLessThanOrEqual(MOST);
    const deciphering = watch();
    const padded = new Uint8Array(length).fill(1, -1);
    await decipherCbc(deciphering.cipher, new Uint8Array(8), padded, deciphering.slices);
    expect(deciphering.most()).toBeLessThanOrEqual(MOST);
  }
});

test('RC4 looks at the clock as often, and waits', async () => {
  const isOver = vi.fn(() => true);
  const pause = vi.fn(async () => {});
  await rc4(Uint8Array.of(1), new Uint8Array(LENGTH), { isOver, pause });
  expect(isOver).toHaveBeenCalledTimes(LENGTH / MOST);
  expect(pause).toHaveBeenCalledTimes(LENGTH / MOST);
});

/** A clock on which every look takes five milliseconds, so that each of them ends a slice. */
const slowClock = () => {
  let now = 0;
  return vi.spyOn(performance, 'now').mockImplementation(() => (now += 5));
};
const parameters = encode(sequence(octetString(new Uint8Array(8)), integer(1)));
const pbes2 = (
  cipher: string,
  keyLength: number,
  rest: Uint8Array,
): EncryptedPrivateKeyInfo['encryptionAlgorithm'] => ({
  algorithm: '1.2.840.113549.1.5.13',
  parameters: encode(
    sequence(
      algorithm(
        '1.2.840.113549.1.5.12',
        encode(sequence(octetString(new Uint8Array(8)), integer(1), integer(keyLength))),
      ),
      algorithm(cipher, rest),
    ),
  ),
});
const algorithm = (of: string, rest: Uint8Array) => sequence(oid(of), raw(rest));

describe('a large text under each of the old algorithms gives everything else its turn', () => {
  const schemes = [1, 2, 3, 4, 5, 6].map((arc) => `1.2.840.113549.1.12.1.${arc}`);
  const pbes1 = [3, 6, 10, 11].map((arc) => `1.2.840.113549.1.5.${arc}`);
  test.each([
    ...[...schemes, ...pbes1].map((oid) => [oid, { algorithm: oid, parameters }] as const),
    ['PBES2 with triple DES', pbes2('1.2.840.113549.3.7', 24, encode(octetString(new Uint8Array(8))))],
    ['PBES2 with RC2', pbes2('1.2.840.113549.3.2', 16, encode(sequence(integer(58), octetString(new Uint8Array(8)))))],
  ] as const)('%s', async (_name, encryptionAlgorithm) => {
    const clock = slowClock();
    let turns = 0;
    let isRunning = true;
    const turn = (): void => {
      turns++;
      if (isRunning) setImmediate(turn);
    };
    setImmediate(turn);
    const encryptedData = new Uint8Array(LENGTH);
    const opened = decryptWithPassword({ encryptionAlgorithm, encryptedData }, 'x', { legacy });
    await opened.catch(({ code }) => expect(code).toBe('ERR_PKCS8_PASSWORD')); // of blocks the padding is wrong
    isRunning = false;
    expect(clock.mock.calls.length).toBeGreaterThanOrEqual(LENGTH / MOST);
    expect(turns).toBeGreaterThanOrEqual(LENGTH / MOST - 1);
  });
});

test('an abort ends the work at the next look', async () => {
  slowClock();
  const controller = new AbortController();
  const work = legacy.encrypt(
    'pbeWithSHAAnd3-KeyTripleDES-CBC',
    { salt: new Uint8Array(8), iterationCount: 1 },
    new Uint8Array(LENGTH),
    'x',
    { signal: controller.signal },
  );
  setImmediate(() => setImmediate(() => controller.abort(new Error('enough'))));
  await expect(work).rejects.toThrow('enough');
});
