import { mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { manifestsOf, policyOf, popularPod, readMounted, startRun } from './testing/local-run.js';
import { type SwitchedFiles, switchedFiles } from './testing/switched-files.js';

let directory: string;
let switched: SwitchedFiles;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'mayfly-refusals-')), 'state');
  switched = switchedFiles();
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

const volume = (): string => join(directory, 'pods/shop/web/volumes/tls');
const dataOf = (): string => readlinkSync(join(volume(), '..data'));

const POLICY = policyOf(`
signers:
- name: mayfly.dev/workload
  allow:
  - namespace: shop
    dnsNames: [web.shop.svc]
`);
const GREEDY = ', stubPKCS10Request: { dnsNames: [web.shop.svc, bank.example.com] }';

test('what a policy withholds is denied by name and rule, asked for again slowly, and keeps /readyz at 503', async () => {
  const manifests = manifestsOf(popularPod('web', 3600, GREEDY) + popularPod('modest'));
  const run = await startRun(manifests, directory, { policy: POLICY, listen: '127.0.0.1:0' });
  const denied = run.events.filter(({ reason }) => reason === 'Denied');
  expect(denied).toEqual([
    expect.objectContaining({ type: 'Warning', pod: 'shop/web', volume: 'tls', signerName: 'mayfly.dev/workload' }),
  ]);
  expect(denied[0]?.message).toBe(
    'shop/web/tls got no certificate: dNSName "bank.example.com" is withheld by signers[0].allow[0] (policy.yaml:5) (NameNotAllowed); it has none yet, attempts go on',
  );
  const answer = await fetch(`${run.started.healthUrl}/readyz`);
  expect(answer.status).toBe(503);
  expect(await answer.text()).toBe(
    'shop/web/tls: no certificate yet, denied: dNSName "bank.example.com" is withheld by signers[0].allow[0] (policy.yaml:5) (NameNotAllowed)\n',
  );
  expect((await fetch(`${run.started.healthUrl}/livez`)).status).toBe(200);
  // No more than one request a minute (F5: three).
  await run.clock.advance(3600);
  const asked = run.events.filter(({ reason }) => reason === 'Denied').length;
  expect(asked).toBeGreaterThanOrEqual(10);
  expect(asked).toBeLessThanOrEqual(60);
  expect(run.reasonsOf('shop/modest')).toContain('Issued');
  const { summary, ok } = await run.stop();
  expect(ok).toBe(false);
  expect(summary.denied).toBe(asked);
});

test.each([
  ['web', ['DNS:web.shop.svc']],
  ['db', []],
  ['bank.example.com', []],
])('of names that pod %s did not ask for it gets what the policy grants: %j', async (name, names) => {
  const run = await startRun(manifestsOf(popularPod(name)), directory, { policy: POLICY });
  const { subjectAltName } = readMounted(join(directory, 'pods/shop', name, 'volumes/tls')).leaf;
  expect(subjectAltName?.split(', ')).toEqual(['URI:spiffe://cluster.local/ns/shop/sa/default', ...names]);
  await run.stop();
});

test('a policy that became tighter is asked at the next start; what is denied keeps its files and says so', async () => {
  const manifests = manifestsOf(popularPod('web', 3600, GREEDY));
  const first = await startRun(manifests, directory);
  await first.stop();
  const before = readMounted(volume()).leaf.serialNumber;
  const denied = await startRun(manifests, directory, { policy: POLICY, clock: first.clock });
  await denied.clock.advance(600);
  expect([...new Set(denied.reasonsOf('shop/web'))]).toEqual(['Denied']);
  expect(denied.status().health.ready).toBe(false);
  expect(denied.status().health.problems).toContainEqual(
    expect.stringMatching(/^shop\/web\/tls: .*denied: .*bank\.example\.com/),
  );
  expect(readMounted(volume()).leaf.serialNumber).toBe(before);
  const { summary, ok } = await denied.stop();
  expect([summary.issued, ok]).toEqual([0, false]);
  const granted = await startRun(manifests, directory, { clock: first.clock });
  expect(granted.status().health).toEqual({ ready: true, problems: [] });
  await granted.stop();
});

test('while the signer cannot sign, alarms come at their times and the pair stays; then all recovers by itself', async () => {
  const run = await startRun(manifestsOf(popularPod('web')), directory, { files: switched.files });
  const before = readMounted(volume()).leaf.serialNumber;
  const { refreshAt, notAfter } = run.status().sources[0]!.certificate!;
  switched.refuse('EIO');
  await run.clock.advance(notAfter + 120 - run.clock.now());
  const timesOf = (wanted: string): readonly number[] =>
    run.events.filter(({ reason }) => reason === wanted).map(({ at }) => at);
  expect(timesOf('RefreshFailed')[0]).toBe(refreshAt);
  // Ten minutes after it was due (R10), and the second after its last.
  expect(timesOf('CertificateOverdueForRefresh')).toEqual([refreshAt + 600]);
  expect(timesOf('CertificateExpired')).toEqual([notAfter + 1]);
  expect(readMounted(volume()).leaf.serialNumber).toBe(before);
  expect(run.status().health.ready).toBe(false);
  expect(timesOf('NotReady')[0]).toBeLessThan(refreshAt + 600);
  switched.refuse(undefined);
  await run.clock.advance(310);
  expect(readMounted(volume()).leaf.serialNumber).not.toBe(before);
  expect(run.status().health).toEqual({ ready: true, problems: [] });
  expect(run.status().summary).toMatchObject({ overdue: 1, rotations: 1 });
  expect((await run.stop()).ok).toBe(false);
});

test.each([
  ['ENOSPC', 'make room on it'],
  ['EIO', 'attempts go on'],
  ['EROFS', 'the file system is read-only'],
])(
  '%s on the volume keeps the old files, says what to do, and is over seconds after the disk is well',
  async (code, advice) => {
    const run = await startRun(manifestsOf(popularPod('web')), directory, { files: switched.files });
    const [data, { leaf }] = [dataOf(), readMounted(volume())];
    const { refreshAt } = run.status().sources[0]!.certificate!;
    switched.refuse(code, volume());
    await run.clock.advance(refreshAt + 30 - run.clock.now());
    expect(dataOf()).toBe(data);
    expect(readMounted(volume()).leaf.serialNumber).toBe(leaf.serialNumber);
    const failure = run.events.find(({ reason }) => reason === 'RefreshFailed');
    expect(failure?.message).toContain(`Cannot write the volume ${volume()}: ${code}`);
    expect(failure?.message).toContain(advice);
    switched.refuse(undefined);
    await run.clock.advance(300);
    expect(readMounted(volume()).leaf.serialNumber).not.toBe(leaf.serialNumber);
    // One certificate was asked for, not one per attempt to write it.
    expect(run.status().summary).toMatchObject({ issued: 2, rotations: 1 });
    expect((await run.stop()).ok).toBe(true);
  },
);

test('a volume that cannot be written at a restart is written once the disk is well', async () => {
  const manifests = manifestsOf(popularPod('web'));
  const first = await startRun(manifests, directory);
  await first.stop();
  rmSync(volume(), { recursive: true });
  switched.refuse('ENOSPC', volume());
  const second = await startRun(manifests, directory, { files: switched.files, clock: first.clock });
  await second.clock.advance(60);
  expect(second.status().health.problems).toEqual([
    `shop/web/tls: Cannot write the volume ${volume()}: ENOSPC; the disk is full: make room on it`,
  ]);
  switched.refuse(undefined);
  await second.clock.advance(10);
  expect(second.status().health).toEqual({ ready: true, problems: [] });
  expect(readFileSync(join(volume(), 'tls.crt'), 'utf8')).toContain('BEGIN CERTIFICATE');
  await second.stop();
});

test('a disk that is full at the first start is told, and nothing half-written is visible', async () => {
  const clockless = startRun(manifestsOf(popularPod('web')), directory, { files: switched.files });
  await (await clockless).stop();
  rmSync(directory, { recursive: true });
  switched.refuse('ENOSPC', directory);
  await expect(startRun(manifestsOf(popularPod('web')), directory, { files: switched.files })).rejects.toMatchObject({
    name: 'CliError',
    code: 'ERR_CLI_STATE',
    message: expect.stringContaining('the disk is full: make room on it'),
  });
});
