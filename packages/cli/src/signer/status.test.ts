import type { PodCertificateRequest } from '@mayfly/pod-certificates';
import { ApiError } from '@mayfly/pod-certificates/api';
import type { SignerEvent } from '@mayfly/pod-certificates/signer';
import { expect, test } from 'vitest';
import type { ClusterAuthorities } from './authorities.js';
import { createSignerStatus } from './status.js';

const authorities = {
  notAfter: () => 100_000,
  generations: () => [
    {
      certificate: { serialNumber: 0xabcn, validity: { notBefore: 0, notAfter: 100_000 } },
      state: 'active',
      since: 10,
    },
    { certificate: { serialNumber: 0xdefn, validity: { notBefore: 900, notAfter: 200_000 } }, state: 'prepared' },
  ],
  anchors: () => [{}, {}],
  nextStep: () => ({ type: 'activate', at: 5000 }),
} as unknown as ClusterAuthorities; // no more of it is read here

/** A status on a clock that is set by hand. */
function newStatus(members?: readonly string[]) {
  const clock = { now: 1000 };
  const status = createSignerStatus({
    signerName: 'example.com/workload',
    authorities,
    now: () => clock.now,
    problems: () => [],
    bundle: () => ({ name: 'example.com:workload:mayfly', resourceVersion: '7' }),
    members: () => members,
  });
  return { clock, status };
}

const requestOf = (pod: string, creationTimestamp = 990) =>
  ({
    metadata: { namespace: 'shop', name: `req-${pod}`, uid: `uid-${pod}`, creationTimestamp },
    spec: { podName: pod, podUID: `pod-${pod}` },
  }) as PodCertificateRequest; // no more of it is read here

const issued = (pod: string, serialNumber: bigint, notAfter: number): SignerEvent => ({
  type: 'issued',
  request: requestOf(pod),
  serialNumber,
  notAfter,
  beginRefreshAt: notAfter - 500,
});

test('a pod that gets certificates has them, and rotations, in its row', () => {
  const { status } = newStatus();
  status.note(issued('web', 1n, 5000));
  status.note(issued('web', 2n, 9000));
  expect(status.certificates()).toEqual([
    {
      id: 'pod-web',
      pod: 'shop/web',
      signerName: 'example.com/workload',
      held: [
        { serialNumber: '1', notBefore: 990, refreshAt: 4500, notAfter: 5000 },
        { serialNumber: '2', notBefore: 990, refreshAt: 8500, notAfter: 9000 },
      ],
      rotations: 1,
    },
  ]);
  expect(status.summary().counts).toEqual({ issued: 2, rotations: 1, overdue: 0, refused: 0 });
});

test('what waits and what was refused is told with its reason, until it is issued', () => {
  const { status } = newStatus();
  const request = requestOf('web');
  status.note({ type: 'retry', request, error: new ApiError('ServiceUnavailable', 'down'), at: 1010 });
  expect(status.certificates()).toMatchObject([{ requestedAt: 990, retryAt: 1010, problem: 'down' }]);
  status.note({ type: 'denied', request, denial: { reason: 'NotGranted', message: 'no such name' } });
  expect(status.certificates()).toEqual([
    expect.objectContaining({ problem: 'denied: no such name (NotGranted)', held: [] }),
  ]);
  expect(status.certificates()[0]).not.toHaveProperty('retryAt');
  status.note(issued('web', 1n, 5000));
  expect(status.certificates()[0]).not.toHaveProperty('problem');
  expect(status.summary().counts.refused).toBe(1);
});

test('pods are forgotten an hour after their certificates ended, refusals sooner', () => {
  const { clock, status } = newStatus();
  status.note(issued('web', 1n, 5000));
  status.note({ type: 'failed', request: requestOf('db'), denial: { reason: 'Key', message: 'weak' } });
  clock.now = 2201;
  expect(status.certificates().map(({ pod }) => pod)).toEqual(['shop/web']);
  clock.now = 8600;
  expect(status.certificates().length).toBe(1);
  clock.now = 8601;
  expect(status.certificates()).toEqual([]);
});

test('pods are remembered in bounds, those that something happened to last', () => {
  const { status } = newStatus();
  for (let i = 0; i < 20_010; i++) status.note(issued(`p${i}`, BigInt(i), 50_000));
  status.note(issued('p10', 1n, 50_000));
  const pods = status.certificates().map(({ pod }) => pod);
  expect(pods.length).toBe(20_000);
  expect(pods[0]).toBe('shop/p11');
  expect(pods.at(-1)).toBe('shop/p10');
});

test('who shares the requests, what signs, and what comes next', () => {
  expect(newStatus().status.summary()).not.toHaveProperty('members');
  expect(newStatus(['a', 'b']).status.summary()).toMatchObject({
    members: 2,
    authorities: [
      { serialNumber: 'abc', state: 'active', since: 10, notAfter: 100_000 },
      { serialNumber: 'def', state: 'prepared', notBefore: 900 },
    ],
    trustBundles: [{ generation: '7', anchors: 2 }],
    steps: [
      { at: 5000, message: 'The next authority signs: example.com/workload' },
      { at: 100_000, message: 'The authority ends: example.com/workload' },
    ],
  });
});
