import { parsePem } from '@mayfly/der/pem';
import type { ClusterTrustBundle } from '@mayfly/pod-certificates';
import { ApiError, type PodCertificateApi } from '@mayfly/pod-certificates/api';
import { type Certificate, parseCertificate } from '@mayfly/x509';
import { beforeEach, describe, expect, test } from 'vitest';
import { rotateAuthorities } from '../commands/ca-rotate.js';
import type { ClusterAuthorities } from './authorities.js';
import { readAuthoritySecret } from './authority-secret.js';
import { DAY, HOUR, NOW, SECRET, type SuccessionBench, successionBench } from './testing/succession-bench.js';
import { bundlePublisher } from './trust-bundle.js';

const CANARY = 6 * HOUR;

let { clock, server, log, open: openWith } = {} as SuccessionBench;
/** What is out there: for all pods, and for those that look at the canary. */
let live: readonly bigint[];
let early: readonly bigint[];
type Bundle = Parameters<PodCertificateApi['applyTrustBundle']>[0];
/** All bundles that were written, the last one last. */
let applied: Bundle[];
/** Last parts of the names of bundles that nobody may write. */
let refused: string[];
beforeEach(() => {
  applied = [];
  refused = [];
  ({ clock, server, log, open: openWith } = successionBench());
  live = early = [];
});

const open = (canary: number = CANARY): Promise<ClusterAuthorities> => openWith({ canary });
const api: Parameters<typeof bundlePublisher>[0] = {
  async applyTrustBundle(bundle) {
    if (refused.some((end) => bundle.metadata.name.endsWith(end))) throw new ApiError('Forbidden', 'cannot patch');
    applied.push(bundle);
    return { ...bundle, metadata: { ...bundle.metadata, resourceVersion: String(applied.length) } } as never;
  },
  async getTrustBundle(name) {
    const bundle = applied.findLast(({ metadata }) => metadata.name === name);
    if (bundle === undefined) throw new ApiError('NotFound', 'no such bundle');
    return bundle as ClusterTrustBundle;
  },
  async deleteTrustBundle(name) {
    if (refused.some((end) => name.endsWith(end))) throw new ApiError('Forbidden', 'cannot delete');
    applied = applied.filter(({ metadata }) => metadata.name !== name);
  },
};
const rootsOf = (name: string): readonly bigint[] => {
  const bundle = applied.findLast(({ metadata }) => metadata.name === `example.com:workload:${name}`);
  return parsePem(bundle?.spec.trustBundle ?? '').map(({ bytes }) => parseCertificate(bytes).serialNumber);
};
const act = async (authorities: ClusterAuthorities, hasCanary = true): Promise<void> => {
  const options = { signerName: 'example.com/workload', bundle: 'mayfly', hasCanary, log: () => {} };
  try {
    await authorities.act(bundlePublisher(api, options, clock).publish, () => true);
  } finally {
    live = rootsOf('mayfly');
    early = rootsOf('mayfly-canary');
  }
};
const signing = (authorities: ClusterAuthorities) => authorities.issuer().certificate.serialNumber;
const reasons = () => log.map(({ reason }) => reason);
const rotate = () => server.change({ annotations: { 'mayfly.dev/rotate': 'planned' } });

/** The first authority signs, and a second was asked for. */
async function announced(): Promise<{ authorities: ClusterAuthorities; first: bigint; next: bigint }> {
  const authorities = await open();
  await act(authorities);
  const [first] = live;
  rotate();
  await act(authorities);
  return { authorities, first: first!, next: early[1]! };
}

test('the first authority is no canary: nobody trusts another yet', async () => {
  await act(await open());
  expect(reasons()).toEqual(['AuthorityPrepared', 'AuthorityActivated']);
  expect(early).toEqual(live);
});

test('the next is seen by canaries, then by all, then signs, then the old one goes', async () => {
  const { authorities, first, next } = await announced();
  expect([live, early]).toEqual([[first], [first, next]]);
  expect(authorities.nextStep()).toEqual({ type: 'prepare', at: NOW + CANARY });
  expect(server.secret().metadata['annotations']).not.toHaveProperty(['mayfly.dev/rotate']);
  await clock.advance(CANARY - 1);
  await act(authorities);
  expect([live, early]).toEqual([[first], [first, next]]);
  await clock.advance(1);
  await act(authorities);
  expect([live, early, signing(authorities)]).toEqual([[first, next], [first, next], first]);
  expect(authorities.nextStep()).toEqual({ type: 'activate', at: NOW + CANARY + HOUR });
  await clock.advance(HOUR);
  await act(authorities);
  expect(signing(authorities)).toBe(next);
  await clock.advance(2 * DAY);
  await act(authorities);
  expect([live, early]).toEqual([[next], [next]]);
  expect(reasons().slice(2)).toEqual([
    ...['AuthorityAnnounced', 'AuthorityPrepared', 'AuthorityActivated', 'AuthorityRetired'],
  ]);
});

test('the propagation begins when all pods get it, however late that is', async () => {
  const { authorities, first, next } = await announced();
  await clock.advance(CANARY + 5 * HOUR); // nobody acted meanwhile
  await act(authorities);
  expect([live, signing(authorities)]).toEqual([[first, next], first]);
  await clock.advance(HOUR - 1);
  await act(authorities);
  expect(signing(authorities)).toBe(first);
  await clock.advance(1);
  await act(authorities);
  expect(signing(authorities)).toBe(next);
});

test('it is announced in time to be a canary before it is needed', async () => {
  const authorities = await open();
  await act(authorities);
  const { notAfter } = authorities.issuer().certificate.validity;
  const [withCanary, without] = [authorities.nextStep(), (await open(0)).nextStep()];
  expect(withCanary?.type).toBe('announce');
  expect(without).toEqual({ type: 'prepare', at: withCanary!.at + CANARY });
  expect(withCanary!.at).toBeLessThan(notAfter - DAY - HOUR - CANARY);
});

test('a lifetime that has no room for it is refused', async () => {
  await expect(open(30 * DAY)).rejects.toMatchObject({ code: 'ERR_CLI_USAGE' });
});

describe('while it is a canary', () => {
  test('another signer goes on with it, key and all', async () => {
    const { next } = await announced();
    const other = await open();
    await clock.advance(CANARY);
    await act(other);
    await clock.advance(HOUR);
    await act(other);
    expect(signing(other)).toBe(next);
    expect(Object.keys(server.secret().data).filter((name) => name.endsWith('.key'))).toHaveLength(1);
  });

  test('a second rotation is the one that is under way', async () => {
    const { authorities, first, next } = await announced();
    rotate();
    await act(authorities);
    expect([live, early]).toEqual([[first], [first, next]]);
    expect(server.secret().metadata['annotations']).not.toHaveProperty(['mayfly.dev/rotate']);
  });

  test('it can be withdrawn, and the next that is asked for is another', async () => {
    const { authorities, first, next } = await announced();
    const withdrawn = rotateAuthorities(server, SECRET, 'withdraw-canary', 60, clock);
    await clock.advance(1);
    await act(authorities);
    await clock.advance(1);
    expect((await withdrawn).canary).toBeUndefined();
    expect([live, early]).toEqual([[first], [first]]);
    expect(Object.keys(server.secret().data).filter((name) => name.endsWith('.key'))).toHaveLength(1);
    await clock.advance(CANARY + HOUR);
    await act(authorities);
    expect([live, signing(authorities)]).toEqual([[first], first]);
    rotate();
    await act(authorities);
    expect(early).toEqual([first, expect.any(BigInt)]);
    expect(early).not.toContain(next);
  });

  /** Withdraws what was announced because it was due, at this moment of the first authority's life. */
  async function withdrawnWhenDue(later: number) {
    const authorities = await open();
    await act(authorities);
    const { notAfter } = authorities.issuer().certificate.validity;
    await clock.advance(authorities.nextStep()!.at - clock.now());
    await act(authorities);
    expect(early).toHaveLength(2);
    await clock.advance(later);
    server.change({ annotations: { 'mayfly.dev/rotate': 'withdraw-canary' } });
    await act(authorities);
    expect([live.length, early.length]).toEqual([1, 1]);
    return { authorities, at: clock.now(), last: notAfter - DAY - HOUR - CANARY - 60 };
  }

  test('one that was due comes back after the time of a canary, and no sooner, whoever acts then', async () => {
    const { at } = await withdrawnWhenDue(HOUR);
    const other = await open();
    expect(other.nextStep()).toEqual({ type: 'announce', at: at + CANARY });
    await clock.advance(CANARY - 1);
    await act(other);
    expect(early).toHaveLength(1);
    await clock.advance(1);
    await act(other);
    expect(early).toHaveLength(2);
    expect(await readAuthoritySecret(server, SECRET)).toMatchObject({ withdrawnAt: undefined });
  });

  test('one that was due comes back sooner where the active authority would end before the next could sign', async () => {
    const due = await withdrawnWhenDue(CANARY - 1);
    // Again and again, until no time is left.
    for (let { at, last } = due; last - at > CANARY; at = clock.now()) {
      await clock.advance(CANARY);
      await act(due.authorities);
      await clock.advance(HOUR);
      server.change({ annotations: { 'mayfly.dev/rotate': 'withdraw-canary' } });
      await act(due.authorities);
    }
    expect(due.authorities.nextStep()).toEqual({ type: 'announce', at: due.last });
    await clock.advance(due.last - clock.now());
    await act(due.authorities);
    expect(early).toHaveLength(2);
    for (const wait of [CANARY, HOUR]) {
      await clock.advance(wait);
      await act(due.authorities);
      expect(() => due.authorities.issuer()).not.toThrow();
    }
    expect(signing(due.authorities)).toBe(early[1]);
  });

  test('one that is asked for, and an emergency, do not wait for what was withdrawn', async () => {
    const { authorities } = await withdrawnWhenDue(HOUR);
    rotate();
    await act(authorities);
    expect(early).toHaveLength(2);
    server.change({ annotations: { 'mayfly.dev/rotate': 'withdraw-canary' } });
    await act(authorities);
    server.change({ annotations: { 'mayfly.dev/rotate': 'emergency' } });
    await act(authorities);
    expect(await readAuthoritySecret(server, SECRET)).toMatchObject({ withdrawnAt: undefined });
  });

  test('an emergency drops it with all others', async () => {
    const { authorities, first, next } = await announced();
    server.change({ annotations: { 'mayfly.dev/rotate': 'emergency' } });
    await act(authorities);
    expect(early).toEqual(live);
    expect(live).toHaveLength(1);
    expect([first, next]).not.toContain(live[0]);
    expect((await readAuthoritySecret(server, SECRET)).canary).toBeUndefined();
    expect(Object.keys(server.secret().data).filter((name) => name.endsWith('.key'))).toHaveLength(1);
  });

  test('a signer that does without canaries shows it to all at once', async () => {
    const { first, next } = await announced();
    await act(await open(0), false);
    expect([live, early]).toEqual([[first, next], []]);
  });

  test.each<[string, (state: Record<string, unknown>) => object, RegExp]>([
    ['is two', ({ canary }) => doubled(canary), /canary is not one authority/],
    ['signs', (state) => ({ ...state['canary']!, authorities: activeOnes(state) }), /canary is not one authority/],
    ['is no state', () => ({ version: 7 }), /version: expected 1/],
  ])('a Secret whose canary %s is refused', async (_name, change, message) => {
    await announced();
    const { data } = server.secret();
    const state = JSON.parse(Buffer.from(data['authorities.json']!, 'base64').toString());
    const changed = JSON.stringify({ ...state, canary: change(state) });
    server.change({}, { ...data, 'authorities.json': Buffer.from(changed).toString('base64') });
    await expect(open()).rejects.toThrow(message);
  });
});

describe('while the canary bundle cannot be written', () => {
  const noted = () => (server.secret().metadata['annotations'] as Record<string, string>)['mayfly.dev/rotate'];
  const emergency = () => server.change({ annotations: { 'mayfly.dev/rotate': 'emergency' } });

  test.each([
    ['a signer with canaries', CANARY],
    ['a signer without canaries, which finds a canary bundle of before,', 0],
  ])('%s replaces all authorities, and ends the emergency when nothing trusts them any more', async (_name, canary) => {
    const { first, next } = await announced();
    const authorities = await open(canary);
    emergency();
    refused = ['-canary'];
    await expect(act(authorities, canary > 0)).rejects.toThrow('workload:mayfly-canary is not published: cannot patch');
    expect([live, early]).toEqual([[signing(authorities)], [first, next]]);
    expect(first).not.toBe(signing(authorities));
    await clock.advance(61);
    await expect(act(authorities, canary > 0)).rejects.toThrow('mayfly-canary');
    expect(noted()).toBe('replaced');
    refused = [];
    await act(authorities, canary > 0);
    expect([noted(), live]).toEqual([undefined, [signing(authorities)]]);
    expect(early).toEqual(canary > 0 ? live : []);
    expect(reasons().at(-1)).toBe('AuthoritiesDistrusted');
  });

  test('in an emergency all pods come before canaries, and who had no canaries gets none', async () => {
    const { authorities } = await announced();
    applied = [];
    emergency();
    await act(authorities);
    const variants = applied.map(({ metadata }) => metadata.labels?.['mayfly.dev/variant']);
    expect(variants).toEqual(['live', 'canary', 'live', 'canary', 'live', 'canary']);
    applied = [];
    await clock.advance(61);
    await act(authorities, false);
    expect([noted(), early]).toEqual([undefined, []]);
  });

  test('no next one is announced or shown to all, and everything else goes on', async () => {
    const authorities = await open();
    await act(authorities);
    rotate();
    refused = ['-canary'];
    await expect(act(authorities)).rejects.toThrow('mayfly-canary');
    expect([noted(), live.length, early.length]).toEqual(['planned', 1, 1]);
    refused = [];
    await act(authorities);
    expect([live.length, early.length]).toEqual([1, 2]);
    await clock.advance(CANARY);
    refused = ['-canary'];
    await expect(act(authorities)).rejects.toThrow('mayfly-canary');
    expect(live).toHaveLength(1);
    refused = [];
    await act(authorities);
    await clock.advance(HOUR);
    refused = ['-canary'];
    await expect(act(authorities)).rejects.toThrow('mayfly-canary');
    await clock.advance(2 * DAY);
    await expect(act(authorities)).rejects.toThrow('mayfly-canary');
    expect(reasons().slice(-2)).toEqual(['AuthorityActivated', 'AuthorityRetired']);
    expect([live, early.length]).toEqual([[signing(authorities)], 2]);
  });
});

const rowsOf = (state: unknown): readonly object[] => (state as { authorities: readonly object[] }).authorities;
const doubled = (canary: unknown) => ({ version: 1, authorities: [...rowsOf(canary), ...rowsOf(canary)] });
const activeOnes = (state: Record<string, unknown>) =>
  rowsOf(state['canary']).map((row) => ({ ...row, state: 'active' }));

describe('bundles', () => {
  const anchors = (...ders: number[]) => ders.map((der) => ({ der: Uint8Array.of(der) })) as unknown as Certificate[];
  const publisher = (hasCanary: boolean, bundle: string | undefined) =>
    bundlePublisher(
      api,
      { signerName: 'example.com/workload', bundle, hasCanary, log: (line) => log.push(line) },
      clock,
    );
  const seen = () =>
    applied.map(({ metadata, spec }) => [
      metadata.name,
      metadata.labels?.['mayfly.dev/variant'],
      spec.trustBundle.match(/BEGIN/g)?.length,
    ]);

  test('the canary has what comes, beside all that the live one has, and is there first', async () => {
    const { publish, published } = publisher(true, 'mayfly');
    await publish(anchors(1), 1, anchors(2)[0]);
    expect(seen()).toEqual([
      ['example.com:workload:mayfly-canary', 'canary', 2],
      ['example.com:workload:mayfly', 'live', 1],
    ]);
    expect(published()).toMatchObject({ name: 'example.com:workload:mayfly', resourceVersion: '2' });
    await publish(anchors(1), 1, anchors(2)[0]);
    expect(applied).toHaveLength(2);
    await publish(anchors(1, 2), 1);
    expect(seen().slice(2)).toEqual([['example.com:workload:mayfly', 'live', 2]]);
  });

  test("what is left of a canary is deleted when the live one is there, and what is another's is not", async () => {
    await publisher(true, 'mayfly').publish(anchors(1), 1, anchors(2)[0]);
    refused = ['-canary'];
    const { publish, doubt } = publisher(false, 'mayfly');
    for (const wait of [59, 1, 0]) {
      await publish(anchors(3), 2);
      await clock.advance(wait);
    }
    expect(seen().map(([name]) => name)).toContain('example.com:workload:mayfly-canary');
    const told = () =>
      log.filter(({ reason }) => reason.startsWith('TrustBundle') && reason !== 'TrustBundlePublished');
    expect(told().map(({ reason }) => reason)).toEqual(['TrustBundleLeft']); // once
    refused = [];
    await clock.advance(60);
    await publish(anchors(3), 2);
    expect(told().map(({ reason }) => reason)).toEqual(['TrustBundleLeft', 'TrustBundleDeleted']);
    expect(new Set(seen().map(([name]) => name))).toEqual(new Set(['example.com:workload:mayfly']));
    const name = 'example.com:workload:mayfly-canary';
    applied.push({ metadata: { name, labels: {} }, spec: { signerName: 'example.com/workload', trustBundle: '' } });
    doubt();
    await publish(anchors(3), 2);
    expect(seen().map(([name]) => name)).toContain(name);
  });

  test('without canaries there is one, and with no name none', async () => {
    await publisher(false, 'mayfly').publish(anchors(1), 1, anchors(2)[0]);
    expect(seen()).toEqual([['example.com:workload:mayfly', 'live', 1]]);
    await publisher(true, undefined).publish(anchors(1), 1, anchors(2)[0]);
    expect(applied).toHaveLength(1);
  });
});
