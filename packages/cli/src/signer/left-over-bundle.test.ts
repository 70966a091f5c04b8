import { randomBytes } from 'node:crypto';
import { generateKeySync } from '@mayfly/keys/node';
import { type EmbeddedApi, openEmbeddedApi } from '@mayfly/pod-certificates/embedded';
import { nodeVerifiers } from '@mayfly/pod-certificates/node';
import { type SimulatedClock, simulatedClock } from '@mayfly/rotation/testing';
import { type Certificate, parseCertificate } from '@mayfly/x509';
import { createCertificateSync, rootContents } from '@mayfly/x509/create';
import { buildName, encodeName } from '@mayfly/x509/name';
import { beforeEach, expect, test } from 'vitest';
import { withoutWrites } from './dry-run.js';
import type { LogLine } from './log.js';
import { type BundlePublisher, bundlePublisher } from './trust-bundle.js';

const NOW = 1_788_256_800;
const CANARY = 'example.com:workload:mayfly-canary';
const anchors: readonly Certificate[] = [root()];

function root(): Certificate {
  const key = generateKeySync('P-256');
  const contents = {
    serialNumber: 7n,
    validity: { notBefore: NOW, notAfter: NOW + 86_400 },
    subject: encodeName(buildName({ commonName: 'root' })),
    subjectKeyIdentifier: new Uint8Array(20),
  };
  return parseCertificate(createCertificateSync(rootContents(contents, key), key));
}

let clock: SimulatedClock;
let api: EmbeddedApi;
let log: LogLine[];
beforeEach(async () => {
  clock = simulatedClock({ now: NOW });
  log = [];
  const random = (length: number) => new Uint8Array(randomBytes(length));
  api = await openEmbeddedApi({ clock, randomBytes: random, verifiers: nodeVerifiers });
  await withCanaries().publish(anchors, 1);
});

const publisher = (to: Parameters<typeof bundlePublisher>[0], hasCanary: boolean, isDryRun = false): BundlePublisher =>
  bundlePublisher(
    to,
    { signerName: 'example.com/workload', bundle: 'mayfly', hasCanary, isDryRun, log: (line) => log.push(line) },
    clock,
  );
/** A signer of before, as it begins. */
const withCanaries = (): BundlePublisher => publisher(api, true);
const names = async () => (await api.listTrustBundles()).items.map(({ metadata }) => metadata.name);
const told = () => log.filter(({ message }) => message.includes('-canary ') && !message.includes('anchors'));

test('a canary bundle that is published again later is deleted again', async () => {
  const { publish } = publisher(api, false);
  await publish(anchors, 1);
  expect(await names()).not.toContain(CANARY);
  await withCanaries().publish(anchors, 1); // by a replica that is about to be replaced
  await clock.advance(599);
  await publish(anchors, 1);
  expect(await names()).toContain(CANARY);
  await clock.advance(1);
  await publish(anchors, 1);
  expect(await names()).not.toContain(CANARY);
  expect(told().map(({ reason }) => reason)).toEqual(['TrustBundleDeleted', 'TrustBundleDeleted']);
});

test.each<[string, () => Promise<unknown>]>([
  ['another version of it', () => withCanaries().publish([...anchors, root()], 2)],
  ['another of its name', () => api.deleteTrustBundle(CANARY).then(() => withCanaries().publish(anchors, 1))],
])('what was published between look and deletion stays: %s', async (_name, meanwhile) => {
  let wasRead = false;
  const { publish } = publisher(
    {
      ...api,
      async getTrustBundle(name) {
        const bundle = await api.getTrustBundle(name);
        if (!wasRead) await meanwhile();
        wasRead = true;
        return bundle;
      },
    },
    false,
  );
  await publish(anchors, 1);
  expect(await names()).toContain(CANARY);
  expect(told()).toEqual([]);
  await clock.advance(60);
  await publish(anchors, 1);
  expect(await names()).not.toContain(CANARY);
});

test('a dry run says once what would be deleted, and deletes nothing', async () => {
  const { publish } = publisher(withoutWrites(api), false, true);
  for (const wait of [600, 600]) {
    await publish(anchors, 1);
    await clock.advance(wait);
  }
  expect(await names()).toContain(CANARY);
  expect(told()).toEqual([
    {
      level: 'info',
      reason: 'TrustBundleDeleted',
      message: `ClusterTrustBundle ${CANARY} would be deleted: this signer has no canaries`,
    },
  ]);
});
