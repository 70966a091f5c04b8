import { execFileSync } from 'node:child_process';
import { fromHex, toHex } from '@mayfly/der';
import { parsePem } from '@mayfly/der/pem';
import { encodePrivateKeyInfo } from '@mayfly/pkcs8';
import { expect } from 'vitest';
import type { KeyEntry } from '../src/index.js';

export const openssl = (args: readonly string[], input?: string | Uint8Array): Buffer =>
  execFileSync('openssl', args, { ...(input !== undefined && { input }), stdio: ['pipe', 'pipe', 'pipe'] });

function certificate(name: string): {
  readonly pem: string;
  readonly key: Uint8Array;
  readonly certificate: Uint8Array;
} {
  const pem = openssl(
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', '-'],
      ...['-subj', `/CN=${name}`, '-days', '30'],
    ],
    '',
  ).toString();
  const [key, own] = parsePem(pem);
  return { pem, key: key!.bytes, certificate: own!.bytes };
}

export const web: ReturnType<typeof certificate> = certificate('web');
export const other: ReturnType<typeof certificate> = certificate('other');
export const CANARY: string = 'ca'.repeat(32);
export const canaryKey: Uint8Array = encodePrivateKeyInfo({
  privateKeyAlgorithm: { algorithm: '1.3.101.112' },
  privateKey: fromHex(`0420${CANARY}`),
});
export const entry: KeyEntry = {
  privateKeyInfo: web.key,
  certificates: [web.certificate],
  friendlyName: 'wéb \u{1f511}',
  localKeyId: fromHex('0102'),
  cspName: 'Microsoft Enhanced Cryptographic Provider v1.0',
};
export const quick: { readonly iterations: number; readonly randomBytes: (length: number) => Uint8Array } = {
  iterations: 2,
  randomBytes: (length: number) => new Uint8Array(length).fill(length),
};
export const refusal = (code: string, message: RegExp = /./): unknown =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
export const hexed = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, inner) => (inner instanceof Uint8Array ? toHex(inner) : inner)));
