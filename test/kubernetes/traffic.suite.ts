import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parsePem } from '@mayfly/der/pem';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { rotateAuthorities } from '../../packages/cli/src/commands/ca-rotate.js';
import { freePort } from './cluster.js';
import { adminOf } from './connect.js';
import { installSigner } from './installation.js';
import { mayflyClient } from './mayfly.js';
import { createPod } from './objects.js';
import { MAYFLY, type Program, startProgram } from './program.js';
import { allowRequesters, boundToken, liftRequesterPolicy } from './requesters.js';
import { kubeconfigFile, type SignerProcess, startSignerProcess } from './signer-process.js';
import { eventually } from './wait.js';

const SIGNER = 'example.com/traffic';
const NAMESPACE = 'traffic';
const TYPESCRIPT = ['--import', fileURLToPath(new URL('../typescript.mjs', import.meta.url))];
const cluster = inject('cluster');
const url = `https://127.0.0.1:${cluster.port}`;
const admin = adminOf(cluster);
const secret = { namespace: 'traffic-signer', name: 'mayfly-ca' };
const stops: (() => Promise<void>)[] = [];
let signer: SignerProcess;
let server: Workload;
let client: Workload;
let traffic: Program;

/** A pod that keeps its certificate by `mayfly requester`. */
interface Workload {
  readonly directory: string;
  leaf(): X509Certificate;
  roots(): readonly X509Certificate[];
  /** Has a new key and a certificate for it, long before the old one needs a successor. */
  rotate(): Promise<X509Certificate>;
}

async function startWorkload(name: string): Promise<Workload> {
  const pod = await createPod(admin, { namespace: NAMESPACE, name, node: 'node1', serviceAccount: name });
  await allowRequesters(admin, pod);
  const home = join(cluster.directory, `traffic-${name}`);
  mkdirSync(home);
  const kubeconfig = kubeconfigFile(
    { namespace: name, token: await boundToken(admin, pod) },
    { server: url, authority: cluster.authority, directory: home },
  );
  const directory = join(home, 'volume');
  const pem = (file: string) =>
    parsePem(readFileSync(join(directory, file), 'utf8')).map(({ bytes }) => new X509Certificate(bytes));
  const leaf = (): X509Certificate => pem('tls.crt')[0]!;
  let requester: Program | undefined;
  stops.push(async () => requester?.stop());
  let generation = 0;
  /** One that does not know of a certificate asks for one, and replaces what is in the volume. */
  const start = async (before: string | undefined): Promise<X509Certificate> => {
    await requester?.stop();
    requester = startProgram([
      ...[MAYFLY, 'requester', '--signer-name', SIGNER, '--kubeconfig', kubeconfig],
      ...['--directory', directory, '--state', join(home, `state-${++generation}`), '--listen', 'none'],
    ]);
    return await eventually(`${name} has a certificate; ${requester.lines.at(-1)?.message}`, () => {
      if (requester!.hasEnded()) throw new Error(`The requester ended: ${JSON.stringify(requester!.lines.at(-1))}`);
      if (!requester!.lines.some(({ reason }) => reason === 'VolumeWritten')) return undefined;
      return leaf().serialNumber === before ? undefined : leaf();
    });
  };
  await start(undefined);
  return { directory, leaf, roots: () => pem('ca.crt'), rotate: () => start(leaf().serialNumber) };
}

const startPeer = (role: 'client' | 'server', { directory }: Workload, port: number, peer: string): Program => {
  const program = fileURLToPath(new URL(`traffic/${role}.ts`, import.meta.url));
  const id = `spiffe://example.com/ns/${NAMESPACE}/sa/${peer}`;
  const started = startProgram([...TYPESCRIPT, program, directory, String(port), id]);
  stops.push(started.stop);
  return started;
};

/** Waits until requests are answered between the certificates that both have now. */
const exchanged = (): Promise<true> => {
  const pair = [client, server].map((each) => each.leaf().serialNumber.toLowerCase()).join(' ');
  const from = traffic.lines.length;
  return eventually(`${pair} is seen; ${JSON.stringify(traffic.lines.slice(-2))}`, () => {
    if (traffic.hasEnded()) throw new Error(`The client ended: ${JSON.stringify(traffic.lines.slice(-3))}`);
    return traffic.lines.slice(from).some(({ pairs }) => pairs?.includes(pair)) || undefined;
  });
};

beforeAll(async () => {
  const installation = await installSigner(admin, {
    ...{ signerName: SIGNER, namespace: secret.namespace, isManaged: true },
  });
  signer = await startSignerProcess(installation, {
    ...{ server: url, authority: cluster.authority, directory: cluster.directory },
    flags: ['--ca-propagation', '3s', '--no-service-names'],
  });
  stops.push(signer.stop);
  await signer.ready();
  [server, client] = await Promise.all([startWorkload('server'), startWorkload('client')]);
  const port = await freePort();
  const listening = startPeer('server', server, port, 'client');
  await eventually('the server listens', () => listening.lines.some(({ type }) => type === 'listening') || undefined);
  traffic = startPeer('client', client, port, 'server');
}, 120_000);
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
  await liftRequesterPolicy(admin);
});

test('no request fails while certificates rotate and an authority succeeds another', { timeout: 300_000 }, async () => {
  await exchanged();
  for (const each of [server, client, server, client]) {
    await each.rotate();
    await exchanged();
  }

  const before = server.leaf();
  const kubernetes = await mayflyClient(url, cluster.authority, cluster.admin);
  await rotateAuthorities(kubernetes.client, secret, 'planned', 60);
  await kubernetes.client.close();
  await eventually(
    'both trust two roots',
    () => [server, client].every((each) => each.roots().length === 2) || undefined,
  );
  await exchanged();

  // One after the other, so that for a while each verifies the other by another root.
  await eventually('the server has a certificate of the new root', async () => {
    return (await server.rotate()).issuer === before.issuer ? undefined : true;
  });
  expect(client.leaf().issuer).toBe(before.issuer);
  await exchanged();
  expect((await client.rotate()).issuer).toBe(server.leaf().issuer);
  await exchanged();

  const reports = traffic.lines.filter(({ type }) => type === 'report');
  const requests = reports.reduce((sum, report) => sum + report.requests, 0);
  const pairs = new Set(reports.flatMap((report) => report.pairs));
  console.log(`${requests} requests between ${pairs.size} pairs of certificates`);
  expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
  expect(pairs.size).toBeGreaterThanOrEqual(7);
  expect(requests).toBeGreaterThan(1000);
  expect(signer.log.filter(({ level }) => level === 'error')).toEqual([]);
});
