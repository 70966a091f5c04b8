import type { StatusSnapshot } from '@mayfly/console';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { rotateAuthorities } from '../../packages/cli/src/commands/ca-rotate.js';
import { accessibilityFaults, browsers, keepScreenshot, type Session } from '../console/browsers.js';
import type { Json } from './client.js';
import { freePort } from './cluster.js';
import { adminOf } from './connect.js';
import { installSigner } from './installation.js';
import { mayflyClient } from './mayfly.js';
import { CERTIFICATES, createPod, newKey, requestFor, stubOf, type TestPod } from './objects.js';
import { type SignerProcess, startSignerProcess } from './signer-process.js';
import { eventually } from './wait.js';

const SIGNER = 'status.example.com/workload';
const NAMESPACE = 'status';
const PODS = 12;
const cluster = inject('cluster');
const admin = adminOf(cluster);
const server = `https://127.0.0.1:${cluster.port}`;
const pods: TestPod[] = [];
let signer: SignerProcess;
let url: string;

const requests = `${CERTIFICATES}/namespaces/${NAMESPACE}/podcertificaterequests`;
/** Asks for a certificate, and waits for the answer. */
async function ask(pod: TestPod, more: Json = {}): Promise<Json> {
  const body = requestFor(pod, { signerName: SIGNER, stubPKCS10Request: stubOf(newKey()), ...more });
  const { metadata } = await admin.expect('POST', requests, body);
  return eventually(`${metadata.name} is answered; ${JSON.stringify(signer.log.slice(-3))}`, async () => {
    const { status } = await admin.expect('GET', `${requests}/${metadata.name}`);
    return status.conditions?.[0];
  });
}

beforeAll(async () => {
  const installation = await installSigner(admin, { signerName: SIGNER, namespace: NAMESPACE, isManaged: true });
  for (let i = 0; i < PODS; i++)
    pods.push(await createPod(admin, { namespace: NAMESPACE, name: `web-${i}`, node: 'node1' }));
  const address = `127.0.0.1:${await freePort()}`;
  url = `http://${address}`;
  signer = await startSignerProcess(installation, {
    server,
    authority: cluster.authority,
    directory: cluster.directory,
    flags: ['--status-address', address],
  });
  await signer.ready();
  for (const pod of pods) expect(await ask(pod)).toMatchObject({ type: 'Issued' });
}, 120_000);
afterAll(async () => {
  await signer?.stop();
});

const snapshot = async (): Promise<StatusSnapshot> =>
  (await (await fetch(`${url}/status.json`)).json()) as StatusSnapshot; // what it is told to be

test('the JSON has the pods of the cluster, the authority that signs, and the bundle that is published', async () => {
  const { summary, certificates, events } = await snapshot();
  expect(summary).toMatchObject({ command: 'signer', problems: [], members: 1, counts: { issued: PODS, refused: 0 } });
  expect(summary.authorities).toMatchObject([{ signerName: SIGNER, state: 'active' }]);
  expect(summary.trustBundles).toMatchObject([{ name: 'status.example.com:workload:mayfly', anchors: 1 }]);
  expect(certificates.map(({ pod, held }) => [pod, held.length]).sort()).toEqual(
    pods.map(({ podName }) => [`${NAMESPACE}/${podName}`, 1]).sort(),
  );
  expect(events.filter(({ reason }) => reason === 'Issued')).toHaveLength(PODS);
});

for (const { name, find, start } of browsers) {
  const found = find();
  const missing = 'missing' in found ? found.missing : undefined;

  describe.skipIf(missing !== undefined)(`the page in ${name}${missing ? ` (${missing})` : ''}`, () => {
    let session: Session;
    let page: Page;
    let errors: readonly string[];
    beforeAll(async () => {
      session = await start('program' in found ? found.program : '');
      const opened = await session.open();
      page = opened.page;
      errors = opened.log.errors;
      await page.goto(`${url}/`);
      await page.waitForSelector('.connection.live');
    });
    afterAll(async () => {
      await session?.close();
    });

    test('follows what is issued, and what is refused', async () => {
      await page.waitForSelector(`[role=option][aria-setsize="${PODS}"]`);
      const before = (await snapshot()).summary.counts;
      expect(await ask(pods[0]!)).toMatchObject({ type: 'Issued' });
      expect(await ask(pods[1]!, { unverifiedUserAnnotations: { 'mayfly.dev/wanted': 'no' } })).toMatchObject({
        type: 'Denied',
      });
      const figures = (): Promise<readonly string[]> =>
        page.$$eval('.figure', (all) => all.map(({ textContent }) => textContent ?? ''));
      await expect.poll(figures, { timeout: 10_000 }).toContain(`Issued${before.issued + 1}`);
      await expect.poll(figures, { timeout: 10_000 }).toContain(`Rotations${before.rotations + 1}`);
      await expect.poll(figures, { timeout: 10_000 }).toContain(`Refused${before.refused + 1}`);
      await page.waitForSelector('.trouble[role=option]');
      await page.select('select[aria-label=Order]', 'trouble');
      await page.click('.trouble[role=option]');
      await page.waitForSelector('.chosen .fault');
      expect(await page.$eval('.chosen strong', ({ textContent }) => textContent)).toBe(`${NAMESPACE}/web-1`);
      await keepScreenshot(page, `${name}-signer`);
    });

    test('shows an authority that is prepared beside the one that signs', async () => {
      const { client } = await mayflyClient(server, cluster.authority, cluster.admin);
      const { authorities } = await snapshot().then(({ summary }) => summary);
      if (authorities.length === 1)
        await rotateAuthorities(client, { namespace: NAMESPACE, name: 'mayfly-ca' }, 'planned', 60);
      await client.close();
      await page.waitForSelector('.authorities li:nth-child(2)');
      expect(await page.$eval('.authorities', ({ textContent }) => textContent)).toMatch(
        /active .*prepared .*signs next, trusted since/,
      );
      await page.waitForSelector('::-p-text(2 anchors)');
      await page.waitForSelector('::-p-text(The next authority signs)');
      await page.$eval('.authorities', (list) => list.scrollIntoView());
      await keepScreenshot(page, `${name}-signer-authorities`);
    });

    test('has nothing that axe-core finds at fault, and complains of nothing', async () => {
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(errors).toEqual([]);
    });
  });
}
