import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import type { Backend } from '@mayfly/keys/backend';
import { generateKeySync } from '@mayfly/keys/node';
import { generateKey, type SoftwareKeyOptions, softwareKey } from '@mayfly/keys/software';
import { openKernels } from '../adapters/kernels.js';
import * as noble from '../adapters/noble.js';
import { opensslSpeed } from '../adapters/openssl.js';
import * as webCrypto from '../adapters/webcrypto.js';
import { type Contender, contender, SHORT_SLOT } from '../measure.js';
import { measureParts, type Part, part } from '../parts.js';
import { octetsOf, type Peers, withPeers } from '../peers.js';
import type { Effort, Outcome } from '../report.js';
import type { Measure } from '../suites.js';

type Algorithm = 'P-256' | 'P-384' | 'Ed25519';

/** Signatures of a batch. */
const BATCH = 256;
const message = new Uint8Array(randomBytes(32));
const batch = Array.from({ length: BATCH }, () => new Uint8Array(randomBytes(32)));
const impl = 'mayfly';
const peer = 'node:crypto';

const hashes = { 'P-256': 'sha256', 'P-384': 'sha384', Ed25519: null } as const;

/** One key in the hands of everybody. */
function keyFor(algorithm: Algorithm) {
  const pkcs8 = generateKeySync(algorithm).exportPkcs8();
  const privateKey = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  const hash = hashes[algorithm];
  const fits = (tbs: Uint8Array, signature: Uint8Array): void => assert.ok(verify(hash, tbs, publicKey, signature));
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  const octets = new Uint8Array(pkcs8);
  return {
    /** One signature by everybody else. */
    elsewhere: async (peers: Peers, effort: Effort): Promise<readonly Part[]> => [
      await webCrypto.signer(algorithm, octets, message, async (signature) =>
        assert.ok(await webCrypto.isSignature(algorithm, spki, message, signature)),
      ),
      noble.signer(algorithm, Buffer.from(privateKey.export({ format: 'jwk' }).d!, 'base64'), message, (signature) =>
        fits(message, signature),
      ),
      ...peers.parts('sign', { algorithm, key: pkcs8, message }, (signature) => fits(message, octetsOf(signature))),
      ...(effort === 'full' ? [opensslSpeed(algorithm, 'sign')] : []),
    ],
    one: (backend: Backend, options?: SoftwareKeyOptions): Contender => {
      const key = softwareKey(pkcs8, backend, options);
      return contender(
        impl,
        () => key.sign(message),
        (signature) => fits(message, signature),
      );
    },
    many: (backend: Backend, options?: SoftwareKeyOptions): Contender => {
      const key = softwareKey(pkcs8, backend, options);
      const { signMany } = key;
      if (signMany === undefined) throw new Error(`Cannot measure: ${backend.name} has no batches of ${algorithm}`);
      return {
        ...contender(
          impl,
          () => signMany(batch),
          (signatures) => {
            for (const [i, each] of signatures.entries()) fits(batch[i]!, each);
          },
        ),
        things: BATCH,
      };
    },
    native: contender(
      peer,
      () => sign(hash, message, privateKey),
      (signature) => fits(message, signature),
    ),
  };
}

const makeMany = ({ p256, name }: Backend): Contender => {
  const { generateMany } = p256;
  if (generateMany === undefined) throw new Error(`Cannot measure: ${name} makes no batches of keys`);
  const draw = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
  return {
    ...contender(
      impl,
      () => generateMany(BATCH, draw),
      (pairs) => {
        assert.equal(pairs.length, BATCH);
        for (const { secretKey, publicKey } of pairs) assert.deepEqual(p256.getPublicKey(secretKey), publicKey);
      },
    ),
    things: BATCH,
  };
};

/** P-256, P-384 and Ed25519 signatures over 32 octets by WebAssembly beside everybody's; a batch counts by the signature. */
export const outcomes = (measure: Measure, effort: Effort): Promise<readonly Outcome[]> =>
  withPeers((peers) => measured(measure, effort, peers));

async function measured(measure: Measure, effort: Effort, peers: Peers): Promise<readonly Outcome[]> {
  const [p256, p384, ed25519] = [keyFor('P-256'), keyFor('P-384'), keyFor('Ed25519')];
  const generate = contender(
    peer,
    () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    ({ publicKey }) => assert.equal(publicKey.asymmetricKeyType, 'ec'),
  );
  const hedged = { nonce: 'hedged' } as const;
  const cases: readonly KernelCase[] = [
    ['sign/p256/rfc6979', (backend) => p256.one(backend), p256.native, ...(await p256.elsewhere(peers, effort))],
    ['sign/p256/hedged', (backend) => p256.one(backend, hedged), p256.native],
    ['signMany/p256/rfc6979', (backend) => p256.many(backend), p256.native],
    ['signMany/p256/hedged', (backend) => p256.many(backend, hedged), p256.native],
    [
      'keygen/p256',
      (backend) =>
        contender(
          impl,
          () => generateKey('P-256', backend),
          (key) => assert.equal(key.subjectPublicKeyInfo.length, 91),
        ),
      generate,
    ],
    ['keygenMany/p256', (backend) => makeMany(backend), generate],
    ['sign/p384/rfc6979', (backend) => p384.one(backend), p384.native, ...(await p384.elsewhere(peers, effort))],
    ['signMany/p384/rfc6979', (backend) => p384.many(backend), p384.native],
    ['sign/ed25519', (backend) => ed25519.one(backend), ed25519.native, ...(await ed25519.elsewhere(peers, effort))],
    ['signMany/ed25519', (backend) => ed25519.many(backend), ed25519.native],
    ['sign/p256/rfc6979/no-simd', (_, scalar) => p256.one(scalar), p256.native],
    ['signMany/p256/rfc6979/no-simd', (_, scalar) => p256.many(scalar), p256.native],
  ];
  return besideKernels(cases, measure);
}

/** What a case is called, our part of it, and those of others. */
export type KernelCase = readonly [
  name: string,
  make: (backend: Backend, scalar: Backend) => Contender,
  ...others: readonly Part[],
];

/** Times each case of the kernels beside its peers. */
export async function besideKernels(cases: readonly KernelCase[], measure: Measure): Promise<readonly Outcome[]> {
  const kernels = openKernels();
  const found: Outcome[] = [];
  for (const [name, make, ...others] of cases) {
    const mine = part(impl, kernels, ({ backend, scalar }) => make(backend, scalar));
    found.push(...(await measureParts(measure, name, [mine, ...others], SHORT_SLOT)));
  }
  return found;
}
