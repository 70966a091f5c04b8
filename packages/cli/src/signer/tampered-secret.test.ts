import { generateKeySync } from '@mayfly/keys/node';
import type { Certificate } from '@mayfly/x509';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ClusterAuthorities } from './authorities.js';
import { type SuccessionBench, successionBench } from './testing/succession-bench.js';

let { clock, server, open } = {} as SuccessionBench;
/** The bundle that is out there. */
let bundle: readonly Certificate[];
beforeEach(() => {
  ({ clock, server, open } = successionBench({ other: 'a2VwdA==' }));
  bundle = [];
});

const act = (authorities: ClusterAuthorities) =>
  authorities.act(
    async (anchors) => {
      bundle = anchors;
    },
    () => true,
  );
const serials = () => bundle.map(({ serialNumber }) => serialNumber);

describe('a Secret that was tampered with', () => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  test.each<readonly [string, (data: Record<string, string>) => Record<string, string>, RegExp]>([
    ['no JSON', (data) => ({ ...data, 'authorities.json': base64('{') }), /authorities\.json of Secret mayfly\/ca/],
    [
      'no base64',
      (data) => ({ ...data, 'authorities.json': '%' }),
      /authorities\.json of Secret mayfly\/ca: it is no text/,
    ],
    [
      'no key',
      ({ 'authorities.json': state }) => ({ 'authorities.json': state! }),
      /\.key of Secret mayfly\/ca: absent/,
    ],
    [
      'another key',
      (data) =>
        Object.fromEntries(
          Object.entries(data).map(([name, value]) => [
            name,
            name.endsWith('.key')
              ? base64(
                  `-----BEGIN PRIVATE KEY-----\n${Buffer.from(generateKeySync('P-256').exportPkcs8()).toString('base64')}\n-----END PRIVATE KEY-----\n`,
                )
              : value,
          ]),
        ),
      /not the key of its certificate/,
    ],
    [
      'keys without the authorities',
      ({ 'authorities.json': _state, ...rest }) => rest,
      /authorities\.json of Secret mayfly\/ca: it names no authority, and [0-9a-f]{32}\.key is the key of one/,
    ],
    [
      'keys with authorities that are empty',
      (data) => ({ ...data, 'authorities.json': '' }),
      /authorities\.json of Secret mayfly\/ca: it names no authority/,
    ],
    [
      'garbage for a key',
      (data) =>
        Object.fromEntries(
          Object.entries(data).map(([name, value]) => [name, name.endsWith('.key') ? base64('c4na7y') : value]),
        ),
      /no PRIVATE KEY in PEM/,
    ],
  ])('%s: said, with nothing secret; what was read before signs for its minute', async (_name, tamper, message) => {
    const authorities = await open();
    await act(authorities);
    server.change({}, tamper({ ...server.secret().data }));
    const failure = await open().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ code: 'ERR_CLI_STATE', message: expect.stringMatching(message) });
    expect(String(failure)).not.toContain('c4na7y');
    await expect(authorities.look()).rejects.toMatchObject({ code: 'ERR_CLI_STATE' });
    authorities.issuer();
    await clock.advance(60);
    expect(() => authorities.issuer()).toThrow('was read 60 s ago');
  });

  test('emptied: who knew authorities makes no other, and signs with what it knew for its minute', async () => {
    const authorities = await open();
    await act(authorities);
    const before = serials();
    server.change({}, { other: 'a2VwdA==' });
    const writes = server.writes();
    for (const attempt of [authorities.look(), act(authorities)])
      await expect(attempt).rejects.toMatchObject({
        code: 'ERR_CLI_STATE',
        message: expect.stringContaining('authorities are gone'),
      });
    expect([server.writes(), serials()]).toEqual([writes, before]);
    authorities.issuer();
    await clock.advance(60);
    expect(() => authorities.issuer()).toThrow('was read 60 s ago');
  });

  test.each([
    ['put back', 0, 'it is at write 2, and was at 3'],
    ['put back and written since', 1, 'it is at write 3, and was at another 3'],
  ])('%s: who knew later authorities uses no earlier ones', async (_name, acts, message) => {
    const authorities = await open();
    await act(authorities);
    const { data } = server.secret();
    server.change({ annotations: { 'mayfly.dev/rotate': 'emergency' } });
    await act(authorities);
    const known = serials();
    server.change({ annotations: {} }, data);
    for (; acts > 0; acts--) {
      server.change({ annotations: { 'mayfly.dev/rotate': 'planned' } });
      await (await open()).act(
        async () => {},
        () => true,
      );
    }
    for (const attempt of [authorities.look(), act(authorities)])
      await expect(attempt).rejects.toMatchObject({
        code: 'ERR_CLI_STATE',
        message: expect.stringContaining(message),
      });
    expect(serials()).toEqual(known);
    expect(authorities.issuer().certificate.serialNumber).toBe(known[0]);
    await (await open()).look();
  });

  test.each(['generation', 'longestLifetime'])('without %s', async (name) => {
    const authorities = await open();
    await act(authorities);
    const { data } = server.secret();
    const { [name]: _gone, ...rest } = JSON.parse(Buffer.from(data['authorities.json']!, 'base64').toString());
    server.change({}, { ...data, 'authorities.json': base64(JSON.stringify(rest)) });
    await expect(authorities.look()).rejects.toThrow(
      `authorities.json of Secret mayfly/ca: ${name} is no whole number`,
    );
  });
});
