import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cryptoki } from '@mayfly/keys/pkcs11';
import { expect, test } from 'vitest';
import { childEnvironment, openTokenKey } from './token-key.js';

test('a PIN that was refused is not tried again at the start until it is another', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'mayfly-pin-'));
  const path = join(directory, 'pin');
  writeFileSync(path, 'wrong\n');
  const tried: string[] = [];
  const token: Partial<Cryptoki> = {
    C_Initialize() {},
    C_Finalize() {},
    C_GetSlotList: () => [Buffer.alloc(8)],
    C_GetTokenInfo: () => ({ label: 'pki', manufacturerID: '', model: '', serialNumber: '', flags: 4 }),
    C_OpenSession: () => Buffer.alloc(8),
    C_CloseSession() {},
    C_Login(_session, _type, pin) {
      tried.push(pin!);
      if (pin !== 'right') throw Object.assign(new Error('CKR_PIN_INCORRECT'), { code: 0xa0 });
    },
    C_FindObjectsInit() {
      throw new Error('it is logged in');
    },
  };
  let looks = 0;
  const opening = openTokenKey(`pkcs11:object=ca?module-path=/p11.so&pin-source=${path}`, {
    env: {},
    load: () => token as Cryptoki,
    async whileRefused(refusal) {
      expect(refusal.message).toContain('CKR_PIN_INCORRECT');
      if (++looks === 2) rmSync(path);
      if (looks === 3) writeFileSync(path, 'right\n');
    },
  });
  await expect(opening).rejects.toThrow('it is logged in');
  expect([tried, looks]).toEqual([['wrong', 'right'], 3]);
  rmSync(directory, { recursive: true });
});

test('children do not see the PIN', () => {
  expect(childEnvironment({ MAYFLY_PKCS11_PIN: '1234', PATH: '/bin' })).toEqual({ PATH: '/bin' });
});
