import type { Eddsa } from '@mayfly/keys/backend';
import { nobleBackend } from '@mayfly/keys/noble';
import { describe, test } from 'vitest';
import { compareEddsaOnce } from './eddsa.js';
import { randomNumbers } from './random.js';

const providers: readonly { readonly name: string; readonly eddsa: Eddsa; readonly cases: number }[] = [
  { name: 'noble', eddsa: nobleBackend.ed25519, cases: 20 },
];

describe.each(providers)('Ed25519 of $name and of OpenSSL', ({ eddsa, cases }) => {
  test('give the same keys, signatures and verdicts', () => {
    const random = randomNumbers(4);
    for (let i = 0; i < cases; i++) compareEddsaOnce(eddsa, random);
  });
});
