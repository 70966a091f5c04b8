import { toHex } from '@mayfly/der';
import { createRc2 } from '@mayfly/pkcs8/legacy';
import { bmpPassword, derivePkcs12, type Hash } from '@mayfly/pkcs8/password-based';
import { expect, test } from 'vitest';
import { bytesOf, type Case, isPresent, loadCases, orMissing } from './suite.js';

interface PrimitiveCase extends Case {
  readonly op: 'pkcs12-kdf' | 'rc2-ecb-decrypt';
  readonly out: string;
}
interface DerivationCase extends PrimitiveCase {
  readonly op: 'pkcs12-kdf';
  readonly hash: Hash;
  readonly password: string;
  readonly salt: string;
  readonly idByte: 1 | 2 | 3;
  readonly iterations: number;
  readonly dkLen: number;
}
interface Rc2Case extends PrimitiveCase {
  readonly op: 'rc2-ecb-decrypt';
  readonly key: string;
  readonly effectiveBits: number;
  readonly ct: string;
}

async function outputOf(one: DerivationCase | Rc2Case): Promise<Uint8Array> {
  if (one.op === 'pkcs12-kdf') {
    const { hash, idByte, iterations: iterationCount, dkLen: keyLength } = one;
    const purpose = ({ 1: 'key', 2: 'iv', 3: 'mac' } as const)[idByte];
    const derivation = { type: 'pkcs12', hash, purpose, salt: bytesOf(one.salt), iterationCount, keyLength } as const;
    return derivePkcs12(derivation, bmpPassword(bytesOf(one.password)));
  }
  const block = bytesOf(one.ct);
  const cipher = createRc2(bytesOf(one.key), one.effectiveBits);
  for (let at = 0; at < block.length; at += 8) cipher.decrypt(new DataView(block.buffer, block.byteOffset), at);
  return block;
}

const suite = 'pkcs12-primitives';
test.skipIf(!isPresent(suite))(`${suite}${orMissing(suite)}`, async () => {
  const wrong: string[] = [];
  const cases = loadCases<DerivationCase | Rc2Case>(suite);
  for (const one of cases) if (toHex(await outputOf(one)) !== toHex(bytesOf(one.out))) wrong.push(one.id);
  expect(wrong).toEqual([]);
  expect(cases.length).toBeGreaterThan(0);
});
