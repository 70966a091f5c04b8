import { issueMany } from '@mayfly/ca';
import { beforeEach, describe, expect, test } from 'vitest';
import { ApiError, type PodCertificateApi } from './api.js';
import type { EmbeddedApi } from './embedded.js';
import { runSigner, type SignerEvent, type SignerOptions } from './signer.js';
import { testProfile, testRoot } from './testing/authority.js';
import { NOW, testCluster, testRequest, testSigner } from './testing/cluster.js';
import type { PodCertificateRequest } from './types.js';

const root = testRoot(NOW);
const turn = () => new Promise((resolve) => setImmediate(resolve));

let api: EmbeddedApi;
let clock: Awaited<ReturnType<typeof testCluster>>['clock'];
let events: SignerEvent[];
beforeEach(async () => {
  ({ api, clock } = await testCluster());
  events = [];
});

/** Runs a signer while `work` does what it does. */
async function whileSigning<T>(options: Partial<SignerOptions>, work: () => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const onEvent = (event: SignerEvent) => events.push(event);
  const running = runSigner(testSigner({ clock, api }, root, controller.signal, { onEvent, ...options }));
  try {
    const result = await work();
    for (let i = 0; i < 5; i++) await turn();
    return result;
  } finally {
    controller.abort();
    await running;
  }
}
const reread = ({ metadata }: PodCertificateRequest) => api.getRequest('shop', metadata.name);
const create = (spec = {}) => api.createRequest(testRequest(spec));

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
    let left = 5;
    const away: PodCertificateApi = {
      ...api,
      updateStatus: async (version, status) => {
        if (left-- > 0) throw new ApiError('InternalError', 'etcd');
        return await api.updateStatus(version, status);
      },
    };
    await whileSigning({ api: away, compiled }, async () => {
      await create();
      await clock.advance(200);
    });
    expect(events.at(-1)).toMatchObject({ type: 'issued' });
    expect(count()).toBe(1);
  });
  test('and knows its own when only the acknowledgement was lost', async () => {
    const { compiled, count } = counting();
    const deaf: PodCertificateApi = {
      ...api,
      updateStatus: async (version, status) => {
        await api.updateStatus(version, status);
        throw new Error('ECONNRESET');
      },
    };
    await whileSigning({ api: deaf, compiled }, async () => {
      await create();
      await clock.advance(10);
    });
    expect(events.map(({ type }) => type)).toEqual(['retry', 'issued']);
    expect(count()).toBe(1);
  });
  test('but makes it anew when the API server would not take the old one any more', async () => {
    const { compiled, count } = counting();
    let away = true;
    const flaky: PodCertificateApi = {
      ...api,
      updateStatus: async (version, status) => {
        if (away) throw new ApiError('ServiceUnavailable', 'away');
        return await api.updateStatus(version, status);
      },
    };
    await whileSigning({ api: flaky, compiled }, async () => {
      await create();
      await clock.advance(400);
      away = false;
      await clock.advance(120);
    });
    expect(events.at(-1)).toMatchObject({ type: 'issued', notAfter: expect.any(Number) });
    expect(count()).toBeGreaterThan(1);
    expect(count()).toBeLessThanOrEqual(Math.ceil((clock.now() - NOW) / 240));
  });
  test('beside another signer of the name', async () => {
    const controller = new AbortController();
    const second = runSigner(
      testSigner({ clock, api }, root, controller.signal, { onEvent: (event) => events.push(event) }),
    );
    const requests = await whileSigning({}, () => Promise.all(Array.from({ length: 20 }, () => create())));
    controller.abort();
    await second;
    for (const request of requests) expect((await reread(request)).terminal).toBe('Issued');
    expect(events.filter(({ type }) => type === 'issued')).toHaveLength(20);
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
    await whileSigning({ toRequest, concurrency: 3 }, async () => {
      for (let i = 0; i < 12; i++) await create();
      for (let i = 0; i < 30; i++) await turn();
    });
    expect(most).toBe(3);
    expect(events.filter(({ type }) => type === 'issued')).toHaveLength(12);
    await expect(runSigner(testSigner({ clock, api }, root, AbortSignal.abort(), { concurrency: 0 }))).rejects.toThrow(
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
    const running = runSigner(testSigner({ clock, api }, root, controller.signal, { toRequest, concurrency: 1 }));
    const first = await create();
    const second = await create();
    await turn();
    controller.abort();
    await turn();
    release();
    await running;
    expect((await reread(first)).terminal).toBe('Issued');
    expect((await reread(second)).terminal).toBeUndefined();
  });
  test('on when the watch breaks', async () => {
    let broken = 2;
    const watchRequests: PodCertificateApi['watchRequests'] = (selector, options) => {
      if (broken-- > 0) throw new ApiError('Expired', 'too old resource version');
      return api.watchRequests(selector, options);
    };
    const request = await create();
    await whileSigning({ api: { ...api, watchRequests } }, () => clock.advance(20));
    expect(events.map(({ type }) => type)).toEqual(['disconnected', 'disconnected', 'issued']);
    expect((await reread(request)).terminal).toBe('Issued');
  });
  test('and serves a request once that the next watch shows again', async () => {
    const shownTwice: PodCertificateApi['watchRequests'] = async function* (selector, options) {
      for await (const event of api.watchRequests(selector, options)) {
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
    await whileSigning({ api: { ...api, watchRequests: shownTwice }, toRequest }, async () => {
      await create();
      for (let i = 0; i < 5; i++) await turn();
      expect(asked).toBe(1);
      release();
    });
    expect(events.map(({ type }) => type)).toEqual(['issued']);
  });
  test('and forgets a request that is deleted while it waits', async () => {
    await whileSigning({ toRequest: () => Promise.reject(new Error('later')) }, async () => {
      const { metadata } = await create();
      await turn();
      await api.deleteRequest('shop', metadata.name);
      const before = events.length;
      await clock.advance(600);
      expect(events).toHaveLength(before);
      expect(clock.nextWake()).toBeUndefined();
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
    for (let i = 0; i < 20; i++) requests.push(await create());
    await whileSigning({ compiled: () => compiled }, async () => {
      for (let i = 0; i < 10; i++) await turn();
    });
    expect(batches).toEqual([20]);
    await whileSigning({ compiled: () => compiled, timer: noTimer }, async () => {
      requests.push(await create());
      for (let i = 0; i < 5; i++) await turn();
    });
    expect(batches).toEqual([20, 1]);
    for (const request of requests) expect((await reread(request)).terminal).toBe('Issued');
    expect(events.filter(({ type }) => type === 'issued')).toHaveLength(21);
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
    await whileSigning(options, async () => {
      await api.createRequest(testRequest({}, { name: 'slow' }));
      await api.createRequest(testRequest({}, { name: 'gone' }));
      await api.createRequest(testRequest({}, { name: 'quick' }));
      for (let i = 0; i < 5; i++) await turn();
      expect(signed).toEqual([]);
      await api.deleteRequest('shop', 'gone');
      for (let i = 0; i < 5; i++) await turn();
      fire();
      for (let i = 0; i < 5; i++) await turn();
      expect(signed).toEqual([1]);
      release();
    });
    expect(signed).toEqual([1, 1]);
    expect(events.map(({ type }) => type)).toEqual(['issued', 'issued']);
  });
  test('makes certificates as the policy says', async () => {
    const asked: number[] = [];
    await whileSigning(
      {
        issueMany: async (compiled, requests, around) => {
          asked.push(requests.length);
          return await issueMany(compiled, requests, around);
        },
      },
      create,
    );
    expect(asked).toEqual([1]);
    expect(events).toMatchObject([{ type: 'issued' }]);
  });
});
