import { createHash } from 'node:crypto';
import { encodeTBSCertificate, parseCertificate } from '@mayfly/x509';
import { basicConstraintsExtension, keyUsageExtension, subjectKeyIdentifierExtension } from '@mayfly/x509/extensions';
import { buildName, encodeName } from '@mayfly/x509/name';
import { assemble, type SignedParts, type SyncSigningKey } from '@mayfly/x509/signed';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import {
  type CompiledProfile,
  compile,
  type IssuanceRequest,
  type IssueResult,
  issue,
  issueMany,
  issueManySync,
  issueSync,
  type Surroundings,
  type SyncIssuer,
} from './index.js';
import { podPeer } from './profiles.js';

const NOW = 1_800_000_000;
const PUBLIC_KEY = Uint8Array.from([
  ...[0x30, 0x59, 0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7],
  ...[3, 0x42, 0, 4],
  ...new Uint8Array(64).fill(7),
]);

/** As deterministic as a key can be: what it signs is not looked at here, but that it is signed. */
const mark = (tbs: Uint8Array): Uint8Array => new Uint8Array(createHash('sha512').update(tbs).digest());
const isMarked = ({ tbs, signatureValue }: SignedParts): boolean => Buffer.from(mark(tbs)).equals(signatureValue);

const single: SyncSigningKey = {
  signatureAlgorithm: { algorithm: '1.2.840.10045.4.3.2' },
  subjectPublicKeyInfo: PUBLIC_KEY,
  sign: mark,
};
const batching: SyncSigningKey = { ...single, signMany: (batch) => batch.map(mark) };
const waiting = {
  ...single,
  sign: async (tbs: Uint8Array) => mark(tbs),
  signMany: async (batch: readonly Uint8Array[]) => batch.map(mark),
};

const name = encodeName(buildName({ commonName: 'Test Root' }));
const tbs = encodeTBSCertificate({
  version: 3,
  serialNumber: 1n,
  signature: single.signatureAlgorithm,
  issuer: name,
  validity: { notBefore: NOW - 3600, notAfter: NOW + 10 * 86_400 },
  subject: name,
  subjectPublicKeyInfo: PUBLIC_KEY,
  extensions: [
    basicConstraintsExtension({ cA: true }),
    keyUsageExtension(['keyCertSign']),
    subjectKeyIdentifierExtension(new Uint8Array(20)),
  ],
});
const certificate = parseCertificate(
  assemble({ tbs, signatureAlgorithm: single.signatureAlgorithm, signatureValue: mark(tbs) }),
);
const compiledWith = <K extends SyncIssuer['key'] | typeof waiting>(key: K, more: Partial<SyncIssuer> = {}) =>
  compile(podPeer(), { certificate, chain: [], verify: isMarked, ...more, key });

/** Random octets that a seed decides, and a clock that goes on with every look at it. */
function surroundings(seed: number): Surroundings {
  let state = seed | 1;
  let looks = 0;
  return {
    now: () => NOW + (looks++ >> 3),
    randomBytes: (length) =>
      Uint8Array.from({ length }, () => {
        state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
        return state >>> 24;
      }),
  };
}

const request = (more: Partial<IssuanceRequest> = {}): IssuanceRequest => ({
  subjectPublicKeyInfo: PUBLIC_KEY,
  subjectAltName: [{ type: 'dNSName', value: 'web.shop.svc' }],
  lifetime: 3600,
  ...more,
});

/** Requests that are issued, and such as fail at each step. */
const anyRequest = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 60, max: 1_000_000 }).map((lifetime) => request({ lifetime })) },
  fc.constant(request({ lifetime: 0 })),
  fc.constant(request({ minLifetime: 40 * 86_400 })),
  fc.constant(request({ subjectAltName: [{ type: 'dNSName', value: 'no name' }] })),
  fc.constant(request({ subjectPublicKeyInfo: Uint8Array.of(0x30, 0) })),
);

/** A result as something to compare, errors by what they say. */
const plain = (results: readonly IssueResult[]) =>
  results.map((result) => (result.ok ? result.issued : String(result.error)));

const oneByOne = (compiled: CompiledProfile<SyncIssuer>, requests: readonly IssuanceRequest[], around: Surroundings) =>
  requests.map((each) => {
    try {
      return issueSync(compiled, each, around);
    } catch (error) {
      return String(error);
    }
  });

describe('a batch is what issue makes of its parts', () => {
  const batches = fc.tuple(fc.array(anyRequest, { maxLength: 40 }), fc.integer(), fc.integer({ min: 1, max: 50 }));

  test.each([
    ['one by one', single],
    ['together', batching],
  ])('without waiting, signed %s', (_name, key) => {
    const compiled = compiledWith(key);
    fc.assert(
      fc.property(batches, ([requests, seed, chunkLength]) => {
        const results = issueManySync(compiled, requests, surroundings(seed), { chunkLength });
        expect(plain(results)).toEqual(oneByOne(compiled, requests, surroundings(seed)));
      }),
      { seed: 11, numRuns: 60 },
    );
  });

  test.each([
    ['one by one', single],
    ['together', batching],
    ['together, later', waiting],
  ])('waiting, signed %s', async (_name, key) => {
    const compiled = compiledWith(key);
    await fc.assert(
      fc.asyncProperty(batches, async ([requests, seed, chunkLength]) => {
        const expected: unknown[] = [];
        const around = surroundings(seed);
        for (const each of requests) expected.push(await issue(compiled, each, around).catch(String));
        expect(plain(await issueMany(compiled, requests, surroundings(seed), { chunkLength }))).toEqual(expected);
      }),
      { seed: 12, numRuns: 40 },
    );
  });
});

describe('a fault', () => {
  const reasons = (results: readonly IssueResult[]) =>
    results.map((result) =>
      result.ok ? 'issued' : ((result.error as { code?: string }).code ?? String(result.error)),
    );
  const requests = [request(), request({ lifetime: 0 }), request(), request()];

  test('of a request is its own', async () => {
    const expected = ['issued', 'ERR_CA_REQUEST', 'issued', 'issued'];
    expect(reasons(issueManySync(compiledWith(batching), requests, surroundings(1)))).toEqual(expected);
    expect(reasons(await issueMany(compiledWith(waiting), requests, surroundings(1)))).toEqual(expected);
  });

  test('of the key is that of what it was signing', async () => {
    let calls = 0;
    const failing = <T>(give: T): T => {
      if (++calls % 2 === 0) throw new Error('away');
      return give;
    };
    const some = { ...single, sign: (octets: Uint8Array) => failing(mark(octets)) };
    const expected = ['issued', 'ERR_CA_REQUEST', 'Error: away', 'issued'];
    expect(reasons(issueManySync(compiledWith(some), requests, surroundings(1)))).toEqual(expected);
    calls = 0;
    expect(reasons(await issueMany(compiledWith(some), requests, surroundings(1)))).toEqual(expected);
    const chunks = { ...single, signMany: (batch: readonly Uint8Array[]) => failing(batch.map(mark)) };
    const halves = ['issued', 'ERR_CA_REQUEST', 'Error: away', 'Error: away'];
    calls = 0;
    expect(reasons(issueManySync(compiledWith(chunks), requests, surroundings(1), { chunkLength: 2 }))).toEqual(halves);
    calls = 0;
    const later = { ...waiting, signMany: async (batch: readonly Uint8Array[]) => failing(batch.map(mark)) };
    expect(reasons(await issueMany(compiledWith(later), requests, surroundings(1), { chunkLength: 2 }))).toEqual(
      halves,
    );
  });

  test('of a signature is its own, and too few are those of nobody', async () => {
    const forging = {
      ...single,
      signMany: (batch: readonly Uint8Array[]) => batch.map((_, i) => mark(batch[i === 1 ? 0 : i]!)),
    };
    const expected = ['issued', 'ERR_CA_REQUEST', 'ERR_CA_SIGNATURE', 'issued'];
    expect(reasons(issueManySync(compiledWith(forging), requests, surroundings(1)))).toEqual(expected);
    expect(reasons(await issueMany(compiledWith(forging), requests, surroundings(1)))).toEqual(expected);
    const short = { ...single, signMany: (batch: readonly Uint8Array[]) => batch.slice(1).map(mark) };
    const none = ['ERR_CA_SIGNATURE', 'ERR_CA_REQUEST', 'ERR_CA_SIGNATURE', 'ERR_CA_SIGNATURE'];
    expect(reasons(issueManySync(compiledWith(short, {}), requests, surroundings(1)))).toEqual(none);
  });

  test('of the verifier is that of the certificate', async () => {
    const verify = vi.fn(isMarked).mockImplementationOnce(() => {
      throw new Error('no such algorithm');
    });
    const expected = ['Error: no such algorithm', 'ERR_CA_REQUEST', 'issued', 'issued'];
    expect(reasons(issueManySync(compiledWith(batching, { verify }), requests, surroundings(1)))).toEqual(expected);
    const later = compiledWith(batching, { verify: async (signed) => isMarked(signed) });
    expect(reasons(issueManySync(later, [request()], surroundings(1)))).toEqual([expect.stringContaining('TypeError')]);
    expect(reasons(await issueMany(later, [request()], surroundings(1)))).toEqual(['issued']);
  });
});

test('what was not begun when the batch is ended fails with the reason, what was signed is there', async () => {
  const end = new AbortController();
  const key = {
    ...waiting,
    signMany: async (batch: readonly Uint8Array[]) => {
      end.abort(new Error('enough'));
      return batch.map(mark);
    },
  };
  const requests = Array.from({ length: 5 }, () => request());
  const options = { chunkLength: 2, signal: end.signal };
  const results = await issueMany(compiledWith(key), requests, surroundings(1), options);
  expect(results.map(({ ok }) => ok)).toEqual([true, true, false, false, false]);
  expect(results[4]).toEqual({ ok: false, error: new Error('enough') });
});

test('a generator that writes where it wrote before gives distinct serial numbers', async () => {
  const shared = new Uint8Array(65_536);
  let drawn = 0;
  const around: Surroundings = {
    now: () => NOW,
    randomBytes: (length) => shared.fill(++drawn).subarray(0, length),
  };
  const requests = Array.from({ length: 20 }, () => request());
  const batches = await Promise.all(
    [1, 2, 3].map(() => issueMany(compiledWith(waiting), requests, around, { chunkLength: 1 })),
  );
  // Within a batch all octets are alike here, between batches none is.
  const serials = batches.map((batch) => new Set(batch.map((result) => result.ok && result.issued.serialNumber)));
  expect(serials.map(({ size }) => size)).toEqual([1, 1, 1]);
  expect(new Set(serials.flatMap((each) => [...each])).size).toBe(3);
});

test('nothing is signed where there is nothing to sign', async () => {
  const signMany = vi.fn((batch: readonly Uint8Array[]) => batch.map(mark));
  const compiled = compiledWith({ ...single, signMany });
  expect(issueManySync(compiled, [], surroundings(1))).toEqual([]);
  expect(await issueMany(compiled, [request({ lifetime: 0 })], surroundings(1))).toMatchObject([{ ok: false }]);
  expect(issueManySync(compiled, [request({ lifetime: 0 })], surroundings(1))).toMatchObject([{ ok: false }]);
  expect(signMany).not.toHaveBeenCalled();
});

test.each([0, -1, 1.5, Number.NaN])('chunks of %s are refused', async (chunkLength) => {
  const compiled = compiledWith(single);
  expect(() => issueManySync(compiled, [], surroundings(1), { chunkLength })).toThrow(RangeError);
  await expect(issueMany(compiled, [], surroundings(1), { chunkLength })).rejects.toThrow(RangeError);
});
