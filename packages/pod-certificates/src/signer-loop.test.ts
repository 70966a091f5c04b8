import { type CompiledProfile, issueMany } from '@mayfly/ca';
import { beforeEach, describe, expect, test } from 'vitest';
import { ApiError, type PodCertificateApi } from './api.js';
import { runSigner, type SignerOptions } from './signer.js';
import { deniedStatus } from './status.js';
import { testProfile, testRoot } from './testing/authority.js';
import { NOW, testRequest, testSigner } from './testing/cluster.js';
import { type SignerBench, signerBench, turn } from './testing/signer-bench.js';
import type { PodCertificateRequest } from './types.js';

const root = testRoot(NOW);
const many = Array.from({ length: 1000 }, (_, i) => [`x.example/a${i}`, 'a'.repeat(40)]);
let bench: SignerBench;
beforeEach(async () => {
  bench = await signerBench(root);
});

describe('makes one certificate for one request', () => {
  const counting = () => {
    let signatures = 0;
    const key = {
      ...root.key,
      sign: (tbs: Uint8Array) => {
        signatures++;
        return root.key.sign(tbs);
      },
    };
    return { compiled: () => testProfile({ ...root, key }), count: () => signatures };
  };
  test('however often the write fails', async () => {
    const { compiled, count } = counting();
    const api = bench.refusingWrites(5, () => new ApiError('InternalError', 'etcd'));
    await bench.whileSigning({ api, compiled }, async () => {
      await bench.create();
      await bench.clock.advance(200);
    });
    expect(bench.events.at(-1)).toMatchObject({ type: 'issued' });
    expect(count()).toBe(1);
  });
  test.each([new Error('ECONNRESET'), new ApiError('Timeout', 'etcd'), new ApiError('InternalError', 'etcd')])(
    'and knows its own when only the acknowledgement was lost: %s',
    async (lost) => {
      const { compiled, count } = counting();
      const deaf: PodCertificateApi = {
        ...bench.api,
        updateStatus: async (version, status) => {
          await bench.api.updateStatus(version, status);
          throw lost;
        },
      };
      await bench.whileSigning({ api: deaf, compiled }, async () => {
        await bench.create();
        await bench.clock.advance(10);
      });
      expect(bench.events.map(({ type }) => type)).toEqual(['retry', 'issued']);
      expect(count()).toBe(1);
    },
  );
  test('but makes it anew when the API server would not take the old one any more', async () => {
    const { compiled, count } = counting();
    let away = true;
    const flaky: PodCertificateApi = {
      ...bench.api,
      updateStatus: async (version, status) => {
        if (away) throw new ApiError('ServiceUnavailable', 'away');
        return await bench.api.updateStatus(version, status);
      },
    };
    await bench.whileSigning({ api: flaky, compiled }, async () => {
      await bench.create();
      await bench.clock.advance(400);
      away = false;
      await bench.clock.advance(120);
    });
    expect(bench.events.at(-1)).toMatchObject({ type: 'issued', notAfter: expect.any(Number) });
    expect(count()).toBeGreaterThan(1);
    expect(count()).toBeLessThanOrEqual(Math.ceil((bench.clock.now() - NOW) / 240));
  });
  test.each([
    ['refused is written again as it is', new ApiError('TooManyRequests', 'busy'), 0],
    ['may have been written is looked up first', new ApiError('ServiceUnavailable', 'away'), 1],
    ['had no answer is looked up first', new Error('ECONNRESET'), 1],
  ])('and what %s', async (_name, error, lookups) => {
    let left = 1;
    let looked = 0;
    const flaky: PodCertificateApi = {
      ...bench.api,
      getRequest: (namespace, name) => {
        looked++;
        return bench.api.getRequest(namespace, name);
      },
      updateStatus: async (version, status) => {
        if (left-- > 0) throw error;
        return await bench.api.updateStatus(version, status);
      },
    };
    await bench.whileSigning({ api: flaky }, async () => {
      await bench.create();
      await bench.clock.advance(10);
    });
    expect(bench.events.map(({ type }) => type)).toEqual(['retry', 'issued']);
    expect(looked).toBe(lookups);
  });
  test('and looks before it signs what somebody changed while it waited', async () => {
    const { compiled, count } = counting();
    let fails = true;
    const toRequest: SignerOptions['toRequest'] = async () => {
      if (fails) throw new Error('later');
      return { subjectAltName: [{ type: 'dNSName', value: 'x.example' }], lifetime: 3600 };
    };
    await bench.whileSigning({ compiled, toRequest }, async () => {
      const request = await bench.create();
      await turn();
      const { ok } = await bench.api.updateStatus(request, deniedStatus({ reason: 'No', message: 'no' }, NOW));
      expect(ok).toBe(true);
      fails = false;
      await bench.clock.advance(10);
    });
    expect(bench.events.map(({ type }) => type)).toEqual(['retry', 'left']);
    expect(count()).toBe(0);
  });
  test('beside another signer of the name', async () => {
    const controller = new AbortController();
    const second = runSigner(
      testSigner(bench, root, controller.signal, { onEvent: (event) => bench.events.push(event) }),
    );
    const requests = await bench.whileSigning({}, () => Promise.all(Array.from({ length: 20 }, () => bench.create())));
    controller.abort();
    await second;
    for (const request of requests) expect((await bench.reread(request)).terminal).toBe('Issued');
    expect(bench.events.filter(({ type }) => type === 'issued')).toHaveLength(20);
  });
});

describe('runs', () => {
  test('no more at once than it may', async () => {
    let active = 0;
    let most = 0;
    const toRequest: SignerOptions['toRequest'] = async () => {
      most = Math.max(most, ++active);
      await turn();
      active--;
      return { subjectAltName: [{ type: 'dNSName', value: 'x.example' }], lifetime: 3600 };
    };
    await bench.whileSigning({ toRequest, concurrency: 3 }, async () => {
      for (let i = 0; i < 12; i++) await bench.create();
      for (let i = 0; i < 30; i++) await turn();
    });
    expect(most).toBe(3);
    expect(bench.events.filter(({ type }) => type === 'issued')).toHaveLength(12);
    await expect(runSigner(testSigner(bench, root, AbortSignal.abort(), { concurrency: 0 }))).rejects.toThrow(
      RangeError,
    );
  });
  test('no more signatures at once than it may, whatever else it does meanwhile, and asks whose they are in their turn', async () => {
    let [looking, mostLooking, signing, mostSigning] = [0, 0, 0, 0];
    const toRequest: SignerOptions['toRequest'] = async () => {
      mostLooking = Math.max(mostLooking, ++looking);
      await turn();
      looking--;
      return { subjectAltName: [{ type: 'dNSName', value: 'x.example' }], lifetime: 3600 };
    };
    const profile = testProfile(root);
    const { signMany: _, ...key } = profile.issuer.key;
    const slow = {
      ...key,
      sign: async (tbs: Uint8Array) => {
        mostSigning = Math.max(mostSigning, ++signing);
        for (let i = 0; i < 3; i++) await turn();
        signing--;
        return await key.sign(tbs);
      },
    };
    const compiled = { ...profile, issuer: { ...profile.issuer, key: slow } };
    let isOurs = true;
    const share = { owns: () => isOurs, onChange: () => () => {} };
    const limits = { toRequest, signatures: 2, compiled: () => compiled, share };
    await bench.whileSigning(limits, async () => {
      for (let i = 0; i < 12; i++) await bench.create();
      for (let i = 0; i < 60; i++) await turn();
    });
    expect([mostLooking, mostSigning]).toEqual([12, 2]);
    expect(bench.events.filter(({ type }) => type === 'issued')).toHaveLength(12);
    await bench.whileSigning(limits, async () => {
      for (let i = 0; i < 6; i++) await bench.create();
      while (signing < 2) await turn();
      isOurs = false; // those that wait for their turn are others' now
      for (let i = 0; i < 60; i++) await turn();
    });
    expect(bench.events.filter(({ type }) => type === 'issued')).toHaveLength(14);
    isOurs = true;
    const next = testRoot(NOW);
    let current: CompiledProfile = compiled;
    const changing = { ...limits, compiled: () => current };
    await bench.whileSigning(changing, async () => {
      for (let i = 0; i < 6; i++) await bench.create();
      while (signing < 2) await turn();
      const { signMany: _none, ...nextKey } = testProfile(next).issuer.key;
      current = { ...testProfile(next), issuer: { ...testProfile(next).issuer, key: nextKey } };
      for (let i = 0; i < 90; i++) await turn();
    });
    // What waited is of the authority that there was in its turn, and what others left before is ours again.
    expect(bench.events.filter(({ type }) => type === 'retry')).toEqual([]);
    expect(bench.events.filter(({ type }) => type === 'issued')).toHaveLength(24);
    await expect(runSigner(testSigner(bench, root, AbortSignal.abort(), { signatures: 0 }))).rejects.toThrow(
      RangeError,
    );
  });
  test('until it is told to end: what is being signed is written, what waits is left', async () => {
    const controller = new AbortController();
    let release = () => {};
    const toRequest: SignerOptions['toRequest'] = async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return { subjectAltName: [{ type: 'dNSName', value: 'x.example' }], lifetime: 3600 };
    };
    const running = runSigner(testSigner(bench, root, controller.signal, { toRequest, concurrency: 1 }));
    const first = await bench.create();
    const second = await bench.create();
    await turn();
    controller.abort();
    await turn();
    release();
    await running;
    expect((await bench.reread(first)).terminal).toBe('Issued');
    expect((await bench.reread(second)).terminal).toBeUndefined();
  });
  test('on when the watch breaks', async () => {
    let broken = 2;
    const watchRequests: PodCertificateApi['watchRequests'] = (selector, options) => {
      if (broken-- > 0) throw new ApiError('Expired', 'too old resource version');
      return bench.api.watchRequests(selector, options);
    };
    const request = await bench.create();
    await bench.whileSigning({ api: { ...bench.api, watchRequests } }, () => bench.clock.advance(20));
    expect(bench.events.map(({ type }) => type)).toEqual(['disconnected', 'disconnected', 'issued']);
    expect((await bench.reread(request)).terminal).toBe('Issued');
  });
  test('and serves a request once that the next watch shows again', async () => {
    const shownTwice: PodCertificateApi['watchRequests'] = async function* (selector, options) {
      for await (const event of bench.api.watchRequests(selector, options)) {
        yield event;
        if (event.type === 'added') yield event;
      }
    };
    let asked = 0;
    let release = () => {};
    const toRequest: SignerOptions['toRequest'] = async () => {
      asked++;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return { subjectAltName: [{ type: 'dNSName', value: 'x.example' }], lifetime: 3600 };
    };
    await bench.whileSigning({ api: { ...bench.api, watchRequests: shownTwice }, toRequest }, async () => {
      await bench.create();
      for (let i = 0; i < 5; i++) await turn();
      expect(asked).toBe(1);
      release();
    });
    expect(bench.events.map(({ type }) => type)).toEqual(['issued']);
  });
  test('and forgets a request that is deleted while it waits', async () => {
    await bench.whileSigning({ toRequest: () => Promise.reject(new Error('later')) }, async () => {
      const { metadata } = await bench.create();
      await turn();
      await bench.api.deleteRequest('shop', metadata.name);
      await turn();
      expect(bench.events.map(({ type }) => type)).toEqual(['retry', 'left']);
      await bench.clock.advance(600);
      expect(bench.events).toHaveLength(2);
      expect(bench.clock.nextWake()).toBeUndefined();
    });
  });
  test('and leaves to others what becomes theirs while it waits, and forgets what goes while nobody looks', async () => {
    let isOurs = true;
    let tell = () => {};
    const share: SignerOptions['share'] = {
      owns: () => isOurs,
      onChange(listener) {
        tell = listener;
        return () => {};
      },
    };
    const looked: string[] = [];
    let cut = () => {};
    const watched: PodCertificateApi = {
      ...bench.api,
      getRequest: (namespace, name) => {
        looked.push(name);
        return bench.api.getRequest(namespace, name);
      },
      async *watchRequests(selector, { signal }) {
        const cutting = new AbortController();
        cut = () => cutting.abort();
        yield* bench.api.watchRequests(selector, { signal: AbortSignal.any([signal, cutting.signal]) });
      },
    };
    let fails = true;
    const toRequest: SignerOptions['toRequest'] = async () => {
      if (fails) throw new Error('later');
      return { subjectAltName: [{ type: 'dNSName', value: 'x.example' }], lifetime: 3600 };
    };
    await bench.whileSigning({ api: watched, share, toRequest }, async () => {
      const [first, second] = [await bench.create(), await bench.create()];
      await turn();
      isOurs = false;
      await bench.clock.advance(10);
      expect(bench.events.map(({ type }) => type).toSorted()).toEqual(['left', 'left', 'retry', 'retry']);
      cut();
      await turn();
      await bench.api.deleteRequest('shop', first.metadata.name);
      await bench.clock.advance(10);
      isOurs = true;
      fails = false;
      tell();
      await bench.clock.advance(1);
      expect(looked).toEqual([second.metadata.name]);
      expect((await bench.reread(second)).terminal).toBe('Issued');
    });
  });
  test.each([
    ['annotations', { unverifiedUserAnnotations: { 'x.example/a': '<'.repeat(200_000) } }],
    ['many annotations', { unverifiedUserAnnotations: Object.fromEntries(many) }],
  ])('and denies one with large %s without keeping them', async (_name, spec) => {
    let refusals = 3;
    const away: PodCertificateApi = {
      ...bench.api,
      updateStatus: async (version, status) => {
        if (refusals-- > 0) throw new ApiError('InternalError', 'etcd');
        return await bench.api.updateStatus(version, status);
      },
    };
    const request = await bench.create(spec);
    await bench.whileSigning({ api: away, annotations: Object.keys(spec.unverifiedUserAnnotations) }, async () => {
      await bench.clock.advance(200);
    });
    expect(bench.events.map(({ type }) => type)).toEqual(['retry', 'retry', 'retry', 'denied']);
    expect((bench.events[0] as { request: PodCertificateRequest }).request.spec.unverifiedUserAnnotations).toEqual({});
    expect((await bench.reread(request)).status.conditions[0]).toMatchObject({
      type: 'Denied',
      reason: 'RequestTooLarge',
    });
  });
  test('many at once as one batch where the key signs batches, and one alone at once', async () => {
    const batches: number[] = [];
    const signMany = (batch: readonly Uint8Array[]) => {
      batches.push(batch.length);
      return batch.map((tbs) => root.key.sign(tbs));
    };
    const compiled = testProfile({ ...root, key: { ...root.key, signMany } });
    const noTimer = () => {
      throw new Error('Cannot wait');
    };
    const requests: PodCertificateRequest[] = [];
    for (let i = 0; i < 20; i++) requests.push(await bench.create());
    await bench.whileSigning({ compiled: () => compiled }, async () => {
      for (let i = 0; i < 10; i++) await turn();
    });
    expect(batches).toEqual([20]);
    await bench.whileSigning({ compiled: () => compiled, timer: noTimer }, async () => {
      requests.push(await bench.create());
      for (let i = 0; i < 5; i++) await turn();
    });
    expect(batches).toEqual([20, 1]);
    for (const request of requests) expect((await bench.reread(request)).terminal).toBe('Issued');
    expect(bench.events.filter(({ type }) => type === 'issued')).toHaveLength(21);
  });
  test('one that is deleted while its batch gathers is not signed', async () => {
    const signed: number[] = [];
    const signMany = (batch: readonly Uint8Array[]) => {
      signed.push(batch.length);
      return batch.map((tbs) => root.key.sign(tbs));
    };
    const compiled = testProfile({ ...root, key: { ...root.key, signMany } });
    let release = () => {};
    let fire = () => {};
    const slow = new Promise<void>((resolve) => {
      release = resolve;
    });
    const options: Partial<SignerOptions> = {
      compiled: () => compiled,
      timer: (callback) => {
        fire = callback;
        return () => {};
      },
      toRequest: async ({ metadata }) => {
        if (metadata.name === 'slow') await slow;
        return { subjectAltName: [{ type: 'dNSName', value: 'x.example' }], lifetime: 3600 };
      },
    };
    await bench.whileSigning(options, async () => {
      await bench.api.createRequest(testRequest({}, { name: 'slow' }));
      await bench.api.createRequest(testRequest({}, { name: 'gone' }));
      await bench.api.createRequest(testRequest({}, { name: 'quick' }));
      for (let i = 0; i < 5; i++) await turn();
      expect(signed).toEqual([]);
      await bench.api.deleteRequest('shop', 'gone');
      for (let i = 0; i < 5; i++) await turn();
      fire();
      for (let i = 0; i < 5; i++) await turn();
      expect(signed).toEqual([1]);
      release();
    });
    expect(signed).toEqual([1, 1]);
    expect(bench.events.map(({ type }) => type)).toEqual(['issued', 'issued']);
  });
  test('makes certificates as the policy says', async () => {
    const asked: number[] = [];
    await bench.whileSigning(
      {
        issueMany: async (compiled, requests, around) => {
          asked.push(requests.length);
          return await issueMany(compiled, requests, around);
        },
      },
      () => bench.create(),
    );
    expect(asked).toEqual([1]);
    expect(bench.events).toMatchObject([{ type: 'issued' }]);
  });
});
