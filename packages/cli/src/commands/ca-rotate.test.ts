import { randomBytes } from 'node:crypto';
import { type SimulatedClock, simulatedClock } from '@mayfly/rotation/testing';
import type { Certificate } from '@mayfly/x509';
import { beforeEach, expect, test } from 'vitest';
import type { ClusterAuthorities } from '../signer/authorities.js';
import type { RotationRequest } from '../signer/authority-secret.js';
import { succeedingAuthorities } from '../signer/succeeding-authorities.js';
import { type SecretServer, secretServer } from '../signer/testing/secret-server.js';
import { openKeys } from '../up/keys.js';
import { rotateAuthorities } from './ca-rotate.js';

const secret = { namespace: 'mayfly', name: 'ca' };
const keys = await openKeys('node', () => {});
let clock: SimulatedClock;
let server: SecretServer;
let signer: ClusterAuthorities;
let bundle: readonly Certificate[];
beforeEach(async () => {
  clock = simulatedClock();
  server = secretServer({ other: 'a2VwdA==' });
  signer = await succeedingAuthorities({
    ...{ client: server, secret, keys, clock, signerName: 'example.com/workload', log: () => {} },
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    ...{ lifetime: 30 * 86_400, backdate: 60, maxLifetime: 86_400, canary: 0, propagation: 3600 },
  });
  await act();
});

const act = () =>
  signer.act(
    async (anchors) => {
      bundle = anchors;
    },
    () => true,
  );
const noted = () => (server.secret().metadata['annotations'] as Record<string, string>)['mayfly.dev/rotate'];

/** Asks, and tells whether it is over. */
function rotate(rotation: RotationRequest, timeout = 300) {
  const asked = { isOver: false, result: rotateAuthorities(server, secret, rotation, timeout, clock) };
  asked.result.then(
    () => (asked.isOver = true),
    () => {},
  );
  return asked;
}

test('a planned rotation is over when its authority is prepared; only the annotation is written', async () => {
  const before = server.secret();
  const asked = rotate('planned');
  await clock.advance(5);
  expect([asked.isOver, noted()]).toEqual([false, 'planned']);
  expect(server.secret().data).toEqual(before.data);
  await act();
  await clock.advance(1);
  expect((await asked.result).authorities.map(({ state }) => state)).toEqual(['active', 'prepared']);
});

test('an emergency is over a minute after all are replaced, and no planned rotation takes its place', async () => {
  const [old] = bundle;
  const asked = rotate('emergency');
  await clock.advance(2);
  const planned = expect(rotateAuthorities(server, secret, 'planned', 300, clock)).rejects.toMatchObject({
    code: 'ERR_CLI_STATE',
    message: expect.stringContaining('are being replaced in an emergency'),
  });
  await clock.advance(2);
  await planned;
  expect(noted()).toBe('emergency');
  await act();
  await clock.advance(59);
  await act();
  expect(asked.isOver).toBe(false);
  await clock.advance(1);
  await act();
  await clock.advance(1);
  const { authorities } = await asked.result;
  expect(authorities.map(({ certificate }) => certificate.der)).toEqual(bundle.map(({ der }) => der));
  expect(bundle).not.toContainEqual(old);
});

test('an emergency that somebody takes back is asked for again', async () => {
  const asked = rotate('emergency');
  await clock.advance(1);
  for (const note of ['planned', undefined]) {
    server.change({ annotations: { 'mayfly.dev/rotate': note } });
    await clock.advance(2);
    expect([asked.isOver, noted()]).toEqual([false, 'emergency']);
  }
  await act();
  await clock.advance(61);
  await act();
  await clock.advance(1);
  expect((await asked.result).authorities).toHaveLength(1);
});

test.each([
  ['no signer', async () => {}, 'no signer has begun it in 30 s'],
  ['no published bundle', act, 'all authorities are replaced, but after 30 s'],
])('%s: said after the time', async (_name, meanwhile, message) => {
  const failure = expect(rotate('emergency', 30).result).rejects.toMatchObject({
    code: 'ERR_CLI_STATE',
    message: expect.stringContaining(message),
  });
  await clock.advance(2);
  await meanwhile();
  await clock.advance(40);
  await failure;
});

test('a Secret without authorities has nothing to rotate', async () => {
  await expect(rotateAuthorities(secretServer(), secret, 'planned', 30, clock)).rejects.toThrow('it holds none');
});

test('a canary that is none is not withdrawn', async () => {
  await expect(rotate('withdraw-canary').result).rejects.toThrow('none of them is a canary');
});
