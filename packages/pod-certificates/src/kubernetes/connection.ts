import { readFile as readNodeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Seconds } from '@mayfly/der';
import { KubernetesError, messageOf } from './errors.js';
import { askExecPlugin, type ExecCluster, type ExecCredential, type RunProgram, runProgram } from './exec-plugin.js';
import {
  type ClusterEntry,
  type KubeconfigContext,
  type KubeconfigFile,
  type Material,
  readKubeconfig,
  type UserEntry,
} from './kubeconfig.js';
import { proxyOfEnvironment } from './proxy.js';

/** What a TLS connection takes; read when one is made. The key is secret. */
export interface TlsMaterial {
  readonly ca?: Uint8Array;
  readonly cert?: Uint8Array;
  readonly key?: Uint8Array;
  readonly servername?: string;
  readonly rejectUnauthorized?: boolean;
}

/** How to reach an API server, and as whom. */
export interface ClusterConnection {
  /** `https://host:port`, without a slash at its end. */
  readonly server: string;
  /** Of the context, or of the pod that this runs in. */
  readonly namespace: string;
  /** Where that was found, for people: a context of a file, or the service account of the pod. */
  readonly origin: string;
  /** `proxy-url` of the kubeconfig, else what `HTTPS_PROXY` and `NO_PROXY` say. May have a password. */
  readonly proxyUrl: string | undefined;
  /** Files are read each time, so a key pair or an authority that was rotated is used by the next connection. */
  tls(): Promise<TlsMaterial>;
  /** Headers that say who asks. Files are read each time, as tokens are rotated. Secret. */
  headers(): Promise<Readonly<Record<string, string | string[]>>>;
  /** To be called after a 401: a plugin is asked again before the next request. */
  forgetCredentials(): void;
}

/** What differs from machine to machine; defaults are this process's. */
export interface ConnectionSurroundings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly readFile?: (path: string) => Promise<Uint8Array>;
  readonly homeDirectory?: string;
  readonly run?: RunProgram;
  readonly now?: () => Seconds;
}

export interface ConnectionOptions extends ConnectionSurroundings {
  /** A kubeconfig file; without it `KUBECONFIG`, then the service account of the pod, then `~/.kube/config`. */
  readonly kubeconfig?: string | undefined;
  /** Default `current-context`. */
  readonly context?: string | undefined;
}

/** Where the service account of a pod is mounted. */
const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Seconds before its end at which what a plugin gave is renewed. */
const EXPIRY_MARGIN: Seconds = 30;

/**
 * Finds the cluster that this process belongs to, or the one it was told of.
 * @throws {@link KubernetesError} `ERR_KUBERNETES_UNCONFIGURED`, `_FILE`, `_CONFIG`, `_CONTEXT`, with what was looked for.
 */
export async function openConnection({
  kubeconfig,
  context,
  ...given
}: ConnectionOptions = {}): Promise<ClusterConnection> {
  const surroundings = withDefaults(given);
  const { env } = surroundings;
  if (kubeconfig !== undefined) return await fromFiles([kubeconfig], context, surroundings, false);
  const listed = (env['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  if (listed.length > 0) return await fromFiles(listed, context, surroundings, true);
  if (context === undefined && env['KUBERNETES_SERVICE_HOST']) return await inClusterConnection(given);
  return await fromFiles([join(surroundings.homeDirectory, '.kube', 'config')], context, surroundings, true);
}

/**
 * The cluster that this pod runs in, as its service account.
 * @throws {@link KubernetesError} `ERR_KUBERNETES_UNCONFIGURED` outside a pod, `ERR_KUBERNETES_FILE` without a mounted token.
 */
export async function inClusterConnection(given: ConnectionSurroundings = {}): Promise<ClusterConnection> {
  const surroundings = withDefaults(given);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = surroundings.env;
  if (!host)
    throw new KubernetesError(
      'ERR_KUBERNETES_UNCONFIGURED',
      'KUBERNETES_SERVICE_HOST',
      'Cannot find the API server: KUBERNETES_SERVICE_HOST is not set, so this is no pod',
    );
  const token = join(SERVICE_ACCOUNT, 'token');
  await readText(token, surroundings, 'is automountServiceAccountToken false');
  const namespace = await readText(join(SERVICE_ACCOUNT, 'namespace'), surroundings);
  const context: KubeconfigContext = {
    name: 'in-cluster',
    namespace: namespace.trim(),
    cluster: {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      certificateAuthority: { file: join(SERVICE_ACCOUNT, 'ca.crt') },
      insecureSkipTlsVerify: false,
      tlsServerName: undefined,
      proxyUrl: undefined,
    },
    user: {
      clientCertificate: undefined,
      clientKey: undefined,
      token: { file: token },
      basic: undefined,
      exec: undefined,
      impersonate: undefined,
    },
  };
  return connectionOf(context, 'the service account of this pod', surroundings);
}

type Surroundings = Required<ConnectionSurroundings>;

const withDefaults = (given: ConnectionSurroundings): Surroundings => ({
  env: given.env ?? process.env,
  readFile: given.readFile ?? readNodeFile,
  homeDirectory: given.homeDirectory ?? homedir(),
  run: given.run ?? runProgram,
  now: given.now ?? (() => Math.floor(Date.now() / 1000)),
});

async function fromFiles(
  paths: readonly string[],
  context: string | undefined,
  surroundings: Surroundings,
  mayBeAbsent: boolean,
): Promise<ClusterConnection> {
  const files: KubeconfigFile[] = [];
  for (const path of paths) {
    try {
      files.push({ path, text: new TextDecoder().decode(await surroundings.readFile(path)) });
    } catch (cause) {
      if (!(mayBeAbsent && isAbsent(cause))) throw unreadable(path, cause);
    }
  }
  if (files.length === 0)
    throw new KubernetesError(
      'ERR_KUBERNETES_UNCONFIGURED',
      paths.join(delimiter),
      `Cannot find a cluster: there is no ${paths.join(' and no ')}, and this is no pod; name a kubeconfig by --kubeconfig or KUBECONFIG`,
    );
  const chosen = readKubeconfig(files, context);
  return connectionOf(chosen, `context ${chosen.name} of ${files.map(({ path }) => path).join(', ')}`, surroundings);
}

function connectionOf(
  { namespace, cluster, user }: KubeconfigContext,
  origin: string,
  surroundings: Surroundings,
): ClusterConnection {
  const proxyUrl = cluster.proxyUrl ?? proxyOfEnvironment(new URL(cluster.server), surroundings.env);
  let credential: Promise<ExecCredential> | undefined;
  const execCredential = async (): Promise<ExecCredential | undefined> => {
    const { exec } = user;
    if (exec === undefined) return undefined;
    const asked = credential;
    if (asked !== undefined) {
      const current = await asked.catch(() => undefined); // told to whoever asked
      const { expiresAt = Number.POSITIVE_INFINITY } = current ?? { expiresAt: 0 };
      if (current !== undefined && surroundings.now() < expiresAt - EXPIRY_MARGIN) return current;
      // The first who sees that it ended asks for all.
      if (credential === asked) credential = undefined;
    }
    credential ??= describeCluster(cluster, exec.provideClusterInfo, surroundings).then((described) =>
      askExecPlugin(exec, described, surroundings.env, surroundings.run),
    );
    return await credential;
  };
  return {
    server: cluster.server,
    namespace,
    origin,
    proxyUrl,
    async tls() {
      const given = await execCredential();
      const [ca, cert, key] = await Promise.all([
        octetsOf(cluster.certificateAuthority, surroundings),
        given?.clientCertificate ?? octetsOf(user.clientCertificate, surroundings),
        given?.clientKey ?? octetsOf(user.clientKey, surroundings),
      ]);
      return {
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert: bytesOf(cert) }),
        ...(key !== undefined && { key: bytesOf(key) }),
        ...(cluster.tlsServerName !== undefined && { servername: cluster.tlsServerName }),
        ...(cluster.insecureSkipTlsVerify && { rejectUnauthorized: false }),
      };
    },
    async headers() {
      const given = await execCredential();
      return { ...(await authorization(user, given, surroundings)), ...impersonation(user) };
    },
    forgetCredentials() {
      credential = undefined;
    },
  };
}

async function authorization(
  { token, basic }: UserEntry,
  given: ExecCredential | undefined,
  surroundings: Surroundings,
): Promise<Readonly<Record<string, string>>> {
  const bearer =
    given?.token ?? (typeof token === 'object' ? (await readText(token.file, surroundings)).trim() : token);
  if (bearer !== undefined) {
    // What a header cannot carry would be told by the HTTP library, token and all.
    if (!/^[\x21-\x7e]+$/.test(bearer))
      throw new KubernetesError(
        'ERR_KUBERNETES_CREDENTIALS',
        'user.token',
        'Cannot use the token: it is empty or has characters that no token has',
      );
    return { authorization: `Bearer ${bearer}` };
  }
  if (basic === undefined) return {};
  return { authorization: `Basic ${Buffer.from(`${basic.username}:${basic.password}`).toString('base64')}` };
}

function impersonation({ impersonate }: UserEntry): Readonly<Record<string, string | string[]>> {
  if (impersonate === undefined) return {};
  const { user, uid, groups, extra } = impersonate;
  return {
    'impersonate-user': user,
    ...(uid !== undefined && { 'impersonate-uid': uid }),
    ...(groups.length > 0 && { 'impersonate-group': [...groups] }),
    ...Object.fromEntries(
      Object.entries(extra).map(([key, values]) => [`impersonate-extra-${encodeURIComponent(key)}`, [...values]]),
    ),
  };
}

async function describeCluster(
  cluster: ClusterEntry,
  isWanted: boolean,
  surroundings: Surroundings,
): Promise<ExecCluster | undefined> {
  if (!isWanted) return undefined;
  const ca = await octetsOf(cluster.certificateAuthority, surroundings);
  return {
    server: cluster.server,
    ...(cluster.tlsServerName !== undefined && { 'tls-server-name': cluster.tlsServerName }),
    ...(cluster.insecureSkipTlsVerify && { 'insecure-skip-tls-verify': true }),
    ...(ca !== undefined && { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
    ...(cluster.proxyUrl !== undefined && { 'proxy-url': cluster.proxyUrl }),
  };
}

async function octetsOf(material: Material | undefined, surroundings: Surroundings): Promise<Uint8Array | undefined> {
  if (material === undefined) return undefined;
  if ('bytes' in material) return material.bytes;
  try {
    return await surroundings.readFile(material.file);
  } catch (cause) {
    throw unreadable(material.file, cause);
  }
}

async function readText(path: string, { readFile }: Surroundings, hint?: string): Promise<string> {
  try {
    return new TextDecoder().decode(await readFile(path));
  } catch (cause) {
    throw unreadable(path, cause, hint);
  }
}

const bytesOf = (material: string | Uint8Array): Uint8Array =>
  typeof material === 'string' ? new TextEncoder().encode(material) : material;

const isAbsent = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');

const unreadable = (path: string, cause: unknown, hint?: string): KubernetesError =>
  new KubernetesError(
    'ERR_KUBERNETES_FILE',
    path,
    `Cannot read ${path}: ${isAbsent(cause) ? 'there is no such file' : messageOf(cause)}${hint === undefined ? '' : ` (${hint}?)`}`,
    { cause },
  );
