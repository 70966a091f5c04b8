import { fromHex, toHex } from '@mayfly/der';
import { encodePrivateKeyInfo } from '@mayfly/pkcs8';
import { ecPrivateKeyInfo } from '@mayfly/pkcs8/ec';
import type { SignedParts, SyncSigningKey } from '@mayfly/x509/signed';
import { describe, expect, test, vi } from 'vitest';
import { batchingBackend } from '../testing/batching-backend.js';
import type { Backend } from './backend.js';
import { bufferedEntropy, platformRandomBytes } from './entropy.js';
import { nobleBackend } from './noble.js';
import { generateKeySync, verifyWithNode } from './node.js';
import { generateKey, softwareKey, verifier, verifyWith } from './software.js';

const text = (message: string): Uint8Array => new TextEncoder().encode(message);
const refusal = (code: string) => expect.objectContaining({ name: 'KeysError', code });
/** Octets that tell how often one asked. */
const counted = () => {
  let draws = 0;
  return { draw: (length: number) => new Uint8Array(length).fill(++draws), draws: () => draws };
};

/** RFC 6979 §A.2.5. */
const sampleKey = encodePrivateKeyInfo(
  ecPrivateKeyInfo({
    curve: 'P-256',
    privateKey: fromHex('c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721'),
  }),
);

describe('the nonce', () => {
  test('is that of RFC 6979 unless told otherwise', () => {
    const key = softwareKey(sampleKey, nobleBackend);
    expect(key.sign(text('sample'))).toEqual(key.sign(text('sample')));
    expect(toHex(key.sign(text('sample')))).toContain(
      'efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716',
    );
  });

  test('differs each time when hedged, in a batch too', () => {
    const key = softwareKey(sampleKey, batchingBackend, { nonce: 'hedged', randomBytes: counted().draw });
    const batch = Array.from({ length: 100 }, () => text('sample'));
    const signatures = [...key.signMany!(batch), ...batch.map((tbs) => key.sign(tbs))].map(toHex);
    // The source repeats itself within a draw; of the platform's octets no two are the same.
    expect(new Set(signatures).size).toBe(3);
    const real = softwareKey(sampleKey, batchingBackend, { nonce: 'hedged' });
    expect(new Set(real.signMany!(batch.slice(0, 5)).map(toHex)).size).toBe(5);
  });

  test('is of one of the two kinds', () => {
    const nonce = 'random' as 'hedged'; // on purpose
    expect(() => softwareKey(sampleKey, nobleBackend, { nonce })).toThrow(TypeError);
  });
});

describe('what is refused leaves no secret behind:', () => {
  /** A backend that shows the secrets that it was given. */
  const observed = () => {
    const secrets: Uint8Array[] = [];
    const keep = (secret: Uint8Array): Uint8Array => {
      secrets.push(secret);
      return nobleBackend.p256.getPublicKey(secret);
    };
    const generateKeyPair: Backend['p256']['generateKeyPair'] = (randomBytes) => {
      const pair = nobleBackend.p256.generateKeyPair(randomBytes);
      secrets.push(pair.secretKey);
      return pair;
    };
    return {
      secrets,
      backend: { ...nobleBackend, p256: { ...nobleBackend.p256, getPublicKey: keep, generateKeyPair } },
    };
  };
  const nonce = 'random' as 'hedged'; // on purpose
  const publicKey = nobleBackend.p256.getPublicKey(new Uint8Array(32).fill(7));
  const torn = encodePrivateKeyInfo(
    ecPrivateKeyInfo({ curve: 'P-256', privateKey: new Uint8Array(32).fill(9), publicKey }),
  );

  test.each<[string, (backend: Backend) => unknown]>([
    ['halves that do not belong together', (backend) => softwareKey(torn, backend)],
    ['options, with a key that is given', (backend) => softwareKey(sampleKey, backend, { nonce })],
    ['options, with a key that is made', (backend) => generateKey('P-256', backend, { nonce })],
  ])('%s', (_, make) => {
    const { secrets, backend } = observed();
    expect(() => make(backend)).toThrow();
    expect(secrets).toEqual([new Uint8Array(32)]);
  });
});

describe('entropy', () => {
  test('is given out once, drawn ahead for few and as it comes for many', () => {
    const { draw, draws } = counted();
    const entropy = bufferedEntropy((length) => Uint8Array.from({ length }, (_, i) => (draw(1)[0]! + (i >> 5)) & 0xff));
    const first = Array.from({ length: 64 }, () => toHex(entropy.draw(1)));
    expect(new Set(first).size).toBe(64);
    expect(draws()).toBe(2048);
    expect(entropy.draw(64)).toHaveLength(2048);
    expect(entropy.draw(1000)).toHaveLength(32_000);
  });

  test('that is too short is refused', () => {
    expect(() => bufferedEntropy((length) => new Uint8Array(length - 1)).draw(1)).toThrow(RangeError);
    const key = generateKey('P-256', nobleBackend);
    const pkcs8 = key.exportPkcs8();
    expect(() =>
      softwareKey(pkcs8, nobleBackend, { nonce: 'hedged', randomBytes: () => new Uint8Array(3) }).sign(text('x')),
    ).toThrow(RangeError);
  });

  test('of the platform comes in any length', () => {
    const octets = platformRandomBytes(200_000);
    expect(octets).toHaveLength(200_000);
    for (const at of [0, 65_536, 131_072, 199_968])
      expect(octets.subarray(at, at + 32)).not.toEqual(new Uint8Array(32));
  });

  test('is wiped where it was used', () => {
    const seen: Uint8Array[] = [];
    const backend: Backend = {
      ...nobleBackend,
      p256: {
        ...nobleBackend.p256,
        sign(_digest, _secretKey, entropy) {
          seen.push(entropy!);
          throw new Error('no');
        },
      },
    };
    const key = softwareKey(sampleKey, backend, { nonce: 'hedged' });
    expect(() => key.sign(text('x'))).toThrow('no');
    expect(seen).toEqual([new Uint8Array(32)]);
  });
});

test('a key is made by its backend, from the random octets given', () => {
  const generated = generateKey('P-256', nobleBackend, { randomBytes: (length) => new Uint8Array(length).fill(7) });
  const again = softwareKey(generated.exportPkcs8(), nobleBackend);
  expect(again.subjectPublicKeyInfo).toEqual(generated.subjectPublicKeyInfo);
});

test('a backend may leave out P-521 and offer batches', () => {
  const { p521: _, ...backend } = batchingBackend;
  expect(() => generateKey('P-521', backend)).toThrow(refusal('ERR_KEYS_UNSUPPORTED_ALGORITHM'));
  for (const algorithm of ['P-256', 'P-384', 'Ed25519'] as const) {
    const key = generateKey(algorithm, backend);
    const batch = [text('one'), text('two')];
    expect(key.signMany!(batch)).toEqual(batch.map((tbs) => key.sign(tbs)));
    expect(softwareKey(key.exportPkcs8(), nobleBackend).sign(batch[0]!)).toEqual(key.sign(batch[0]!));
  }
});

const signedBy = (key: SyncSigningKey, tbs: Uint8Array): SignedParts => ({
  tbs,
  signatureAlgorithm: key.signatureAlgorithm,
  signatureValue: key.sign(tbs),
});

describe('verifyWith', () => {
  /** noble, and how often it was asked for tables and without. */
  function watched() {
    const verify = vi.fn(nobleBackend.p256.verify);
    const tables = vi.fn(nobleBackend.p256.verifier);
    return { verify, tables, backend: { ...nobleBackend, p256: { ...nobleBackend.p256, verify, verifier: tables } } };
  }

  test('makes tables for a key that it meets often, once', () => {
    const { backend, verify, tables } = watched();
    const verifies = verifyWith(backend);
    const key = generateKeySync('P-256');
    for (let meeting = 0; meeting < 9; meeting++)
      expect(verifies(signedBy(key, text(`${meeting}`)), key.subjectPublicKeyInfo)).toBe(true);
    expect([verify.mock.calls.length, tables.mock.calls.length]).toEqual([3, 1]);
  });

  test('forgets whom it has not met for longest', () => {
    const { backend, tables } = watched();
    const verifies = verifyWith(backend, { capacity: 2 });
    const [a, b, c] = [generateKeySync('P-256'), generateKeySync('P-256'), generateKeySync('P-256')];
    const meet = (key: SyncSigningKey) => verifies(signedBy(key, text('x')), key.subjectPublicKeyInfo);
    for (const key of [a, a, a, a, b, a, c, a, b, b, b, b]) expect(meet(key)).toBe(true);
    expect(tables).toHaveBeenCalledTimes(2);
    for (const key of [c, a, a, a, a]) expect(meet(key)).toBe(true);
    expect(tables).toHaveBeenCalledTimes(3);
  });

  test('does not mind what becomes of the octets of a key', () => {
    const verifies = verifyWith(nobleBackend);
    const [key, other] = [generateKeySync('P-256'), generateKeySync('P-256')];
    const shared = Uint8Array.from(key.subjectPublicKeyInfo);
    for (let meeting = 0; meeting < 3; meeting++) expect(verifies(signedBy(key, text('x')), shared)).toBe(true);
    shared.set(other.subjectPublicKeyInfo);
    for (let meeting = 0; meeting < 6; meeting++) {
      expect(verifies(signedBy(key, text('x')), shared)).toBe(false);
      expect(verifies(signedBy(other, text('x')), shared)).toBe(true);
    }
  });

  test('asks another for keys that the backend lacks, if there is one', () => {
    const { p521: _, ...backend } = nobleBackend;
    const alone = verifyWith(backend);
    const together = verifyWith(backend, { otherwise: verifyWithNode });
    for (const algorithm of ['P-521', 'RSA-2048'] as const) {
      const key = generateKeySync(algorithm);
      const signed = signedBy(key, text('x'));
      expect(() => alone(signed, key.subjectPublicKeyInfo)).toThrow(refusal('ERR_KEYS_UNSUPPORTED_ALGORITHM'));
      for (let meeting = 0; meeting < 6; meeting++) {
        expect(together(signed, key.subjectPublicKeyInfo)).toBe(true);
        expect(together({ ...signed, tbs: text('y') }, key.subjectPublicKeyInfo)).toBe(false);
      }
    }
  });

  test('remembers at least one key', () => {
    expect(() => verifyWith(nobleBackend, { capacity: 0 })).toThrow(RangeError);
  });
});

test('a verifier refuses a point off the curve at once', () => {
  const spki = Uint8Array.from(generateKeySync('P-256').subjectPublicKeyInfo);
  spki[spki.length - 1]! ^= 1;
  expect(() => verifier(spki, nobleBackend)).toThrow(refusal('ERR_KEYS_PUBLIC_KEY'));
});
