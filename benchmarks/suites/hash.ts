import assert from 'node:assert/strict';
import { createHash, createHmac, generateKeyPairSync, pbkdf2Sync, sign, verify } from 'node:crypto';
import { createPbkdf2 } from '@mayfly/wasm/pbkdf2';
import { createRsa } from '@mayfly/wasm/rsa';
import { createSha256, type Sha2 } from '@mayfly/wasm/sha256';
import { createSha512 } from '@mayfly/wasm/sha512';
import { sha256 as nobleSha256, sha512 as nobleSha512 } from '@noble/hashes/sha2.js';
import { type Contender, contender } from '../measure.js';
import { measureParts, type Part } from '../parts.js';
import { octetsOf, type Peers, withPeers } from '../peers.js';
import type { Outcome } from '../report.js';
import type { Measure } from '../suites.js';

type Hash = (data: Uint8Array) => Uint8Array;

interface Case {
  readonly name: string;
  readonly parts: readonly Part[];
}

/** What one run makes of one input, by whom. */
const contenders = <Input, Output>(
  input: Input,
  implementations: Readonly<Record<string, (input: Input) => Output>>,
  expected: Output,
): readonly Contender[] =>
  Object.entries(implementations).map(([impl, run]) =>
    contender(
      impl,
      () => run(input),
      (output) => assert.deepEqual(plain(output), plain(expected)),
    ),
  );

/** Without the difference between Buffer and Uint8Array. */
const plain = (output: unknown): unknown =>
  output instanceof Uint8Array
    ? Buffer.from(output).toString('hex')
    : Array.isArray(output)
      ? output.map(plain)
      : output;

const message = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i * 37);

/** Hashes of short and long messages, one and many; keys from passwords; RSA's public operation. */
export const outcomes = (measure: Measure): Promise<readonly Outcome[]> =>
  withPeers((peers) => measured(measure, peers));

async function measured(measure: Measure, peers: Peers): Promise<readonly Outcome[]> {
  const cases = [
    ...hashCases(peers, 'SHA-256', createSha256(), nobleSha256, [64, 256, 512, 16_384]),
    ...hashCases(peers, 'SHA-512', createSha512(), nobleSha512, [64, 256, 1024, 16_384]),
    manyCase(),
    hmacCase(),
    ...pbkdf2Cases(),
    ...[2048, 4096].map(rsaCase),
  ];
  const all: Outcome[] = [];
  for (const { name, parts } of cases) all.push(...(await measureParts(measure, name, parts)));
  return all;
}

function hashCases(
  peers: Peers,
  algorithm: 'SHA-256' | 'SHA-512',
  ours: Sha2,
  noble: Hash,
  lengths: readonly number[],
): readonly Case[] {
  const name = algorithm.replace('-', '').toLowerCase();
  const node: Hash = (data) => createHash(name).update(data).digest();
  return lengths.map((length) => {
    const expected = node(message(length));
    return {
      name: `hash/${name}/${length}`,
      parts: [
        ...contenders(message(length), { mayfly: (data) => ours.hash(data), 'node:crypto': node, noble }, expected),
        ...peers.parts('hash', { algorithm, message: message(length) }, (digest) =>
          assert.deepEqual(plain(octetsOf(digest)), plain(expected)),
        ),
      ],
    };
  });
}

/** What a batch of certificates has to be hashed for: 64 times some 500 octets. */
function manyCase(): Case {
  const messages = Array.from({ length: 64 }, (_, i) => message(460 + i));
  const node = (all: readonly Uint8Array[]) => all.map((data) => createHash('sha256').update(data).digest());
  const sha256 = createSha256();
  const ours = (all: readonly Uint8Array[]): readonly Uint8Array[] => sha256.hashMany(all);
  return {
    name: 'hashMany/sha256/64x500',
    parts: contenders(messages, { mayfly: ours, 'node:crypto': node }, node(messages) as readonly Uint8Array[]),
  };
}

function hmacCase(): Case {
  const key = message(32);
  const sha256 = createSha256();
  const node: Hash = (data) => createHmac('sha256', key).update(data).digest();
  const ours: Hash = (data) => sha256.hmac(key, data);
  const data = message(64);
  return { name: 'hmac/sha256/64', parts: contenders(data, { mayfly: ours, 'node:crypto': node }, node(data)) };
}

function pbkdf2Cases(): readonly Case[] {
  const [password, salt, iterations] = [message(12), message(16), 10_000];
  return (['SHA-256', 'SHA-512'] as const).flatMap((hash) =>
    [32, 128].map((length): Case => {
      const pbkdf2 = createPbkdf2(hash);
      const ours = () => pbkdf2.derive(password, salt, iterations, length);
      const node = (): Uint8Array => pbkdf2Sync(password, salt, iterations, length, hash.replace('-', ''));
      return {
        name: `pbkdf2/${hash.replace('-', '').toLowerCase()}/${length}`,
        parts: contenders(undefined, { mayfly: ours, 'node:crypto': node }, node()),
      };
    }),
  );
}

function rsaCase(modulusLength: number): Case {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength });
  const data = message(500);
  const signature = sign('sha256', data, privateKey);
  const { n, e } = publicKey.export({ format: 'jwk' });
  const verifier = createRsa().verifier({
    modulus: Buffer.from(n!, 'base64url'),
    publicExponent: Buffer.from(e!, 'base64url'),
  });
  return {
    name: `verify/rsa-${modulusLength}`,
    parts: contenders(
      signature,
      {
        mayfly: (octets) => verifier.verifyPkcs1('SHA-256', data, octets),
        'node:crypto': (octets) => verify('sha256', data, publicKey, octets),
      },
      true,
    ),
  };
}
