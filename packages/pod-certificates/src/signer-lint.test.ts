import { generateKeyPairSync } from 'node:crypto';
import { fromPkcs8 } from '@mayfly/keys/node';
import { createCertificationRequestSync } from '@mayfly/pkcs10';
import type { GeneralName } from '@mayfly/x509/general-name';
import { beforeEach, expect, test } from 'vitest';
import { testRoot } from './testing/authority.js';
import { NOW, testStub } from './testing/cluster.js';
import { type SignerBench, signerBench, turn } from './testing/signer-bench.js';

const root = testRoot(NOW);
let bench: SignerBench;
beforeEach(async () => {
  bench = await signerBench(root);
});

function stubWithExponent3(): Uint8Array {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 3072, publicExponent: 3 });
  return createCertificationRequestSync({}, fromPkcs8(privateKey.export({ type: 'pkcs8', format: 'der' })));
}

const dns = (value: string): GeneralName => ({ type: 'dNSName', value });
const uri = (value: string): GeneralName => ({ type: 'uniformResourceIdentifier', value });
const web = [dns('web.shop.svc')];

test.each<readonly [string, () => Uint8Array, readonly GeneralName[], string, string]>([
  ['a weak key', stubWithExponent3, web, 'UnacceptableKey', 'public-key'],
  ['a host name with an empty label', testStub, [dns('a..b')], 'UnacceptableNames', 'dns-name'],
  ['a mailbox that is none', testStub, [{ type: 'rfc822Name', value: '@' }], 'UnacceptableNames', 'rfc822-name'],
  ['a relative URI', testStub, [uri('a/b')], 'UnacceptableNames', 'uri'],
  ['no name at all', testStub, [], 'UnacceptableNames', 'no-name'],
  [
    'more names than are written',
    testStub,
    Array.from({ length: 1001 }, (_, i) => dns(`web-${i}.svc`)),
    'UnacceptableNames',
    '1001 names',
  ],
  [
    'more names than one certificate has room for',
    testStub,
    Array.from({ length: 900 }, (_, i) => dns(`web-${i}.${'shop.'.repeat(20)}svc`)),
    'UnacceptableNames',
    'size',
  ],
])('%s is denied once and for all', async (_name, stub, subjectAltName, reason, rule) => {
  const toRequest = () => ({ subjectAltName, lifetime: 3600 });
  const created = await bench.whileSigning({ toRequest }, async () => {
    const request = await bench.create({ stubPKCS10Request: stub() });
    for (let i = 0; i < 5; i++) await turn();
    return request;
  });
  const { terminal, status } = await bench.reread(created);
  expect(terminal).toBe('Denied');
  expect(status.conditions).toMatchObject([{ type: 'Denied', reason, message: expect.stringContaining(rule) }]);
  expect(bench.events.map(({ type }) => type)).toEqual(['denied']);
});
