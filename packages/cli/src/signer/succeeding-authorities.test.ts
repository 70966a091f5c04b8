import { randomBytes } from 'node:crypto';
import { compile, issueSync } from '@mayfly/ca';
import { podPeer } from '@mayfly/ca/profiles';
import { generateKeySync } from '@mayfly/keys/node';
import { parseAuthorities } from '@mayfly/rotation/authorities';
import { type Certificate, parseCertificate } from '@mayfly/x509';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ClusterAuthorities } from './authorities.js';
import { DAY, HOUR, NOW, type SuccessionBench, successionBench } from './testing/succession-bench.js';

let { clock, server, log, open } = {} as SuccessionBench;
/** The bundle that is out there. */
let bundle: readonly Certificate[];
beforeEach(() => {
  ({ clock, server, log, open } = successionBench({ other: 'a2VwdA==' }));
  bundle = [];
});

const publish = async (anchors: readonly Certificate[]): Promise<void> => {
  bundle = anchors;
};
const act = (authorities: ClusterAuthorities, holds: () => boolean = () => true) => authorities.act(publish, holds);
const reasons = () => log.map(({ reason }) => reason);
const serials = (certificates: readonly Certificate[] = bundle) => certificates.map(({ serialNumber }) => serialNumber);
const stateOf = () => parseAuthorities(Buffer.from(server.secret().data['authorities.json']!, 'base64').toString());
const request = {
  subjectPublicKeyInfo: generateKeySync('P-256').subjectPublicKeyInfo,
  subjectAltName: [{ type: 'dNSName', value: 'a.b.svc' }] as const,
  lifetime: DAY,
};

function issue(authorities: ClusterAuthorities): Certificate {
  const issuer = authorities.issuer();
  const profile = podPeer({ backdate: 60, maxLifetime: authorities.maxLifetime() });
  const around = { now: () => clock.now(), randomBytes: (length: number) => new Uint8Array(randomBytes(length)) };
  return parseCertificate(
    issueSync(compile(profile, issuer as Parameters<typeof issueSync>[0]['issuer']), request, around).certificate,
  );
}

test('an empty Secret gets a first authority, which signs at once; what else is in it stays', async () => {
  const authorities = await open();
  expect(() => authorities.issuer()).toThrow('no authority of Secret mayfly/ca is active');
  await act(authorities);
  expect(issue(authorities).issuer).toEqual(bundle[0]!.subject);
  expect(reasons()).toEqual(['AuthorityPrepared', 'AuthorityActivated']);
  expect(Object.keys(server.secret().data).toSorted()).toEqual(
    ['authorities.json', 'other', `${bundle[0]!.serialNumber.toString(16)}.key`].toSorted(),
  );
  expect(authorities.nextStep()).toMatchObject({ type: 'prepare', at: expect.any(Number) });
  const before = server.writes();
  await act(authorities);
  expect(server.writes()).toBe(before);
});

test.each([0, 12 * HOUR])(
  'of a year, every certificate leads to an anchor of every bundle that may still be out there, canaries of %d s',
  async (canary) => {
    const authorities = await open({ canary });
    const leaves: Certificate[] = [];
    const bundles: { readonly at: number; readonly names: ReadonlySet<string> }[] = [];
    const issuers = new Set<string>();
    const nameOf = (name: Uint8Array): string => Buffer.from(name).toString('hex');
    for (const end = NOW + 365 * DAY; clock.now() < end; await clock.advance(6 * HOUR)) {
      await act(authorities);
      bundles.push({ at: clock.now(), names: new Set(bundle.map(({ subject }) => nameOf(subject))) });
      const leaf = issue(authorities);
      issuers.add(nameOf(leaf.issuer));
      leaves.push(leaf);
      const alive = leaves.filter(({ validity }) => validity.notAfter >= clock.now()).slice(-30);
      for (const { names } of bundles.slice(-2))
        for (const { issuer } of alive) expect(names.has(nameOf(issuer)), `${clock.now() - NOW}`).toBe(true);
    }
    expect(issuers.size).toBeGreaterThan(12);
    expect(bundle.length).toBeLessThanOrEqual(2);
    // Keys of what retires are gone; those that remain sign or will.
    const held = Object.keys(server.secret().data).filter((name) => name.endsWith('.key'));
    expect(held).toHaveLength(stateOf().filter(({ state }) => state !== 'retiring').length);
  },
);

test('of two that act at once one begins again, and nothing is lost', async () => {
  const [one, other] = [await open(), await open()];
  await Promise.all([act(one), act(other)]);
  for (let i = 0; i < 3; i++) await Promise.all([act(one), act(other)]);
  expect(stateOf()).toHaveLength(1);
  expect(serials()).toEqual(stateOf().map(({ certificate }) => certificate.serialNumber));
  await one.look();
  await other.look();
  expect(one.issuer().certificate.serialNumber).toBe(other.issuer().certificate.serialNumber);
});

test('who holds no longer writes and publishes nothing', async () => {
  const authorities = await open();
  let left = 1;
  await act(authorities, () => left-- > 0);
  expect([server.writes(), bundle]).toEqual([0, []]);
});

test('a write whose answer was lost is found, not made again', async () => {
  const authorities = await open();
  let failures = 3;
  server.afterWrite = () => {
    if (failures-- > 0) throw new Error('connection reset');
  };
  for (let i = 0; i < 4; i++) await act(authorities).catch(() => {});
  expect(stateOf()).toMatchObject([{ state: 'active' }]);
  expect(issue(authorities).issuer).toEqual(bundle[0]!.subject);
});

test('a bundle that cannot be published keeps its authority from being prepared', async () => {
  const authorities = await open();
  const failing = async (): Promise<void> => {
    throw new Error('Forbidden');
  };
  await expect(authorities.act(failing, () => true)).rejects.toThrow('Forbidden');
  expect(server.writes()).toBe(0);
});

describe('another replica', () => {
  test('signs with what retires for less than that is trusted, and stops when it has not read for a minute', async () => {
    const [leader, follower] = [await open(), await open()];
    await act(leader);
    await follower.look();
    const first = leader.issuer().certificate;
    await clock.advance(26 * DAY);
    while (reasons().filter((reason) => reason === 'AuthorityActivated').length < 2) {
      await clock.advance(HOUR);
      await follower.look();
      await act(leader);
    }
    // The follower read just before the change, and never again.
    await clock.advance(59);
    const late = issue(follower);
    expect(late.issuer).toEqual(first.subject);
    const noted = stateOf().find(({ certificate }) => certificate.serialNumber === first.serialNumber)!;
    expect(noted.state).toBe('retiring');
    expect(late.validity.notAfter).toBeLessThanOrEqual(noted.lastLeafNotAfter);
    await clock.advance(1);
    expect(() => issue(follower)).toThrow('was read 60 s ago');
  });

  test('by the wall clock too, which runs while a machine sleeps', async () => {
    const authorities = await open();
    await act(authorities);
    await clock.advance(59);
    authorities.issuer();
    await clock.step(1);
    expect(() => authorities.issuer()).toThrow('was read 60 s ago');
    await authorities.look();
    authorities.issuer();
  });
});

describe('before their time', () => {
  test('a planned rotation prepares the successor now and waits for its propagation', async () => {
    const authorities = await open();
    await act(authorities);
    const [first] = serials();
    server.change({ annotations: { 'mayfly.dev/rotate': 'planned' } });
    await act(authorities);
    expect(serials()).toEqual([first, expect.any(BigInt)]);
    expect(authorities.issuer().certificate.serialNumber).toBe(first);
    expect(authorities.nextStep()).toEqual({ type: 'activate', at: NOW + HOUR });
    expect(server.secret().metadata['annotations']).not.toHaveProperty(['mayfly.dev/rotate']);
    await clock.advance(HOUR);
    await act(authorities);
    expect(authorities.issuer().certificate.serialNumber).toBe(serials()[1]);
    expect(serials()).toHaveLength(2);
    await clock.advance(DAY + 500);
    await act(authorities);
    expect(serials()).toHaveLength(1);
  });
  test('one that waits for its turn is what a planned rotation asked for', async () => {
    const authorities = await open();
    await act(authorities);
    for (let i = 0; i < 2; i++) {
      server.change({ annotations: { 'mayfly.dev/rotate': 'planned' } });
      await act(authorities);
    }
    expect(stateOf().map(({ state }) => state)).toEqual(['active', 'prepared']);
  });
  test('a rotation that nobody knows is told once, and nothing is rotated', async () => {
    const authorities = await open();
    await act(authorities);
    const before = serials();
    server.change({ annotations: { 'mayfly.dev/rotate': 'emergancy' } });
    for (let i = 0; i < 3; i++) await act(authorities);
    expect(serials()).toEqual(before);
    expect(log.filter(({ level }) => level === 'error')).toMatchObject([
      {
        reason: 'RotationUnknown',
        message: expect.stringContaining('mayfly.dev/rotate "emergancy" of Secret mayfly/ca'),
      },
    ]);
  });
  test('an emergency leaves one new authority that signs, and no key or root of those before', async () => {
    const authorities = await open();
    await act(authorities);
    server.change({ annotations: { 'mayfly.dev/rotate': 'planned' } });
    await act(authorities);
    const before = serials();
    server.change({ annotations: { 'mayfly.dev/rotate': 'emergency' } });
    await act(authorities);
    expect(serials()).toHaveLength(1);
    expect(before).not.toContain(serials()[0]);
    expect(issue(authorities).issuer).toEqual(bundle[0]!.subject);
    expect(Object.keys(server.secret().data).filter((name) => name.endsWith('.key'))).toEqual([
      `${serials()[0]!.toString(16)}.key`,
    ]);
    expect(reasons().at(-1)).toBe('AuthoritiesReplaced');
    expect(() => authorities.issuer()).not.toThrow();
  });
  test('an emergency is over when the root is published alone and nobody may sign with another', async () => {
    const noted = () => (server.secret().metadata['annotations'] as Record<string, string>)['mayfly.dev/rotate'];
    const [leader, follower] = [await open(), await open()];
    await act(leader);
    server.change({ annotations: { 'mayfly.dev/rotate': 'emergency' } });
    await follower.look();
    const failing = async (anchors: readonly Certificate[]): Promise<void> => {
      if (noted() === 'replaced') throw new Error('Forbidden');
      bundle = anchors;
    };
    await expect(leader.act(failing, () => true)).rejects.toThrow('Forbidden');
    await clock.advance(59);
    follower.issuer();
    await expect(leader.act(failing, () => true)).rejects.toThrow('Forbidden');
    expect([noted(), bundle.length]).toEqual(['replaced', 2]);
    await clock.advance(1);
    await expect(leader.act(failing, () => true)).rejects.toThrow('Forbidden');
    expect(noted()).toBe('replaced');
    expect(() => follower.issuer()).toThrow('was read 60 s ago');
    await act(leader);
    expect([noted(), serials()]).toEqual([undefined, [leader.issuer().certificate.serialNumber]]);
    expect(reasons().at(-1)).toBe('AuthoritiesDistrusted');
  });
});

test('a longer lifetime of certificates is noted before it is granted, and never forgotten', async () => {
  const before = await open();
  await act(before);
  const after = await open({ maxLifetime: 2 * DAY });
  expect(after.maxLifetime()).toBe(DAY);
  await act(after);
  expect(after.maxLifetime()).toBe(2 * DAY);
  const shorter = await open({ maxLifetime: HOUR });
  expect(shorter.maxLifetime()).toBe(HOUR);
  server.change({ annotations: { 'mayfly.dev/rotate': 'planned' } });
  await act(shorter);
  await clock.advance(HOUR);
  await act(shorter);
  expect(stateOf()[0]!.lastLeafNotAfter).toBeGreaterThanOrEqual(clock.now() + 2 * DAY);
});

test('a longer lifetime that the active authority cannot outlive waits for the next, and signing goes on meanwhile', async () => {
  const before = await open();
  await act(before);
  const after = await open({ lifetime: 400 * DAY, maxLifetime: 31 * DAY });
  const lifetimes = new Set<number>();
  const [first] = bundle;
  let lastOfFirst = 0;
  for (const end = clock.now() + 2 * HOUR; clock.now() < end; await clock.advance(300)) {
    await act(after);
    await before.look();
    lifetimes.add(after.maxLifetime());
    for (const { issuer, validity } of [issue(after), issue(before)]) {
      expect(bundle.map(({ subject }) => subject)).toContainEqual(issuer);
      if (Buffer.from(issuer).equals(first!.subject)) lastOfFirst = validity.notAfter;
    }
  }
  expect(stateOf()[0]!.lastLeafNotAfter).toBeGreaterThanOrEqual(lastOfFirst);
  expect([...lifetimes]).toEqual([DAY, 31 * DAY]);
  expect(stateOf().map(({ state }) => state)).toEqual(['retiring', 'active']);
});

test('an active authority that ends before what is granted is said to', async () => {
  const authorities = await open();
  await act(authorities);
  await clock.advance(29 * DAY + 1);
  await authorities.look();
  expect(() => authorities.issuer()).toThrow('ends in 23h59m, before a certificate of 1d');
});

test('an authority that is too short-lived for its certificates is refused', async () => {
  await expect(open({ lifetime: DAY })).rejects.toMatchObject({
    code: 'ERR_CLI_USAGE',
    message: expect.stringContaining('--ca-lifetime'),
  });
});

test('who was told of too short a life for the certificates of others makes no authority', async () => {
  const before = await open({ lifetime: 30 * DAY });
  await act(before);
  const after = await open({ lifetime: 400 * DAY, maxLifetime: 60 * DAY });
  await act(after);
  await clock.advance(HOUR);
  await act(after);
  const known = stateOf();
  await clock.advance(300 * DAY);
  for (const rotate of [undefined, 'planned', 'emergency']) {
    server.change({ annotations: { 'mayfly.dev/rotate': rotate } });
    await expect(act(before)).rejects.toMatchObject({
      code: 'ERR_CLI_USAGE',
      message: expect.stringContaining('--ca-lifetime'),
    });
  }
  expect(serials()).toEqual(serials(stateOf().map(({ certificate }) => certificate)));
  expect(stateOf().at(-1)!.certificate).toEqual(known.at(-1)!.certificate);
  await act(after);
  expect(serials()).toHaveLength(1);
});
