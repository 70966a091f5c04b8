import { ApiError } from '@mayfly/pod-certificates/api';
import { expect, test } from 'vitest';
import { examine } from './examine.js';

const NOW = 1_788_256_800;
const SIGNER = 'example.com/workload';
const waiting = (name: string, signerName: string, age: number) => ({
  metadata: {
    namespace: 'shop',
    name,
    uid: name,
    resourceVersion: '1',
    creationTimestamp: new Date((NOW - age) * 1000).toISOString(),
  },
  spec: {
    signerName,
    podName: name,
    podUID: 'p',
    serviceAccountName: 's',
    serviceAccountUID: 's',
    nodeName: 'n',
    nodeUID: 'n',
  },
});

/** A cluster in which all is well but for what a test says. */
async function bad(changes: {
  readonly answers?: Readonly<Record<string, unknown>>;
  readonly lists?: Readonly<Record<string, readonly object[] | Error>>;
  readonly ahead?: number;
}): Promise<readonly string[]> {
  const resources = { resources: [{ name: 'podcertificaterequests' }, { name: 'clustertrustbundles' }] };
  const answers: Readonly<Record<string, unknown>> = {
    '/version': { gitVersion: 'v1.37.0' },
    '/apis/certificates.k8s.io': { versions: [{ version: 'v1' }] },
    '/apis/certificates.k8s.io/v1': resources,
    '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews': { status: { allowed: true } },
    ...changes.answers,
  };
  const lists: Readonly<Record<string, readonly object[] | Error>> = {
    clustertrustbundles: [{}],
    podcertificaterequests: [],
    ...changes.lists,
  };
  const findings = await examine(
    {
      clockAhead: () => changes.ahead ?? 0,
      async request({ path }) {
        const answer = answers[path];
        if (answer instanceof Error) throw answer;
        return answer;
      },
      async list(path) {
        const items = lists[path.split('/').at(-1)!]!;
        if (items instanceof Error) throw items;
        return { items: items.map((item) => ({ ...item })), resourceVersion: '1' };
      },
    },
    SIGNER,
    NOW,
  );
  return findings.filter(({ ok }) => !ok).map(({ check, message }) => `${check}: ${message}`);
}

test.each<[string, Parameters<typeof bad>[0], readonly RegExp[]]>([
  ['nothing where all is well', {}, []],
  [
    'a server that is not there, and no more',
    { answers: { '/version': new Error('ECONNREFUSED') } },
    [/^server: ECONNREFUSED$/],
  ],
  ['a clock that is off', { ahead: -300 }, [/^clock: the server's clock is -300 s ahead .* set the one that is wrong/]],
  [
    'an API that is off, with its gate',
    { answers: { '/apis/certificates.k8s.io': { versions: [] } } },
    [/^API: .*feature gate PodCertificateRequest=true/],
  ],
  [
    'trust bundles that are off, with their gates',
    { answers: { '/apis/certificates.k8s.io/v1': { resources: [{ name: 'podcertificaterequests' }] } } },
    [/^API: .*set the gates ClusterTrustBundle and ClusterTrustBundleProjection/],
  ],
  ['no bundle of the signer', { lists: { clustertrustbundles: [] } }, [/^trust bundle: none of example.com\/workload/]],
  [
    'requests that nobody answers, and why',
    {
      lists: {
        podcertificaterequests: [
          waiting('a', SIGNER, 61),
          waiting('b', 'kubernetes.io/kube-apiserver-client-pod', 90),
          waiting('c', SIGNER, 30),
        ],
      },
    },
    [/^requests: 2 unanswered; shop\/a for 61 s: .* is it running.*; shop\/b for 90 s: .* belongs to Kubernetes/],
  ],
  [
    'requests that may not be listed',
    { lists: { podcertificaterequests: new ApiError('Forbidden', 'no') } },
    [/^requests: may not be listed by this user/],
  ],
])('tells %s', async (_name, changes, expected) => {
  const told = await bad(changes);
  expect(told).toHaveLength(expected.length);
  expected.forEach((pattern, index) => {
    expect(told[index]).toMatch(pattern);
  });
});

test('tells every right that is missing', async () => {
  const denied = { '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews': { status: { allowed: false } } };
  const told = await bad({ answers: denied });
  expect(told).toHaveLength(12);
  expect(told[4]).toMatch(/^rights: may not sign signers example.com\/workload; add it to the ClusterRole/);
});
