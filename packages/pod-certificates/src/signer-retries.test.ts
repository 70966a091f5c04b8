import { generateKeySync } from '@mayfly/keys/node';
import { buildName, encodeName } from '@mayfly/x509/name';
import { beforeEach, describe, expect, test } from 'vitest';
import { ApiError, type PodCertificateApi } from './api.js';
import type { SignerOptions } from './signer.js';
import { testProfile, testRoot } from './testing/authority.js';
import { NOW } from './testing/cluster.js';
import { type SignerBench, signerBench, turn } from './testing/signer-bench.js';

const root = testRoot(NOW);
let bench: SignerBench;
beforeEach(async () => {
  bench = await signerBench(root);
});

describe('leaves the request pending and tries again', () => {
  const flaky = (failures: number, error: () => Error) => {
    let left = failures;
    return () => {
      if (left-- > 0) throw error();
    };
  };
  test.each<[string, () => Partial<SignerOptions>]>([
    [
      'when the key does not answer',
      () => {
        const fail = flaky(2, () => new Error('timeout'));
        const key = {
          ...root.key,
          sign: (tbs: Uint8Array) => {
            fail();
            return root.key.sign(tbs);
          },
        };
        return { compiled: () => testProfile({ ...root, key }) };
      },
    ],
    [
      'when a lookup of toRequest fails',
      () => {
        const fail = flaky(2, () => new Error('no such Service yet'));
        return {
          toRequest: async () => {
            fail();
            return { subjectAltName: [], subject: encodeName(buildName({ commonName: 'x' })), lifetime: 3600 };
          },
        };
      },
    ],
    [
      'when a lookup of toRequest finds nothing yet',
      () => {
        const fail = flaky(2, () => new ApiError('NotFound', 'pods "web-0" not found'));
        return {
          toRequest: async () => {
            fail();
            return { subjectAltName: [], subject: encodeName(buildName({ commonName: 'x' })), lifetime: 3600 };
          },
        };
      },
    ],
    [
      'when the signature is wrong',
      () => {
        let left = 2;
        const forged = generateKeySync('P-256');
        const key = { ...root.key, sign: (tbs: Uint8Array) => (left-- > 0 ? forged : root.key).sign(tbs) };
        const compiled = () => {
          const { verify: _, ...issuer } = testProfile({ ...root, key }).issuer;
          return { ...testProfile({ ...root, key }), issuer };
        };
        return { compiled };
      },
    ],
    [
      'when the API is away',
      () => ({ api: bench.refusingWrites(2, () => new ApiError('ServiceUnavailable', 'away')) }),
    ],
    [
      'when an answer is lost on the way to the API',
      () => ({ api: bench.refusingWrites(2, () => new Error('ECONNRESET')) }),
    ],
  ])('%s', async (_name, options) => {
    const request = await bench.whileSigning(options(), async () => {
      const created = await bench.create();
      await turn();
      expect((await bench.reread(created)).terminal).toBeUndefined();
      await bench.clock.advance(10);
      return created;
    });
    expect(bench.events.map(({ type }) => type)).toEqual(['retry', 'retry', 'issued']);
    expect((await bench.reread(request)).terminal).toBe('Issued');
  });
  test.each<[string, Partial<SignerOptions>, RegExp]>([
    [
      'an authority that is about to expire',
      { compiled: () => testProfile(testRoot(NOW - 9 * 365 * 86_400 + 1800)) },
      /issuer is valid/,
    ],
    [
      'a policy below the floor',
      { toRequest: () => ({ subjectAltName: [], lifetime: 3599 }) },
      /accepts 3600 s and more/,
    ],
    [
      'a profile that counts the last second',
      { compiled: () => testProfile(root, { lifetimeCounts: 'inclusive' }) },
      /Cannot issue|lifetime must be >= 1 hour/,
    ],
    ['a backdate of five minutes', { compiled: () => testProfile(root, { backdate: 300 }) }, /within 5 minutes/],
  ])('over %s, and never denies', async (_name, options, message) => {
    const request = await bench.whileSigning(options, async () => {
      const created = await bench.create();
      await bench.clock.advance(120);
      return created;
    });
    expect((await bench.reread(request)).terminal).toBeUndefined();
    expect(bench.events.length).toBeGreaterThan(1);
    for (const event of bench.events)
      expect(event).toMatchObject({ type: 'retry', error: { message: expect.stringMatching(message) } });
  });
  test.each([
    [4, ['issued']],
    [5, ['retry', 'issued']],
    [10, ['retry', 'retry', 'issued']],
  ])('at once after a conflict, and after %i in a row as %j', async (count, types) => {
    const overtaking: PodCertificateApi = {
      ...bench.api,
      updateStatus: async (version, status) =>
        conflicts-- > 0
          ? { ok: false, reason: 'Conflict', message: 'modified' }
          : await bench.api.updateStatus(version, status),
    };
    let conflicts = count;
    await bench.whileSigning({ api: overtaking }, async () => {
      await bench.create();
      await bench.clock.advance(10);
    });
    expect(bench.events.map(({ type }) => type)).toEqual(types);
  });
  test('a second later each time, where the API asks for no more', async () => {
    const api = bench.refusingWrites(20, () => new ApiError('TooManyRequests', 'slow down', { retryAfter: 1 }));
    await bench.whileSigning({ api }, async () => {
      await bench.create();
      await bench.clock.advance(40);
    });
    expect(bench.events.at(-1)?.type).toBe('issued');
  });
  test('as soon for a write as for a lookup that took long to succeed', async () => {
    let lookups = 7;
    const api = bench.refusingWrites(1, () => new ApiError('ServiceUnavailable', 'away'));
    const toRequest: SignerOptions['toRequest'] = async () => {
      if (lookups-- > 0) throw new Error('not there yet');
      return { subjectAltName: [{ type: 'dNSName', value: 'a.example' }], lifetime: 3600 };
    };
    await bench.whileSigning({ api, toRequest, random: () => 0.999 }, async () => {
      await bench.create();
      await bench.clock.advance(600);
    });
    const waits = bench.events.map((event) => (event.type === 'retry' ? event.at : 0)).filter((at) => at > 0);
    expect(waits).toHaveLength(8);
    // 3, 9, 27, 60, ... and 3 again
    expect(waits[6]! - waits[5]!).toBe(60);
    expect(waits[7]! - waits[6]!).toBe(3);
    expect(bench.events.at(-1)?.type).toBe('issued');
  });
  test('and keeps to the wait that the API asks for', async () => {
    const api = bench.refusingWrites(1, () => new ApiError('TooManyRequests', 'slow down', { retryAfter: 30 }));
    await bench.whileSigning({ api }, async () => {
      await bench.create();
      await turn();
      const [told] = bench.events;
      const at = told?.type === 'retry' ? told.at : 0;
      expect(at).toBeGreaterThanOrEqual(NOW + 30);
      expect(at).toBeLessThanOrEqual(NOW + 45);
      await bench.clock.advance(at - NOW);
    });
    expect(bench.events.map(({ type }) => type)).toEqual(['retry', 'issued']);
  });
});
