import { concatBytes, DerError, fromHex } from '@mayfly/der';
import { encodePrivateKeyInfo } from '@mayfly/pkcs8';
import { expect, test } from 'vitest';
import { describePfx, keyStore, modern, Pkcs12Error, readPfx, writePfx } from './index.js';
import { legacy, legacy3Des } from './legacy.js';

/** Mulberry32: the same numbers at every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Changes, cuts, repeats or inserts some octets. */
function mutate(bytes: Uint8Array, random: (below: number) => number): Uint8Array {
  let mutant = new Uint8Array(bytes);
  for (let i = random(3); i >= 0; i--) {
    const at = random(mutant.length);
    switch (random(5)) {
      case 0:
        mutant[at]! ^= 1 << random(8);
        break;
      case 1:
        mutant[at] = [0, 0x80, 0xff, 0x30, 0x04, 0x24, 0xa0][random(7)]!;
        break;
      case 2:
        mutant = mutant.slice(0, at + 1);
        break;
      case 3:
        mutant = concatBytes(mutant.subarray(0, at), mutant.subarray(at + 1 + random(4)));
        break;
      default:
        mutant = concatBytes(mutant.subarray(0, at), mutant.subarray(at, at + 1 + random(8)), mutant.subarray(at));
    }
    if (mutant.length === 0) return mutant;
  }
  return mutant;
}

const privateKeyInfo = encodePrivateKeyInfo({
  privateKeyAlgorithm: { algorithm: '1.3.101.112' },
  privateKey: fromHex(`0420${'07'.repeat(32)}`),
});
const pfx = keyStore({
  keys: [{ privateKeyInfo, certificates: [fromHex('3003020105')], friendlyName: 'web' }],
  trusted: [{ certificate: fromHex('3003020106'), friendlyName: 'ca' }],
  crls: [fromHex('3003020107')],
});
const quick = { iterations: 1, randomBytes: (length: number) => new Uint8Array(length).fill(length) };

/** A file that is all structure: no MAC and nothing encrypted, so that every mutation reaches the readers. */
const bare = (): Promise<Uint8Array> => {
  const safeBags = pfx.authenticatedSafe
    .flatMap((contents) => contents.safeBags)
    .map((bag) => (bag.type === 'key' ? { ...bag, shrouded: false } : bag));
  const nested = {
    encrypted: false,
    safeBags: [...safeBags, { type: 'safeContents', safeBags, attributes: [] } as const],
  };
  return writePfx({ authenticatedSafe: [nested] }, 'x', { ...quick, profile: { ...modern, mac: undefined } });
};

test.each([
  ['under MAC and encryption', 15_000, () => writePfx(pfx, 'x', quick)],
  ['under old algorithms', 5_000, () => writePfx(pfx, 'x', { ...quick, profile: legacy3Des })],
  ['in the open', 80_000, bare],
] as const)('%s: %d mutations are opened or refused with a type', { timeout: 300_000 }, async (_name, count, make) => {
  const file = await make();
  const random = generator(count);
  const wrong = new Map<string, string>();
  let opened = 0;
  for (let i = 0; i < count; i++) {
    const mutant = mutate(file, random);
    try {
      describePfx(mutant);
      await readPfx(mutant, 'x', { legacy, allowMissingMac: true, limits: { iterationCount: 1000, scryptWork: 4096 } });
      opened++;
    } catch (error) {
      if (!(error instanceof Pkcs12Error) && !(error instanceof DerError))
        wrong.set(String(error), Buffer.from(mutant).toString('hex'));
    }
  }
  expect([...wrong]).toEqual([]);
  expect(opened).toBeGreaterThan(0);
});
