import { simulatedClock } from '@mayfly/rotation/testing';
import { describe, expect, test } from 'vitest';
import { ApiError } from '../api.js';
import { runSigner } from '../signer.js';
import { testProfile, testRoot } from '../testing/authority.js';
import { NOW, seededBytes, seededRandom, testCluster, testRequest, testSigner } from '../testing/cluster.js';
import { leaseServer, type Machine, machine, type Way } from '../testing/members.js';
import type { Leases } from './lease.js';
import { createSharing, type Sharing, type SharingEvent } from './sharing.js';

const KEYS = Array.from({ length: 40 }, (_, i) => `key-${i}`);

interface Member extends Machine {
  readonly identity: string;
  readonly sharing: Sharing;
  readonly events: SharingEvent[];
  isReady: boolean;
  stop(): Promise<void>;
}

function world() {
  const clock = simulatedClock({ now: NOW });
  const server = leaseServer();
  const members: Member[] = [];
  /** Every key that two had by their own word, at any second. */
  const clashes: string[] = [];
  const start = (identity: string): Member => {
    const on = machine(clock);
    const events: SharingEvent[] = [];
    const stopping = new AbortController();
    const sharing = createSharing({
      leases: on.reach(server),
      group: 'g',
      identity,
      clock: on.clock,
      isReady: () => member.isReady,
      onEvent: (event) => events.push(event),
    });
    const member = Object.assign(on, {
      identity,
      sharing,
      events,
      isReady: true,
      async stop() {
        stopping.abort();
        await running;
        members.splice(members.indexOf(member), 1);
      },
    });
    const running = sharing.run(stopping.signal);
    members.push(member);
    return member;
  };
  /** Who has a key; who is stopped does nothing with it. */
  const ownersOf = (key: string) => members.filter((each) => !each.isPaused() && each.sharing.owns(key));
  const judge = (): void => {
    for (const key of KEYS) {
      const owners = ownersOf(key).map(({ identity }) => identity);
      if (owners.length > 1) clashes.push(`${clock.now() - NOW} ${key}: ${owners.join(', ')}`);
    }
  };
  const pass = async (seconds: number): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      await clock.advance(1);
      judge();
    }
  };
  const isAllOwned = (): boolean => KEYS.every((key) => ownersOf(key).length === 1);
  return { clock, server, members, clashes, start, ownersOf, judge, pass, isAllOwned };
}

test('one that is alone takes everything after it has waited for others', async () => {
  const { start, pass, isAllOwned, ownersOf } = world();
  start('a');
  await pass(5);
  expect(ownersOf('key-0')).toEqual([]);
  await pass(5);
  expect(isAllOwned()).toBe(true);
});

test('one that joins takes a part of what each has, and moves nothing else', async () => {
  const { start, pass, isAllOwned, ownersOf, clashes } = world();
  start('a');
  start('b');
  await pass(12);
  const before = KEYS.map((key) => ownersOf(key)[0]!.identity);
  expect(new Set(before)).toEqual(new Set(['a', 'b']));
  start('c');
  await pass(12);
  expect(isAllOwned()).toBe(true);
  const after = KEYS.map((key) => ownersOf(key)[0]!.identity);
  const moved = after.filter((owner, i) => owner !== before[i]);
  expect(new Set(moved)).toEqual(new Set(['c']));
  expect(moved.length).toBeGreaterThan(KEYS.length / 6);
  expect(clashes).toEqual([]);
});

test('who ends in good order is followed at once, who vanishes after 15 seconds', async () => {
  const { start, pass, isAllOwned, clashes, server } = world();
  const [a, b] = [start('a'), start('b'), start('c')];
  await pass(12);
  await a!.stop();
  await pass(3);
  expect(isAllOwned()).toBe(true);
  via('cut')(b!);
  await pass(10);
  expect(isAllOwned()).toBe(false);
  await pass(10);
  expect(isAllOwned()).toBe(true);
  expect(b!.events.map(({ type }) => type)).toContain('lost');
  expect(clashes).toEqual([]);
  await pass(150);
  expect(server.names()).toHaveLength(1);
});

test('who is not ready leaves its share to those who are, at once, and has it again later', async () => {
  const { start, pass, isAllOwned, ownersOf, clashes, members } = world();
  const [a] = [start('a'), start('b'), start('c')];
  await pass(12);
  const shares = () => KEYS.map((key) => ownersOf(key)[0]?.identity);
  const before = shares();
  a!.isReady = false;
  expect(shares()).not.toContain('a');
  await pass(6);
  expect(isAllOwned()).toBe(true);
  const during = shares();
  expect(during).not.toContain('a');
  expect(during.filter((owner, i) => owner !== before[i])).toHaveLength(before.filter((owner) => owner === 'a').length);
  a!.isReady = true;
  await pass(14);
  expect(shares()).toEqual(before);
  expect(a!.events.map(({ type }) => type).filter((type) => type !== 'members')).toEqual([
    'joined',
    'unready',
    'ready',
  ]);
  for (const member of members) member.isReady = false;
  await pass(6);
  expect(shares()).toEqual(before);
  members[1]!.isReady = true;
  await pass(14);
  expect(new Set(shares())).toEqual(new Set(['b']));
  expect(clashes).toEqual([]);
});

test.each<readonly [string, Way, Way]>([
  ['and those who do not see that', 'open', 'cut'],
  ['and did not hear that others knew that it was not', 'loses answers', 'open'],
])('nothing is two members’ when one is ready again %s', async (_name, way, othersWay) => {
  for (const seconds of [1, 2, 3, 4, 5]) {
    const { start, judge, pass, clashes, isAllOwned } = world();
    const [a, b] = [start('a'), start('b')];
    await pass(12);
    a.way = way;
    a.isReady = false;
    await pass(seconds);
    a.way = 'open';
    b.way = othersWay;
    a.isReady = true;
    judge();
    await pass(9);
    b.way = 'open';
    await pass(20);
    expect(clashes).toEqual([]);
    expect(isAllOwned()).toBe(true);
  }
});

const via = (way: Way) => (member: Member) => {
  member.way = way;
};
const open = via('open');
test.each<readonly [string, (member: Member) => void, (member: Member) => void]>([
  ['cut off', via('cut'), open],
  ['behind a server that hangs', via('hangs'), open],
  ['without answers', via('loses answers'), open],
  ['stopped', (member) => member.pause(), (member) => member.resume()],
])('one %s for a while takes part again, and nothing is ever two members’', async (_name, harm, mend) => {
  for (const seconds of [3, 9, 11, 14, 16, 30, 400]) {
    const { start, pass, clashes, members, isAllOwned } = world();
    for (const name of ['a', 'b', 'c']) start(name);
    await pass(12);
    harm(members[0]!);
    await pass(seconds);
    mend(members[0]!);
    await pass(1);
    expect(clashes).toEqual([]);
    await pass(30);
    if (_name !== 'behind a server that hangs') expect(isAllOwned(), `${seconds} s`).toBe(true);
    expect(clashes).toEqual([]);
  }
});

test('a Lease that nobody may clear away keeps nobody from its share', async () => {
  const clock = simulatedClock({ now: NOW });
  const on = machine(clock);
  const reachable = on.reach(leaseServer());
  const leases: Leases = {
    ...reachable,
    delete: async () => {
      throw new ApiError('Forbidden', 'no delete');
    },
  };
  await reachable.create({
    name: 'g.gone',
    labels: { 'mayfly.dev/signer-group': 'g' },
    holderIdentity: 'gone',
    leaseDurationSeconds: 15,
    renewTime: 0,
    leaseTransitions: 0,
  });
  const stopping = new AbortController();
  const sharing = createSharing({ leases, group: 'g', identity: 'a', clock: on.clock });
  const running = sharing.run(stopping.signal);
  await clock.advance(300);
  expect(sharing.takesPart()).toBe(true);
  stopping.abort();
  await running;
});

test('a suspended machine finds that it holds nothing, though its monotonic clock stood', async () => {
  const { start, pass, clock, ownersOf } = world();
  start('a');
  await pass(12);
  expect(ownersOf('key-0')).toHaveLength(1);
  await clock.step(11);
  expect(ownersOf('key-0')).toEqual([]);
});

test.each([1, 2, 3, 4, 5, 6, 7, 8])('an hour of chaos, seed %i: nothing is ever two members’', async (seed) => {
  const random = seededRandom(seed);
  const { start, pass, members, clashes, isAllOwned } = world();
  const ways: readonly Way[] = ['open', 'cut', 'loses answers', 'open'];
  for (const name of ['a', 'b', 'c', 'd']) start(name);
  let next = 0;
  for (let at = 0; at < 3600; at += 1 + Math.floor(random() * 12)) {
    await pass(1 + Math.floor(random() * 12));
    const member = members[Math.floor(random() * members.length)]!;
    const draw = random();
    if (draw < 0.5) member.way = ways[Math.floor(random() * ways.length)]!;
    else if (draw < 0.6) member.isReady = !member.isReady;
    else if (draw < 0.75) member.pause();
    else if (draw < 0.9) for (const each of members) each.resume();
    else if (members.length > 2 && !member.isPaused()) {
      await member.stop();
      start(`n${next++}`);
    }
  }
  expect(clashes).toEqual([]);
  for (const member of members) {
    member.resume();
    member.way = 'open';
    member.isReady = random() < 0.5;
  }
  await pass(40);
  expect(isAllOwned()).toBe(true);
});

describe('signers that share', () => {
  const root = testRoot(NOW);

  test.each([11, 12, 13])('issue each request once while they are cut off and stopped, seed %i', async (seed) => {
    const { api, clock } = await testCluster();
    const server = leaseServer();
    const random = seededRandom(seed);
    const issued: string[] = [];
    const rivals: string[] = [];
    const stop = new AbortController();
    const ended = new AbortController();
    const machines = ['a', 'b', 'c'].map((identity, i) => {
      const on = machine(clock);
      const share = createSharing({ leases: on.reach(server), group: 'g', identity, clock: on.clock });
      const signer = runSigner(
        testSigner({ clock, api: on.reach(api) }, root, stop.signal, {
          clock: on.clock,
          share,
          randomBytes: seededBytes(seed * 10 + i),
          onEvent(event) {
            if (event.type === 'issued') issued.push(event.request.metadata.uid);
          },
          compiled({ metadata: { uid } }) {
            // About to sign: nobody else may be.
            for (const other of machines)
              if (other.identity !== identity && !other.on.isPaused() && other.share.owns(uid)) rivals.push(uid);
            return testProfile(root);
          },
        }),
      );
      return { on, identity, share, done: Promise.all([signer, share.run(ended.signal)]) };
    });
    const mend = (): void => {
      for (const { on } of machines) {
        on.resume();
        on.way = 'open';
      }
    };
    await clock.advance(12);
    let created = 0;
    for (let at = 0; at < 600; at += 3) {
      for (let i = 0; i < 2; i++, created++) await api.createRequest(testRequest());
      const { on } = machines[Math.floor(random() * machines.length)]!;
      const draw = random();
      if (draw < 0.2) on.way = 'cut';
      else if (draw < 0.3) on.pause();
      else if (draw < 0.6) {
        on.resume();
        on.way = 'open';
      }
      await clock.advance(3);
    }
    mend();
    await clock.advance(120);
    stop.abort();
    ended.abort();
    await Promise.all(machines.map(({ done }) => done));
    const { items } = await api.listRequests();
    expect(items.filter(({ terminal }) => terminal !== 'Issued')).toEqual([]);
    expect(rivals).toEqual([]);
    expect(new Set(issued).size).toBe(created);
    expect(issued).toHaveLength(created);
  });
});
