import type { Seconds } from '@mayfly/der';
import { simulatedClock } from '@mayfly/rotation/testing';
import { expect, test } from 'vitest';
import { ApiError, type List } from '../api.js';
import type { JsonObject } from '../json.js';
import type { RawWatchEvent } from './client.js';
import { KubernetesError } from './errors.js';
import type { ObjectIdentity } from './known-objects.js';
import { type ReflectorTrouble, reflect } from './reflector.js';

const object = (uid: string, resourceVersion: number | string) => ({
  metadata: { uid, resourceVersion: String(resourceVersion) },
});
const list = (resourceVersion: number, ...items: JsonObject[]): List<JsonObject> => ({
  items,
  resourceVersion: String(resourceVersion),
});
const event = (type: string, uid: string, resourceVersion: number | string): RawWatchEvent => ({
  type,
  object: object(uid, resourceVersion),
});
const bookmark = (resourceVersion: number): RawWatchEvent => ({
  type: 'BOOKMARK',
  object: { metadata: { resourceVersion: String(resourceVersion) } },
});
const expired = new ApiError('Expired', 'too old');

type Page = List<JsonObject> | Error;
/** One list, in pages, or one watch of a script: its answers, and how a watch ends (`undefined`: the server ends it). */
type Step =
  | { readonly list: Page | readonly Page[] }
  | { readonly watch: readonly RawWatchEvent[]; readonly end?: Error; readonly setBack?: Seconds };

/** Plays a script to a reflector; what it yields, what it asked for, and when. */
async function play(
  steps: readonly Step[],
  read: (json: unknown) => ObjectIdentity = (json) => json as ObjectIdentity,
  keep = (object: ObjectIdentity) => object,
) {
  const clock = simulatedClock({ now: 1000 });
  const stop = new AbortController();
  const left = [...steps];
  const asked: string[] = [];
  const trouble: ReflectorTrouble[] = [];
  const next = (what: string): Step => {
    asked.push(`${what} at ${clock.monotonic() / 1000}`);
    const step = left.shift();
    if (step === undefined) stop.abort();
    return step ?? { watch: [] };
  };
  const client = {
    async *pages(_path: string, query: Readonly<Record<string, unknown>> = {}) {
      const from = query['continue'] === undefined ? '' : ` behind ${query['continue']}`;
      const step = next(`list${from}`);
      if (!('list' in step)) throw new Error('the script has a watch here');
      for (const page of [step.list].flat()) {
        if (page instanceof Error) throw page;
        yield { next: '', ...page };
      }
    },
    async *watch(_path: string, query: Readonly<Record<string, unknown>>) {
      const step = next(`watch ${query['resourceVersion']}`);
      if (!('watch' in step)) throw new Error('the script has a list here');
      yield* step.watch;
      if (step.setBack !== undefined) void clock.step(-step.setBack);
      if (step.end !== undefined) throw step.end;
    },
  };
  const told: string[] = [];
  const run = (async () => {
    const options = { client, path: '/p', query: {}, read, keep, clock, signal: stop.signal, random: () => 0 };
    for await (const each of reflect({ ...options, onTrouble: (each) => trouble.push(each) }))
      told.push(
        each.type === 'bookmark'
          ? `= ${each.resourceVersion}`
          : `${each.type} ${each.object.metadata.uid} ${each.object.metadata.resourceVersion}`,
      );
  })();
  let isOver = false;
  const outcome = run
    .then(
      () => undefined,
      (error: unknown) => error,
    )
    .finally(() => (isOver = true));
  for (let i = 0; !isOver && i < 2000; i++) await clock.advance(1);
  return { told, asked, trouble, error: await outcome };
}

test('tells what there is, then what changes, and resumes where a watch ended', async () => {
  const { told, asked } = await play([
    { list: list(5, object('a', 3), object('b', 4)) },
    { watch: [event('MODIFIED', 'a', 6), event('ADDED', 'c', 7), event('DELETED', 'b', 8), bookmark(12)] },
    { watch: [event('MODIFIED', 'c', 13)], end: new KubernetesError('ERR_KUBERNETES_CONNECTION', '/p', 'broken') },
  ]);
  expect(told).toEqual([
    'added a 3',
    'added b 4',
    '= 5',
    'modified a 6',
    'added c 7',
    'deleted b 8',
    '= 12',
    'modified c 13',
  ]);
  expect(asked).toEqual(['list at 0', 'watch 5 at 0', 'watch 12 at 1', 'watch 13 at 2']);
});

test('lists anew where the server has forgotten, no sooner than a minute later, and tells the difference', async () => {
  const { told, asked, trouble } = await play([
    { list: list(5, object('a', 3), object('b', 4), object('c', 5)) },
    { watch: [], end: expired },
    { list: list(90, object('a', 3), object('b', 50), object('d', 80)) },
    { watch: [event('MODIFIED', 'c', 70), event('ADDED', 'e', 91)] },
  ]);
  expect(told.slice(4)).toEqual(['modified b 50', 'added d 80', 'deleted c 5', '= 90', 'added e 91']);
  expect(asked).toEqual(['list at 0', 'watch 5 at 0', 'list at 60', 'watch 90 at 60', 'watch 91 at 61']);
  expect(trouble).toEqual([]);
});

test('drops what is older than what it has told, and what is gone stays gone', async () => {
  const { told } = await play([
    { list: list(5, object('a', 5)) },
    {
      watch: [
        event('ADDED', 'a', 5),
        event('MODIFIED', 'a', 9),
        event('MODIFIED', 'a', 7),
        event('MODIFIED', 'a', 9),
        event('DELETED', 'a', 10),
        event('MODIFIED', 'a', 8),
        event('DELETED', 'a', 10),
        event('SOMETHING', 'b', 11),
        event('MODIFIED', 'a', '99999999999999999999'),
      ],
    },
    { watch: [event('ADDED', 'z', '100000000000000000000')] },
  ]);
  expect(told).toEqual(['added a 5', '= 5', 'modified a 9', 'deleted a 10', 'added z 100000000000000000000']);
});

test('begins anew with a server that was set back or lags behind: what it does not know is gone, and may come back', async () => {
  const { told } = await play([
    { list: list(900, object('a', 800), object('b', 890)) },
    { watch: [event('DELETED', 'a', 901)], end: expired },
    { list: list(850, object('a', 800)) },
    { watch: [event('MODIFIED', 'a', 851), event('ADDED', 'b', 890)] },
  ]);
  const first = ['added a 800', 'added b 890', '= 900', 'deleted a 901'];
  expect(told).toEqual([...first, 'added a 800', 'deleted b 890', '= 850', 'modified a 851', 'added b 890']);
});

test('tells of a page what is new before the next comes, and of what is gone behind the last', async () => {
  const { told, asked, trouble } = await play([
    { list: [list(5, object('a', 3), object('b', 4)), list(5, object('c', 5))] },
    { watch: [], end: expired },
    { list: [list(90, object('a', 3), object('d', 80)), expired] },
    { list: [list(91, object('a', 3)), list(91, object('c', 60), object('e', 91))] },
  ]);
  expect(told.slice(4)).toEqual(['added d 80', 'modified c 60', 'added e 91', 'deleted b 4', 'deleted d 80', '= 91']);
  expect(asked.slice(2)).toEqual(['list at 60', 'list at 120', 'watch 91 at 120']);
  expect(trouble.map(({ type }) => type)).toEqual(['interrupted']);
});

test('goes on with the page that failed, and anew where the server has forgotten the moment of the pages', async () => {
  const away = new ApiError('InternalError', 'away');
  const page = (uid: string, version: number) => ({ ...list(version, object(uid, 3)), next: uid });
  const { told, asked } = await play([
    { list: [page('a', 5), page('b', 5), away] },
    { list: [away] },
    { list: [page('c', 5), away] },
    { list: [expired] },
    { list: [page('b', 90), away] },
    { list: [page('d', 90)] },
  ]);
  expect(asked).toEqual([
    ...['list at 0', 'list behind b at 1', 'list behind b at 2', 'list behind c at 3'],
    ...['list at 62', 'list behind b at 63', 'watch 90 at 63'],
  ]);
  expect(told).toEqual(['added a 3', 'added b 3', 'added c 3', 'added d 3', 'deleted a 3', 'deleted c 3', '= 90']);
});

test('keeps of an object what it is told to', async () => {
  const keep = ({ metadata: { uid, resourceVersion } }: ObjectIdentity) => ({
    metadata: { uid: `kept ${uid}`, resourceVersion },
  });
  const { told } = await play(
    [{ list: list(5, object('a', 3)) }, { watch: [], end: expired }, { list: list(90) }],
    undefined,
    keep,
  );
  expect(told).toEqual(['added a 3', '= 5', 'deleted kept a 3', '= 90']);
});

test('waits longer after each failure, as long as the server asks for, and no longer once it goes again', async () => {
  const away = new ApiError('ServiceUnavailable', 'away');
  const { asked, trouble } = await play([
    { list: away },
    { list: new ApiError('TooManyRequests', 'slow', { retryAfter: 17 }) },
    { list: list(5) },
    { watch: [], end: away },
    { watch: [bookmark(6)], end: away },
    { watch: [] },
  ]);
  expect(asked).toEqual([
    'list at 0',
    'list at 1',
    'list at 18',
    'watch 5 at 18',
    'watch 5 at 19',
    'watch 6 at 20',
    'watch 6 at 21',
  ]);
  expect(trouble.map(({ type }) => type)).toEqual(Array(4).fill('interrupted'));
});

test('a watch that was doubted is resumed without a wait of its own, once a second at most', async () => {
  const end = new KubernetesError('ERR_KUBERNETES_TIMEOUT', '/p', 'nothing came');
  const { asked, trouble } = await play([{ list: list(5) }, { watch: [], end }, { watch: [], end }, { watch: [] }]);
  expect(asked).toEqual(['list at 0', 'watch 5 at 0', 'watch 5 at 1', 'watch 5 at 2', 'watch 5 at 3']);
  expect(trouble).toMatchObject([{ at: 1000 }, { at: 1001 }]);
});

test('a watch that ends each time at once is asked for once a second', async () => {
  const { asked } = await play([{ list: list(5) }, ...Array.from({ length: 60 }, () => ({ watch: [] }))]);
  expect(asked.at(-1)).toBe('watch 5 at 60');
  expect(asked).toHaveLength(62);
});

test('passes over what it cannot read, once told', async () => {
  const read = (json: unknown) => {
    const it = json as ObjectIdentity;
    if (it.metadata.uid === 'x') throw new Error('unreadable');
    return it;
  };
  const { told, trouble } = await play(
    [{ list: list(5, object('x', 1), object('a', 2)) }, { watch: [event('ADDED', 'x', 6), event('ADDED', 'b', 7)] }],
    read,
  );
  expect(told).toEqual(['added a 2', '= 5', 'added b 7']);
  expect(trouble.map(({ type }) => type)).toEqual(['unreadable', 'unreadable']);
});

test.each(['Forbidden', 'Unauthorized', 'NotFound', 'BadRequest'] as const)('%s ends it', async (reason) => {
  const { error } = await play([{ list: new ApiError(reason, 'no') }]);
  expect(error).toMatchObject({ reason });
  const { error: later } = await play([{ list: list(1) }, { watch: [], end: new ApiError(reason, 'no') }]);
  expect(later).toMatchObject({ reason });
});

test('waits no longer when the clock is set back', async () => {
  const away = new ApiError('ServiceUnavailable', 'away');
  const { asked } = await play([
    { list: list(5) },
    { watch: [], setBack: 3600 },
    { watch: [], end: away, setBack: 3600 },
    { watch: [], end: expired, setBack: 3600 },
    { list: list(9) },
  ]);
  expect(asked).toEqual(['list at 0', 'watch 5 at 0', 'watch 5 at 1', 'watch 5 at 2', 'list at 60', 'watch 9 at 60']);
});

test.each<[string, Step]>([
  ['by a bookmark', { watch: [bookmark(400)] }],
  [
    'by its refusal',
    { watch: [], end: new ApiError('Timeout', 'watch of /p: 504 Too large resource version: 900, current: 400') },
  ],
])('lists anew when a server shows %s that it was set back', async (_name, step) => {
  const { told, asked, trouble } = await play([
    { list: list(900, object('a', 300), object('b', 890)) },
    step,
    { list: list(401, object('a', 300), object('c', 401)) },
    { watch: [event('ADDED', 'd', 402), bookmark(403)] },
  ]);
  const first = ['added a 300', 'added b 890', '= 900'];
  expect(told).toEqual([...first, 'added c 401', 'deleted b 890', '= 401', 'added d 402', '= 403']);
  expect(asked).toEqual(['list at 0', 'watch 900 at 0', 'list at 60', 'watch 401 at 60', 'watch 403 at 61']);
  expect(trouble).toEqual([]);
});
