import { type CompiledProfile, issueMany } from '@mayfly/ca';
import { beforeEach, describe, expect, test } from 'vitest';
import { runSigner, type SignerOptions } from './signer.js';
import { testProfile, testRoot } from './testing/authority.js';
import { NOW, testRequest, testSigner } from './testing/cluster.js';
import { type SignerBench, signerBench, turn } from './testing/signer-bench.js';
import type { PodCertificateRequest } from './types.js';

const root = testRoot(NOW);
let bench: SignerBench;
beforeEach(async () => {
  bench = await signerBench(root);
});

describe('signs', () => {
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
