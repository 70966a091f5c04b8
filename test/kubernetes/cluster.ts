import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Binary } from './binary.js';
import { type ClusterAuthority, type Credential, createClusterAuthority, createTokenKey } from './certificates.js';
import { type Client, createClient, type Identity } from './client.js';

/** A control plane on the loopback interface, with a directory of its own. */
export interface Cluster {
  /** Of the API server. */
  readonly port: number;
  readonly url: string;
  /** Of its etcd, which lets anybody in. */
  readonly etcdUrl: string;
  readonly authority: ClusterAuthority;
  readonly directory: string;
  /** `system:masters`: everything is allowed. */
  readonly admin: Client;
  readonly adminCredential: Credential;
  client(identity: Identity): Client;
  /** The process of the API server and its etcd. */
  readonly serverProcess: ChildProcess;
  /** Ends the API server and its etcd as a power cut would; what etcd holds stays. */
  kill(): Promise<void>;
  /** Starts the API server again after {@link Cluster.kill}, on the same port and with the same data. */
  restart(): Promise<void>;
  /** Runs a kube-controller-manager with these controllers until the function is called. */
  startControllerManager(controllers: readonly string[]): Promise<() => Promise<void>>;
  /** Ends everything, waits for that, and removes the directory. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Whether the API server has v1beta1, which all servers until 1.39 can have. Default true. */
  readonly v1beta1?: boolean;
}

const START_LIMIT_MS = 120_000;
/** Both kinds are behind gates until 1.37. */
const GATES = ['PodCertificateRequest', 'ClusterTrustBundle', 'ClusterTrustBundleProjection'];
const gates = (minor: number): readonly string[] =>
  minor >= 37 ? [] : [`--feature-gates=${GATES.map((gate) => `${gate}=true`).join(',')}`];

/**
 * Starts etcd and the API server, and waits until it is ready.
 * @param more - Flags of the API server beside those that every suite needs.
 */
export async function startCluster(
  { path, minor }: Binary,
  more: readonly string[] = [],
  { v1beta1 = true }: StartOptions = {},
): Promise<Cluster> {
  const directory = mkdtempSync(join(tmpdir(), 'mayfly-kubernetes-'));
  const authority = createClusterAuthority();
  const adminCredential = authority.client('admin', ['system:masters']);
  const tokenKey = createTokenKey();
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const etcdUrl = `http://127.0.0.1:${await freePort()}`;
  const file = (name: string, text: string): string => {
    writeFileSync(join(directory, name), text, { mode: 0o600 });
    return join(directory, name);
  };
  const server = authority.server('kube-apiserver', [
    { type: 'dNSName', value: 'localhost' },
    { type: 'iPAddress', value: Uint8Array.of(127, 0, 0, 1) },
    { type: 'iPAddress', value: Uint8Array.of(10, 0, 0, 1) },
  ]);
  const ca = file('ca.crt', authority.credential.certificate);
  const caKey = file('ca.key', authority.credential.privateKey);
  const tokenPrivate = file('sa.key', tokenKey.privateKey);
  const flags = [
    'kube-apiserver',
    ...[`--etcd-data-dir=${join(directory, 'etcd')}`, `--etcd-client-url=${etcdUrl}`],
    ...['--bind-address=127.0.0.1', `--secure-port=${port}`, '--advertise-address=127.0.0.1'],
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${file('apiserver.crt', server.certificate)}`,
    `--tls-private-key-file=${file('apiserver.key', server.privateKey)}`,
    `--client-ca-file=${ca}`,
    ...['--authorization-mode=Node,RBAC', '--enable-admission-plugins=NodeRestriction'],
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${file('sa.pub', tokenKey.publicKey)}`,
    `--service-account-signing-key-file=${tokenPrivate}`,
    ...['--service-cluster-ip-range=10.0.0.0/24', '--allow-privileged=true', '--profiling=false'],
    ...[...gates(minor), ...more],
    // Off by default in every release; from 1.37 on beside v1, which is on.
    ...(v1beta1 ? ['--runtime-config=certificates.k8s.io/v1beta1=true'] : []),
  ];
  const clients: Client[] = [];
  const client = (identity: Identity): Client => {
    const made = createClient(port, authority.credential.certificate, identity);
    clients.push(made);
    return made;
  };
  const admin = client(adminCredential);
  const running = new Set<ChildProcess>();
  const start = (args: readonly string[]): ChildProcess => {
    const log = openSync(join(directory, `${args[0]}.log`), 'a');
    const child = spawn(path, args, { stdio: ['ignore', log, log], cwd: directory });
    closeSync(log);
    running.add(child);
    child.once('exit', () => running.delete(child));
    return child;
  };
  const startServer = async (): Promise<ChildProcess> => {
    const child = start(flags);
    await ready(child, join(directory, 'kube-apiserver.log'), async () => {
      const { status } = await admin.call('GET', '/readyz');
      return status === 200;
    });
    return child;
  };
  const stop = async (): Promise<void> => {
    for (const each of clients) each.close();
    await Promise.all([...running].map((child) => end(child, 'SIGTERM')));
    rmSync(directory, { recursive: true, force: true });
  };
  let serverProcess: ChildProcess;
  try {
    serverProcess = await startServer();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ...{ port, url, etcdUrl, authority, directory, admin, adminCredential, client, stop },
    get serverProcess() {
      return serverProcess;
    },
    kill: () => end(serverProcess, 'SIGKILL'),
    async restart() {
      serverProcess = await startServer();
    },
    async startControllerManager(controllers) {
      const kubeconfig = file(
        'controller-manager.json',
        JSON.stringify(kubeconfigOf(url, authority.credential, authority.client('system:kube-controller-manager'))),
      );
      const healthPort = await freePort();
      mkdirSync(join(directory, 'controller-manager'), { recursive: true });
      const child = start([
        'kube-controller-manager',
        ...['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig'].map((f) => `--${f}=${kubeconfig}`),
        ...['--bind-address=127.0.0.1', `--secure-port=${healthPort}`, '--leader-elect=false', '--v=1'],
        `--controllers=${controllers.join(',')}`,
        `--service-account-private-key-file=${tokenPrivate}`,
        `--root-ca-file=${ca}`,
        ...[`--cluster-signing-cert-file=${ca}`, `--cluster-signing-key-file=${caKey}`],
        '--use-service-account-credentials=true',
        `--cert-dir=${join(directory, 'controller-manager')}`,
        ...gates(minor),
      ]);
      const log = join(directory, 'kube-controller-manager.log');
      const marks = controllers.map((name) => `"Controller starting..." controller="${name}"`);
      await ready(child, log, async () => marks.every((mark) => readFileSync(log, 'utf8').includes(mark)));
      return () => end(child, 'SIGTERM');
    },
  };
}

/** A kubeconfig with one cluster, one user and one context. JSON is YAML. */
export const kubeconfigOf = (url: string, authority: Credential, identity: Identity): object => {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const user =
    'token' in identity
      ? { token: identity.token }
      : {
          'client-certificate-data': base64(identity.certificate),
          'client-key-data': base64(identity.privateKey),
        };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: { server: url, 'certificate-authority-data': base64(authority.certificate) },
      },
    ],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  };
};

/** Waits until a process does its work; what it said last is in the error when it ends before or takes too long. */
async function ready(child: ChildProcess, log: string, isReady: () => Promise<boolean>): Promise<void> {
  const from = Date.now();
  let state = 'not ready';
  while (Date.now() - from < START_LIMIT_MS) {
    if (child.exitCode !== null || child.signalCode !== null) {
      state = `ended with ${child.exitCode ?? child.signalCode}`;
      break;
    }
    try {
      if (await isReady()) return;
    } catch (error) {
      state = error instanceof Error ? error.message : String(error); // nobody listens yet
    }
    await delay(100);
  }
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
  throw new Error(`Cannot start ${child.spawnargs[1]}: ${state}; it said last:\n${lines}`);
}

/** Ends a process and waits for it: it holds its port until it is gone. */
async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  const insist = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await exited;
  clearTimeout(insist);
}

/** A port of the loopback interface that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('Cannot find a free port');
  return address.port;
}
