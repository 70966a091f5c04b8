import { beforeEach, describe, expect, test } from 'vitest';
import { ApiError, type PodCertificateApi } from './api.js';
import { runSigner, type SignerOptions } from './signer.js';
import { deniedStatus } from './status.js';
import { testProfile, testRoot } from './testing/authority.js';
import { NOW, testSigner } from './testing/cluster.js';
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
});
