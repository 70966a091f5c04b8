import type { Ecdsa } from '@mayfly/keys/backend';
import { generateKey, softwareKey, verifyWith } from '@mayfly/keys/software';
import { wasmBackend } from '@mayfly/wasm';
import { createEd25519 } from '@mayfly/wasm/ed25519';
import { createP256 } from '@mayfly/wasm/p256';
import { createP384 } from '@mayfly/wasm/p384';
import { createPbkdf2 } from '@mayfly/wasm/pbkdf2';
import { scalarKernels } from '@mayfly/wasm/scalar';
import { createSha256 } from '@mayfly/wasm/sha256';
import { createSha384, createSha512 } from '@mayfly/wasm/sha512';
import { expectEqual, expectRefusal, fromHex } from './expect.js';
import {
  digestsOfAbc,
  type EcdsaAnswer,
  ed25519Answer,
  p256Answers,
  p384Answers,
  pbkdf2Answer,
} from './known-answers.js';
import type { Case, Modules } from './suite.js';

const octets = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The kernels against fixed answers: the build for SIMD, or the one without. */
export function kernelCases(modules: Modules, simd: boolean): readonly Case[] {
  const options = (name: string) => {
    const module = modules?.[simd ? name : `${name}-scalar`];
    return module === undefined ? { simd, scalar: scalarKernels } : { module };
  };
  const build = simd ? 'SIMD' : 'no SIMD';
  return [
    {
      name: `SHA-256, SHA-384, SHA-512 (${build})`,
      run: () => {
        const hashes = {
          'SHA-256': createSha256(options('sha256')),
          'SHA-384': createSha384(options('sha512')),
          'SHA-512': createSha512(options('sha512')),
        };
        for (const name of ['SHA-256', 'SHA-384', 'SHA-512'] as const) {
          const expected = fromHex(digestsOfAbc[name]);
          expectEqual(hashes[name].hash(octets('abc')), expected, name);
          for (const digest of hashes[name].hashMany(Array.from({ length: 9 }, () => octets('abc'))))
            expectEqual(digest, expected, `${name} of a batch`);
        }
      },
    },
    {
      name: `PBKDF2-HMAC-SHA-256 (${build})`,
      run: async () => {
        const { password, salt, iterations, key } = pbkdf2Answer;
        const pbkdf2 = createPbkdf2('SHA-256', options('sha256'));
        expectEqual(pbkdf2.derive(octets(password), octets(salt), iterations, 64), fromHex(key), 'the key');
        const inSlices = await pbkdf2.deriveAsync(octets(password), octets(salt), iterations, 64);
        expectEqual(inSlices, fromHex(key), 'the key made in slices');
      },
    },
    {
      name: `ECDSA P-256 (${build})`,
      run: () => ecdsa(createP256(options('p256')), createSha256(options('sha256')), p256Answers, 65),
    },
    {
      name: `ECDSA P-384 (${build})`,
      run: () => ecdsa(createP384(options('p384')), createSha384(options('sha512')), p384Answers, 97),
    },
    {
      name: `Ed25519 (${build})`,
      run: () => {
        const ed25519 = createEd25519(options('ed25519'));
        const [seed, publicKey] = [fromHex(ed25519Answer.seed), fromHex(ed25519Answer.publicKey)];
        const [message, expected] = [fromHex(ed25519Answer.message), fromHex(ed25519Answer.signature)];
        expectEqual(ed25519.getPublicKey(seed), publicKey, 'the public key');
        expectEqual(ed25519.sign(message, seed), expected, 'the signature');
        for (const each of ed25519.signMany(
          Array.from({ length: 20 }, () => message),
          seed,
        ))
          expectEqual(each, expected, 'a signature of a batch');
        expectEqual(ed25519.verify(expected, message, publicKey), true, 'the verdict');
        expectEqual(ed25519.verify(expected, octets('other'), publicKey), false, 'the verdict on another message');
        const verify = ed25519.verifier(publicKey);
        for (let i = 0; i < 12; i++) expectEqual(verify(expected, message), true, 'the verdict of a verifier');
      },
    },
    {
      name: `a backend, its keys and batches (${build})`,
      run: () => {
        const backend = wasmBackend(
          modules === undefined ? { simd, scalar: scalarKernels } : { modules: renamed(modules, simd) },
        );
        const verify = verifyWith(backend);
        for (const algorithm of ['P-256', 'P-384', 'Ed25519'] as const) {
          const key = generateKey(algorithm, backend, { nonce: algorithm === 'Ed25519' ? 'rfc6979' : 'hedged' });
          const batch = Array.from({ length: 20 }, (_, i) => octets(`message ${i}`));
          const signatures = key.signMany?.(batch) ?? batch.map((tbs) => key.sign(tbs));
          const again = softwareKey(key.exportPkcs8(), backend);
          for (const [i, signatureValue] of [...signatures, again.sign(batch[0]!)].entries()) {
            const signed = { tbs: batch[i % 20]!, signatureAlgorithm: key.signatureAlgorithm, signatureValue };
            expectEqual(verify(signed, key.subjectPublicKeyInfo), true, `the verdict on ${algorithm}`);
          }
          key.destroy();
          again.destroy();
        }
      },
    },
  ];
}

const renamed = (modules: NonNullable<Modules>, simd: boolean): NonNullable<Modules> =>
  Object.fromEntries(
    ['p256', 'p384', 'ed25519', 'sha256', 'sha512'].map((name) => [name, modules[simd ? name : `${name}-scalar`]!]),
  );

function ecdsa(
  curve: Ecdsa & { readonly signMany: NonNullable<Ecdsa['signMany']> },
  hash: { hash(data: Uint8Array): Uint8Array },
  answers: readonly EcdsaAnswer[],
  pointLength: number,
): void {
  for (const { source, message, secretKey, signature } of answers) {
    const [key, digest, expected] = [fromHex(secretKey), hash.hash(octets(message)), fromHex(signature)];
    const publicKey = curve.getPublicKey(key);
    expectEqual(publicKey.length, pointLength, 'the length of the point');
    expectEqual(curve.sign(digest, key), expected, source);
    for (const each of curve.signMany(
      Array.from({ length: 40 }, () => digest),
      key,
    ))
      expectEqual(each, expected, `${source}, in a batch`);
    const hedged = curve.sign(digest, key, crypto.getRandomValues(new Uint8Array(32)));
    for (const each of [expected, hedged]) {
      expectEqual(curve.verify(each, digest, publicKey), true, 'the verdict');
      expectEqual(curve.verify(each, hash.hash(octets('other')), publicKey), false, 'the verdict on another message');
    }
    const verify = curve.verifier?.(publicKey);
    for (let i = 0; i < 12; i++) expectEqual(verify?.(expected, digest), true, 'the verdict of a verifier');
    expectRefusal(
      () =>
        curve.verify(
          expected,
          digest,
          publicKey.map((octet, i) => (i > 1 ? octet ^ 1 : octet)),
        ),
      'ERR_WASM_PUBLIC_KEY',
    );
  }
}
