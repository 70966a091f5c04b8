import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Cluster, startCluster } from './cluster.js';
import { type Installation, installSigner } from './installation.js';
import { CERTIFICATES, createPod, newKey, requestFor, stubOf, type TestPod } from './objects.js';
import { quantile, report } from './results.js';
import { type SignerProcess, startSignerProcess } from './signer-process.js';
import { eventually } from './wait.js';
import { watchRequests } from './watcher.js';

const REQUESTS = 10_000;
/** Requests before: after them connections stand and code is compiled. */
const WARM_UP = 1000;
/** Requests that are on their way to the server at any time: with more it takes no more. */
const AT_ONCE = 4;
const PODS = 200;
const MIB = 1 << 20;

const binary = inject('cluster').binary;
const requests = `${CERTIFICATES}/namespaces/load/podcertificaterequests`;
let cluster: Cluster;
let installation: Installation;
let signer: SignerProcess;
const pods: TestPod[] = [];

beforeAll(async () => {
  cluster = await startCluster(binary);
  installation = await installSigner(cluster.admin, { signerName: 'example.com/load', namespace: 'signer' });
  for (let i = 0; i < PODS; i++)
    pods.push(await createPod(cluster.admin, { namespace: 'load', name: `web-${i}`, node: `node${i % 10}` }));
  const { url: server, directory } = cluster;
  signer = await startSignerProcess(installation, { server, authority: cluster.authority.credential, directory });
  await signer.ready();
});
afterAll(async () => {
  await signer.stop();
  await cluster.stop();
});

/** Runs the work for each number below `count`, so many at once. */
async function together(count: number, atOnce: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** Creates a request for each stub, as fast as the server takes them. */
const createAll = (prefix: string, stubs: readonly string[]): Promise<void> =>
  together(stubs.length, AT_ONCE, async (index) => {
    const spec = { signerName: installation.signerName, stubPKCS10Request: stubs[index] };
    const body = requestFor(pods[index % PODS]!, spec, { name: `${prefix}-${index}` });
    await cluster.admin.expect('POST', requests, body);
  });

const makeStubs = (count: number): readonly string[] => Array.from({ length: count }, () => stubOf(newKey()));

test('10,000 requests, created as fast as the server takes them', async () => {
  const sightings = await watchRequests(cluster, requests);
  const areAnswered = (count: number): Promise<true> =>
    eventually(`${count} are answered`, () => sightings.answered.size === count || undefined);
  await createAll('warm', makeStubs(WARM_UP));
  await areAnswered(WARM_UP);

  const stubs = makeStubs(REQUESTS);
  const before = signer.usage();
  const began = performance.now();
  await createAll('req', stubs);
  const created = performance.now();
  await areAnswered(WARM_UP + REQUESTS);
  const ended = performance.now();
  const after = signer.usage();
  sightings.close();

  const waits = [...sightings.answered]
    .filter(([name]) => name.startsWith('req-'))
    .map(([name, at]) => at - sightings.visible.get(name)!) // what is answered was added before
    .sort((a, b) => a - b);
  const seconds = (ended - began) / 1000;
  const cores = (after.cpuMs - before.cpuMs) / (ended - began);
  const median = quantile(waits, 0.5);
  const p99 = quantile(waits, 0.99);
  report({
    suite: 'signer',
    kubernetes: `1.${binary.minor}`,
    cases: [
      {
        name: 'signer/visible-to-issued',
        impl: 'mayfly',
        medianNs: Math.round(median * 1e6),
        p99Ns: Math.round(p99 * 1e6),
      },
    ],
    ratios: [],
    requests: REQUESTS,
    createdPerSecond: Math.round(REQUESTS / ((created - began) / 1000)),
    issuedPerSecond: Math.round(REQUESTS / seconds),
    lastAnswerAfterLastCreationMs: Math.round(ended - created),
    signerCores: Number(cores.toFixed(2)),
    signerPeakMiB: Math.round(after.peakBytes / MIB),
  });
  // Its last lines may come after the answers that they tell of.
  const issued = (): number => signer.log.filter(({ reason }) => reason === 'Issued').length;
  await eventually('the log tells of all', () => issued() >= REQUESTS + WARM_UP || undefined);
  expect(issued()).toBe(REQUESTS + WARM_UP);
  expect(signer.log.filter(({ level }) => level !== 'info')).toEqual([]);
  expect(median).toBeLessThanOrEqual(50);
  expect(p99).toBeLessThanOrEqual(500);
  expect(cores).toBeLessThanOrEqual(1);
  expect(after.peakBytes).toBeLessThanOrEqual(250e6);
});
