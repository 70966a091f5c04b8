import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parsePem } from '@mayfly/der/pem';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { rotateAuthorities } from '../../packages/cli/src/commands/ca-rotate.js';
import type { Json } from './client.js';
import { freePort } from './cluster.js';
import { adminOf } from './connect.js';
import { installSigner } from './installation.js';
import { mayflyClient } from './mayfly.js';
import { createPod } from './objects.js';
import { MAYFLY, type Program, startProgram } from './program.js';
import { allowRequesters, boundToken } from './requesters.js';
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
/** Has nothing of Mayfly's: a program in Go that serves and asks with the files of its volume. */
let peer: Workload;
let flows: readonly Flow[];

/** Requests that one makes to another all the while. */
interface Flow {
  readonly from: Workload;
  readonly to: Workload;
  readonly program: Program;
}

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

const idOf = (name: string): string => `spiffe://example.com/ns/${NAMESPACE}/sa/${name}`;

/** Starts one end, or both, of the traffic. */
function startEnd(args: readonly (number | string)[], program?: string): Program {
  const started = startProgram(args.map(String), program);
  stops.push(started.stop);
  return started;
}

const script = (role: 'client' | 'server'): readonly string[] => [
  ...TYPESCRIPT,
  fileURLToPath(new URL(`traffic/${role}.ts`, import.meta.url)),
];

function buildPeer(): string {
  const path = join(cluster.directory, 'foreign-peer');
  execFileSync('go', ['build', '-trimpath', '-buildvcs=false', '-o', path, '.'], {
    cwd: fileURLToPath(new URL('traffic/peer', import.meta.url)),
    env: { ...process.env, CGO_ENABLED: '0' },
  });
  return path;
}

const isListening = (program: Program): Promise<true> =>
  eventually('a server listens', () => program.lines.some(({ type }) => type === 'listening') || undefined);

/** What has been said of the traffic behind a moment, which `moment` gives. */
const reportsSince = (since: readonly number[]): readonly (readonly Json[])[] =>
  flows.map(({ program }, i) => program.lines.slice(since[i]).filter(({ type }) => type === 'report'));
const moment = (): readonly number[] => flows.map(({ program }) => program.lines.length);
const failuresSince = (since: readonly number[]): readonly string[] =>
  reportsSince(since)
    .flat()
    .flatMap(({ failures }) => failures);
const sum = (reports: readonly Json[], member: 'answers' | 'requests'): number =>
  reports.reduce((total, report) => total + report[member], 0);

/** Waits until requests are answered between the certificates that all have now. */
async function exchanged(): Promise<void> {
  const since = moment();
  const serialOf = (workload: Workload): string => workload.leaf().serialNumber.toLowerCase();
  await Promise.all(
    flows.map(({ from, to, program }, i) => {
      const pair = `${serialOf(from)} ${serialOf(to)}`;
      return eventually(`${pair} is seen; ${JSON.stringify(program.lines.slice(-2))}`, () => {
        if (program.hasEnded()) throw new Error(`A client ended: ${JSON.stringify(program.lines.slice(-3))}`);
        return program.lines.slice(since[i]).some(({ pairs }) => pairs?.includes(pair)) || undefined;
      });
    }),
  );
}

const rotate = async (rotation: 'emergency' | 'planned'): Promise<void> => {
  const kubernetes = await mayflyClient(url, cluster.authority, cluster.admin);
  await rotateAuthorities(kubernetes.client, secret, rotation, 180);
  await kubernetes.client.close();
};

const haveRoots = (count: number): Promise<true> =>
  eventually(
    `all trust ${count} roots`,
    () => [server, client, peer].every((each) => each.roots().length === count) || undefined,
  );

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
  [server, client, peer] = (await Promise.all(['server', 'client', 'peer'].map(startWorkload))) as [
    Workload,
    Workload,
    Workload,
  ];
  const [port, peerPort] = [await freePort(), await freePort()];
  await isListening(startEnd([...script('server'), server.directory, port, idOf('client'), idOf('peer')]));
  const foreign = startEnd([peer.directory, peerPort, idOf('client'), port, idOf('server')], buildPeer());
  await isListening(foreign);
  flows = [
    { from: client, to: server, program: startEnd([...script('client'), client.directory, port, idOf('server')]) },
    { from: client, to: peer, program: startEnd([...script('client'), client.directory, peerPort, idOf('peer')]) },
    { from: peer, to: server, program: foreign },
  ];
}, 120_000);
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
});

/** Says in the state of the succession that the last certificate of what retires has ended: nobody waits a day here for that. */
async function endRetiring(): Promise<void> {
  const path = `/api/v1/namespaces/${secret.namespace}/secrets/${secret.name}`;
  const object = await admin.expect('GET', path);
  const state = JSON.parse(Buffer.from(object.data['authorities.json'], 'base64').toString());
  const authorities = state.authorities.map((each: Json) =>
    each.state === 'retiring' ? { ...each, lastLeafNotAfter: Math.floor(Date.now() / 1000) - 3600 } : each,
  );
  const changed = JSON.stringify({ ...state, authorities, generation: state.generation + 1 });
  const data = { ...object.data, 'authorities.json': Buffer.from(changed).toString('base64') };
  await admin.expect('PUT', path, { ...object, data });
}

test('no request fails while certificates rotate, an authority succeeds another, and that one retires', {
  timeout: 400_000,
}, async () => {
  await exchanged();
  for (const each of [server, client, peer, server]) {
    await each.rotate();
    await exchanged();
  }

  const before = server.leaf();
  await rotate('planned');
  await haveRoots(2);
  await exchanged();

  // One after the other, so that for a while each verifies the others by another root.
  await eventually('the server has a certificate of the new root', async () => {
    return (await server.rotate()).issuer === before.issuer ? undefined : true;
  });
  expect(client.leaf().issuer).toBe(before.issuer);
  await exchanged();
  for (const each of [client, peer]) {
    expect((await each.rotate()).issuer).toBe(server.leaf().issuer);
    await exchanged();
  }

  await endRetiring();
  await haveRoots(1);
  expect(server.roots()[0]?.subject).toBe(server.leaf().issuer);
  await exchanged();
  await peer.rotate();
  await exchanged();

  const reports = reportsSince([0, 0, 0]);
  const pairs = new Set(reports.flat().flatMap((report) => report.pairs));
  const counts = reports.map((each) => sum(each, 'requests'));
  console.log(`${counts.join(' + ')} requests between ${pairs.size} pairs of certificates`);
  expect(failuresSince([0, 0, 0])).toEqual([]);
  expect(pairs.size).toBeGreaterThanOrEqual(15);
  for (const count of counts) expect(count).toBeGreaterThan(1000);
  expect(signer.log.filter(({ level }) => level === 'error')).toEqual([]);
});

/** How a peer shows, to Node.js and to Go, that the other's certificate is trusted no more. */
const REFUSAL =
  /unknown ca|unknown authority|unable to (get local issuer|verify)|self.signed|certificate|ECONNRESET|EPIPE|socket hang up|connection reset|broken pipe|EOF/i;

test('an emergency: what is distrusted is refused by all, and no request fails once all have new certificates', {
  timeout: 400_000,
}, async () => {
  const begun = moment();
  const old = [server, client, peer].map((each) => each.leaf().serialNumber.toLowerCase());
  await rotate('emergency');
  await haveRoots(1);
  await delay(2000); // requests under way may end

  // Nobody is answered who has nothing but a certificate of the old root.
  const distrusted = moment();
  await delay(3000);
  for (const reports of reportsSince(distrusted)) {
    expect(sum(reports, 'requests')).toBeGreaterThan(0);
    expect(sum(reports, 'answers')).toBe(0);
  }

  await Promise.all([server, client, peer].map((each) => each.rotate()));
  await exchanged();
  const mended = moment();
  for (const failure of failuresSince(begun)) expect(failure).toMatch(REFUSAL);
  for (const each of [server, client, peer]) {
    await each.rotate();
    await exchanged();
  }
  const reports = reportsSince(mended);
  console.log(
    `${failuresSince(begun).length} requests refused in the emergency, then ${reports.map((each) => sum(each, 'answers')).join(' + ')} answered`,
  );
  expect(failuresSince(mended)).toEqual([]);
  const pairs = reports.flat().flatMap((report) => report.pairs);
  expect(pairs.filter((pair) => old.some((serial) => pair.includes(serial)))).toEqual([]);
});
