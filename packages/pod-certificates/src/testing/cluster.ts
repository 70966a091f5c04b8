import { generateKeySync, verifyWithNode } from '@mayfly/keys/node';
import { createCertificationRequestSync } from '@mayfly/pkcs10';
import { type SimulatedClock, simulatedClock } from '@mayfly/rotation/testing';
import { type EmbeddedApi, type EmbeddedApiOptions, openEmbeddedApi } from '../embedded.js';
import { nodeVerifiers } from '../node.js';
import type { RequesterKey, RequestIdentity } from '../requester.js';
import type { SignerOptions } from '../signer.js';
import type { NewPodCertificateRequest } from '../types.js';
import { type TestAuthority, testProfile } from './authority.js';

/** 2026-09-01T10:00:00Z. */
export const NOW = 1_788_256_800;

const SIGNER = 'pki.example.com/workload';

/** Octets that look random and are the same in every run (xorshift32). */
export function seededBytes(seed: number): (length: number) => Uint8Array {
  let state = seed | 1;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state & 0xff;
    });
}

/** Draws from [0, 1), the same in every run. */
export function seededRandom(seed: number): () => number {
  const bytes = seededBytes(seed);
  return () => {
    const [a, b] = bytes(2);
    return (a! * 256 + b!) / 65_536;
  };
}

/** A clock at {@link NOW} and an API server on it. */
export async function testCluster(
  options: Partial<EmbeddedApiOptions> = {},
): Promise<{ readonly clock: SimulatedClock; readonly api: EmbeddedApi }> {
  const clock = simulatedClock({ now: NOW });
  return {
    clock,
    api: await openEmbeddedApi({ clock, randomBytes: seededBytes(1), verifiers: nodeVerifiers, ...options }),
  };
}

/** The pod `web-<index>` of namespace `shop`. */
export const testIdentity = (index: number = 0): RequestIdentity => ({
  namespace: 'shop',
  signerName: SIGNER,
  podName: `web-${index}`,
  podUID: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
  serviceAccountName: 'web',
  serviceAccountUID: '11111111-1111-4111-8111-111111111111',
  nodeName: 'n1',
  nodeUID: '22222222-2222-4222-8222-222222222222',
  maxExpirationSeconds: 3600,
});

/** A fresh P-256 key, as a requester wants it. */
export async function testKey(): Promise<RequesterKey> {
  const key = generateKeySync('P-256');
  return { key, privateKeyInfo: key.exportPkcs8() };
}

/** The DER of an empty request for a fresh key of a kind. */
export const testStub = (algorithm: Parameters<typeof generateKeySync>[0] = 'P-256'): Uint8Array =>
  createCertificationRequestSync({}, generateKeySync(algorithm));

/** A request by {@link testIdentity}, as an object to create. */
export function testRequest(
  spec: Partial<NewPodCertificateRequest['spec']> = {},
  metadata: Partial<NewPodCertificateRequest['metadata']> = { generateName: 'req-' },
): NewPodCertificateRequest {
  const { namespace, ...identity } = testIdentity();
  return { metadata: { namespace, ...metadata }, spec: { ...identity, stubPKCS10Request: testStub(), ...spec } };
}

/** A signer that names pods by their service account and namespace. */
export const testSigner = (
  cluster: { readonly clock: SimulatedClock; readonly api: SignerOptions['api'] },
  authority: TestAuthority,
  signal: AbortSignal,
  options: Partial<SignerOptions> = {},
): SignerOptions => ({
  ...cluster,
  signerName: SIGNER,
  toRequest: ({ metadata, spec }) => ({
    subjectAltName: [{ type: 'dNSName', value: `${spec.podName}.${metadata.namespace}.svc` }],
    lifetime: 86_400,
  }),
  compiled: () => testProfile(authority),
  verify: verifyWithNode,
  randomBytes: seededBytes(7),
  random: seededRandom(11),
  signal,
  ...options,
});
