import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { compile } from '@mayfly/ca';
import { podPeer } from '@mayfly/ca/profiles';
import { encodePem } from '@mayfly/der/pem';
import { generateKey, type SoftwareKey, verifyWith } from '@mayfly/keys/software';
import { openEmbeddedApi } from '@mayfly/pod-certificates/embedded';
import { nodeVerifiers } from '@mayfly/pod-certificates/node';
import { requestCertificate } from '@mayfly/pod-certificates/requester';
import { runSigner } from '@mayfly/pod-certificates/signer';
import { type Store, systemClock } from '@mayfly/rotation';
import { directoryStore } from '@mayfly/rotation/fs';
import { memoryStore } from '@mayfly/rotation/testing';
import { type Kernels, openKernels } from '../adapters/kernels.js';
import { issueJob } from '../fixtures.js';
import { type Contender, contender } from '../measure.js';
import { measureParts, type Part } from '../parts.js';
import { reasonOf } from '../remote.js';
import type { Outcome } from '../report.js';
import type { Measure } from '../suites.js';
import { type Job, withKey } from './issue.js';

const signerName = 'pki.example.com/workload';
const dNSName = 'web-0.example';

/**
 * A rotation from end to end: new key, request, the rules of the API server, decision, signature, all that a requester verifies; then
 * the bundle on disk, synced and renamed into place. Beside the three commands that people put into cron.
 */
export async function outcomes(measure: Measure): Promise<readonly Outcome[]> {
  const directory = await mkdtemp(join(tmpdir(), 'mayfly-bench-'));
  const job = await issueJob();
  const kernels = openKernels();
  const stop = new AbortController();
  try {
    const rotate = typeof kernels === 'string' ? undefined : await rotating(job, kernels, stop.signal);
    const mayfly = (store: Store): Part =>
      rotate === undefined ? { impl: 'mayfly', reason: String(kernels) } : rotate(store);
    return [
      ...(await measureParts(measure, 'rotate/p256', [
        mayfly(directoryStore(join(directory, 'credential'))),
        await commands(job, directory),
      ])),
      ...(await measureParts(measure, 'rotate/p256/in-memory', [mayfly(memoryStore())])),
    ];
  } finally {
    stop.abort();
    await rm(directory, { recursive: true });
  }
}

/** An API and a signer in this process, and what has them rotate once into a store. */
async function rotating(job: Job, kernels: Kernels, signal: AbortSignal): Promise<(store: Store) => Contender> {
  const { backend } = kernels;
  const authority = withKey(job, kernels);
  const verify = verifyWith(backend);
  const draw = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
  const common = { clock: systemClock(), verify, randomBytes: draw, signal };
  const api = await openEmbeddedApi({ clock: common.clock, randomBytes: draw, verifiers: nodeVerifiers });
  const compiled = compile(podPeer(), authority);
  void runSigner({
    ...common,
    ...{ api, signerName },
    compiled: () => compiled,
    toRequest: () => ({ subjectAltName: [{ type: 'dNSName', value: dNSName }], lifetime: 86_400 }),
  });
  const identity = {
    ...{ namespace: 'shop', signerName, podName: 'web-0', podUID: 'a', nodeName: 'n1', nodeUID: 'b' },
    ...{ serviceAccountName: 'web', serviceAccountUID: 'c' },
  };
  const newKey = (): SoftwareKey => generateKey('P-256', backend);
  return (store) =>
    contender(
      'mayfly',
      async () => {
        const outcome = await requestCertificate({
          ...common,
          ...{ api, identity },
          anchors: () => [authority.certificate],
          generateKey: async () => {
            const key = newKey();
            return { key, privateKeyInfo: key.exportPkcs8() };
          },
        });
        if (outcome.outcome !== 'issued') throw new Error(`Cannot rotate: the request was ${outcome.outcome}`);
        await store.replace(outcome.bundle);
        await outcome.settle();
        return store;
      },
      async (written) => {
        const [leaf] = (await written.load())?.chain ?? [];
        assert.equal(new X509Certificate(leaf!).checkHost(dNSName), dNSName);
      },
    );
}

/** `openssl` three times, and a rename. */
async function commands({ issuer, issuerKey }: Job, directory: string): Promise<Part> {
  const impl = 'openssl';
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
  } catch (error) {
    return { impl, reason: reasonOf('openssl', error) };
  }
  await writeFile(join(directory, 'ca.crt'), encodePem('CERTIFICATE', issuer));
  await writeFile(join(directory, 'ca.key'), encodePem('PRIVATE KEY', issuerKey.pkcs8), { mode: 0o600 });
  await writeFile(join(directory, 'leaf.ext'), `subjectAltName=DNS:${dNSName}\nkeyUsage=critical,digitalSignature\n`);
  const openssl = (command: string) => promisify(execFile)('openssl', command.split(' '), { cwd: directory });
  return contender(
    impl,
    async () => {
      await openssl('genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out new.key');
      await openssl('req -new -key new.key -subj /CN=web-0 -out new.csr');
      await openssl('x509 -req -in new.csr -CA ca.crt -CAkey ca.key -days 1 -extfile leaf.ext -out new.crt');
      await writeFile(
        join(directory, 'new.pem'),
        [await readFile(join(directory, 'new.key')), await readFile(join(directory, 'new.crt'))].join(''),
      );
      await rename(join(directory, 'new.pem'), join(directory, 'tls.pem'));
    },
    async () => {
      const leaf = new X509Certificate(await readFile(join(directory, 'new.crt')));
      assert.equal(leaf.checkHost(dNSName), dNSName);
    },
  );
}
