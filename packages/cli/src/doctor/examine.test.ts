import { ApiError } from '@mayfly/pod-certificates/api';
import { expect, test } from 'vitest';
import { examine, type SignerPlaces } from './examine.js';

const NOW = 1_788_256_800;
const SIGNER = 'example.com/workload';
const waiting = (name: string, signerName: string, age: number) => ({
  metadata: {
    namespace: 'shop',
    name,
    uid: name,
    resourceVersion: '1',
    creationTimestamp: rfc3339(NOW - age),
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

const rfc3339 = (at: number): string => new Date(at * 1000).toISOString();
const leaseOf = (holderIdentity: string, age: number) => ({ spec: { holderIdentity, renewTime: rfc3339(NOW - age) } });
const podOf = (name: string, signerName: string, age: number, nodeName: string | undefined = 'n') => ({
  metadata: { namespace: 'shop', name, uid: 'p', creationTimestamp: rfc3339(NOW - age) },
  spec: { nodeName, volumes: [{ name: 'a' }, { projected: { sources: [{}, { podCertificate: { signerName } }] } }] },
});
const answeredBy = (type: string, message: string) => ({
  ...waiting('r', SIGNER, 90),
  status: { conditions: [{ type, status: 'True', reason: 'Why', message }] },
});
const SECRET = { namespace: 'mayfly', name: 'mayfly-ca' };
const inSecret = (object: object) => ({
  places: { authorities: SECRET },
  answers: { '/api/v1/namespaces/mayfly/secrets/mayfly-ca': object },
});

/** A cluster in which all is well but for what a test says. */
async function bad(changes: {
  readonly answers?: Readonly<Record<string, unknown>>;
  readonly lists?: Readonly<Record<string, readonly object[] | Error>>;
  readonly ahead?: number;
  readonly places?: SignerPlaces;
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
    pods: [],
    leases: [leaseOf('one', 3)],
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
      async *pages(path) {
        const items = lists[path.split('/').at(-1)!]!;
        if (items instanceof Error) throw items;
        for (const item of items) yield { items: [{ ...item }], resourceVersion: '1', next: '' };
      },
    },
    SIGNER,
    NOW,
    changes.places ?? { lease: { namespace: undefined, name: 'mayfly.example.com.workload' } },
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
    [/^requests: 2 unanswered; shop\/a for 1m1s: .* is it running.*; shop\/b for 1m30s: .* belongs to Kubernetes/],
  ],
  [
    'the first few of many, and their number',
    { lists: { podcertificaterequests: Array.from({ length: 1007 }, (_, i) => waiting(`w${i}`, SIGNER, 90)) } },
    [/^requests: 1007 unanswered; shop\/w0 for .*; shop\/w4 for [^;]*; and 1002 more$/],
  ],
  [
    'of a pod what became of its newest request',
    {
      lists: {
        pods: [podOf('a', SIGNER, 90)],
        podcertificaterequests: [answeredBy('Denied', 'no'), waiting('new', SIGNER, 20), answeredBy('Failed', 'no')],
      },
    },
    [/^pods: 1 wait .*; shop\/a for 1m30s: new is not answered$/],
  ],
  [
    'that no signer runs, and since when',
    { lists: { leases: [leaseOf('one', 61), leaseOf('two', 90)] } },
    [
      /^signers: none holds a Lease of mayfly\.example\.com\.workload .*; one was last seen 1m1s ago; two was .* 1m30s ago/,
    ],
  ],
  [
    'signers that may not be listed',
    { lists: { leases: new ApiError('Forbidden', 'no') } },
    [/^signers: .*name their namespace with --lease namespace\/name/],
  ],
  [
    'a pod whose kubelet asks for nothing',
    { lists: { pods: [podOf('a', SIGNER, 61), podOf('b', 'example.com/other', 90), podOf('c', SIGNER, 30)] } },
    [/^pods: 1 wait for a certificate of example.com\/workload; shop\/a for 1m1s: the kubelet of n has asked for none/],
  ],
  ['no pod that waits for its node', { lists: { pods: [podOf('a', SIGNER, 90, '')] } }, []],
  ['no pods where they may not be listed', { lists: { pods: new ApiError('Forbidden', 'no') } }, []],
  [
    'a pod whose request was denied',
    { lists: { pods: [podOf('a', SIGNER, 90)], podcertificaterequests: [answeredBy('Denied', 'no such Service')] } },
    [/^pods: 1 wait .*; shop\/a for 1m30s: r is Denied: no such Service \(Why\); change what it asks for/],
  ],
  [
    'a pod that waits for something else',
    { lists: { pods: [podOf('a', SIGNER, 90)], podcertificaterequests: [answeredBy('Issued', '')] } },
    [/^pods: 1 wait .*r is issued; look at the pod's events/],
  ],
  [
    'a Secret without an authority',
    inSecret({ metadata: {} }),
    [/^authorities: Secret mayfly\/mayfly-ca: no authority yet/],
  ],
  [
    'a Secret that is corrupted',
    inSecret({ metadata: {}, data: { 'authorities.json': 'bm9uZQ==' } }),
    [/^authorities: Cannot use authorities.json of Secret mayfly\/mayfly-ca/],
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
  const managed = await bad({ answers: denied, places: { authorities: SECRET } });
  expect(managed).toContainEqual(
    expect.stringMatching(/^rights: may not get clustertrustbundles example.com:workload:mayfly;/),
  );
});
