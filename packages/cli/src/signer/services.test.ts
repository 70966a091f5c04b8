import { ApiError } from '@mayfly/pod-certificates/api';
import type { KubernetesClient, RawWatchEvent } from '@mayfly/pod-certificates/kubernetes';
import { simulatedClock } from '@mayfly/rotation/testing';
import { expect, test } from 'vitest';
import type { LogLine } from './log.js';
import { createServices } from './services.js';

const service = (name: string, resourceVersion: number) => ({
  metadata: { uid: name, name, namespace: 'shop', resourceVersion: String(resourceVersion) },
  spec: { selector: { app: name } },
});
const bookmark = (resourceVersion: number): RawWatchEvent => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: String(resourceVersion) } },
});

/** A cluster with one Service, which a test may list otherwise than it is watched. */
function world() {
  const clock = simulatedClock({ now: 1000 });
  const log: LogLine[] = [];
  const listed: string[] = [];
  const pending: RawWatchEvent[] = [];
  let wake = (): void => {};
  const page = { items: [service('web', 3)], resourceVersion: '5', next: '' };
  const client: Pick<KubernetesClient, 'list' | 'pages' | 'watch'> & {
    now: () => readonly ReturnType<typeof service>[];
  } = {
    now: () => [],
    async list(path) {
      listed.push(path);
      return { items: client.now(), resourceVersion: '9' };
    },
    async *pages() {
      yield page;
    },
    async *watch(_path, _query, signal) {
      signal.addEventListener('abort', () => wake());
      while (!signal.aborted) {
        yield* pending.splice(0);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
  const services = createServices(client, clock, (line) => void log.push(line));
  const stop = new AbortController();
  const follow = () => services.follow(stop.signal, () => {});
  const names = async () => (await services.of('shop')).map(({ name }) => name);
  return {
    ...{ clock, log, listed, client, services, names, follow },
    stop: () => stop.abort(),
    say(event: RawWatchEvent) {
      pending.push(event);
      wake();
    },
  };
}

test('Services are those that are followed, for two minutes after everything was told, then those of a list', async () => {
  const { clock, listed, client, names, follow, say, stop } = world();
  const following = follow();
  await clock.advance(1);
  expect(await names()).toEqual(['web']);
  await clock.advance(100);
  say(bookmark(7));
  await clock.advance(100);
  expect(await names()).toEqual(['web']);
  // An event says what it says, and not that no other is missing.
  say({ type: 'ADDED', object: service('db', 8) });
  await clock.advance(10);
  expect(await names()).toEqual(['web', 'db']);
  await clock.advance(10);
  expect(listed).toEqual([]);
  client.now = () => [service('other', 9)];
  expect(await names()).toEqual(['other']);
  say(bookmark(9));
  await clock.advance(1);
  expect(await names()).toEqual(['web', 'db']);
  expect(listed).toEqual(['/api/v1/namespaces/shop/services']);
  stop();
  await following;
});

test('a list is asked for once a minute, by all who wait together, and again where it failed', async () => {
  const { clock, listed, client, names } = world();
  client.now = () => {
    throw new ApiError('Forbidden', 'no list');
  };
  const both = await Promise.allSettled([names(), names()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(listed).toHaveLength(1);
  client.now = () => [service('web', 3)];
  expect(await Promise.all([names(), names()])).toEqual([['web'], ['web']]);
  client.now = () => [];
  await clock.advance(59);
  expect(await names()).toEqual(['web']);
  await clock.advance(1);
  expect(await names()).toEqual([]);
  expect(listed).toHaveLength(3);
});

test('where they may not be watched they are listed once a minute, and that is said', async () => {
  const { clock, client, log, listed, names, follow, stop } = world();
  client.watch = async function* () {
    yield* [];
    throw new ApiError('Forbidden', 'no watch');
  };
  const following = follow();
  await clock.advance(150);
  expect(await names()).toEqual(['web']);
  expect(listed).toEqual([]);
  expect(log.map(({ reason }) => reason)).toEqual(Array(3).fill('ServicesNotFollowed'));
  stop();
  await following;
});
