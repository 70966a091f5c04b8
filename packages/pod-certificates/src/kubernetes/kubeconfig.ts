import { isAbsolute, join, dirname as parentOf } from 'node:path';
import { KubernetesError } from './errors.js';
import { proxyFault } from './proxy.js';
import {
  type Field,
  flagOf,
  itemsOf,
  memberOf,
  parseYamlFile,
  refuse,
  refuseMisspelt,
  requiredTextOf,
  textOf,
  textsOf,
} from './yaml-fields.js';

/** Something that is given in the kubeconfig itself, as octets, or in a file that is read whenever it is needed. */
export type Material = { readonly bytes: Uint8Array } | { readonly file: string };

/** An API server. */
export interface ClusterEntry {
  /** `https://host:port`, or with a path behind which the API begins; without a slash at its end. */
  readonly server: string;
  readonly certificateAuthority: Material | undefined;
  readonly insecureSkipTlsVerify: boolean;
  readonly tlsServerName: string | undefined;
  /** `http:` or `https:`. */
  readonly proxyUrl: string | undefined;
}

/** A program that gives credentials (client.authentication.k8s.io). */
export interface ExecEntry {
  readonly apiVersion: 'client.authentication.k8s.io/v1' | 'client.authentication.k8s.io/v1beta1';
  /** A name that is looked up in `PATH`, or a path. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint: string | undefined;
  readonly provideClusterInfo: boolean;
}

/** Who asks; without any part nobody does, as behind `kubectl proxy`. */
export interface UserEntry {
  readonly clientCertificate: Material | undefined;
  readonly clientKey: Material | undefined;
  /** A file is read again for every request. */
  readonly token: string | { readonly file: string } | undefined;
  readonly basic: { readonly username: string; readonly password: string } | undefined;
  readonly exec: ExecEntry | undefined;
  readonly impersonate: Impersonation | undefined;
}

/** Whom the user acts as. */
export interface Impersonation {
  readonly user: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** One context with what it names. */
export interface KubeconfigContext {
  readonly name: string;
  readonly namespace: string;
  readonly cluster: ClusterEntry;
  readonly user: UserEntry;
}

/** A file with the text that was read from it. */
export interface KubeconfigFile {
  readonly path: string;
  readonly text: string;
}

const NOBODY: UserEntry = {
  clientCertificate: undefined,
  clientKey: undefined,
  token: undefined,
  basic: undefined,
  exec: undefined,
  impersonate: undefined,
};

/**
 * Reads a context of one or several kubeconfig files. Of entries with one name the first counts, and so does the first
 * `current-context`, as with kubectl; paths are relative to the file that names them. Only what the context names is read.
 * @param contextName - Default `current-context`.
 * @throws {@link KubernetesError} `ERR_KUBERNETES_CONFIG`, `ERR_KUBERNETES_CONTEXT`.
 */
export function readKubeconfig(files: readonly KubeconfigFile[], contextName?: string): KubeconfigContext {
  const roots = files.map(({ path, text }) => parseYamlFile(path, text)).filter(({ value }) => value != null);
  for (const root of roots) {
    const kind = textOf(root, 'kind');
    if (kind !== undefined && kind !== 'Config') throw refuse(memberOf(root, 'kind'), `${kind}, not Config`);
  }
  const origin = files.map(({ path }) => path).join(', ');
  const chosen = contextName ?? roots.map((root) => textOf(root, 'current-context')).find((name) => name !== undefined);
  if (chosen === undefined)
    throw missing('current-context', `Cannot choose a context of ${origin}: current-context is not set`);
  const context = find(roots, 'contexts', 'context', chosen);
  if (context === undefined) {
    const known = names(roots, 'contexts');
    throw missing(
      `contexts[${chosen}]`,
      `Cannot use context ${chosen}: ${origin} has ${known.length > 0 ? known.join(', ') : 'none'}`,
    );
  }
  const clusterName = requiredTextOf(context, 'cluster');
  const cluster = find(roots, 'clusters', 'cluster', clusterName);
  if (cluster === undefined)
    throw missing(`clusters[${clusterName}]`, `Cannot use context ${chosen}: ${origin} has no cluster ${clusterName}`);
  const userName = textOf(context, 'user');
  const user = userName === undefined ? undefined : find(roots, 'users', 'user', userName);
  if (userName !== undefined && user === undefined)
    throw missing(`users[${userName}]`, `Cannot use context ${chosen}: ${origin} has no user ${userName}`);
  const read = { cluster: readCluster(cluster), user: user === undefined ? NOBODY : readUser(user) };
  const { token, basic, exec } = read.user;
  if ((token ?? basic ?? exec) !== undefined && isOverheard(read.cluster))
    throw refuse(
      memberOf(cluster, 'server'),
      'is reached without TLS, where credentials of the user would be overheard',
    );
  return {
    name: chosen,
    namespace: textOf(context, 'namespace') ?? 'default',
    ...read,
  };
}

const missing = (path: string, message: string): KubernetesError =>
  new KubernetesError('ERR_KUBERNETES_CONTEXT', path, message);

/** The entry of a name in the first file that has it. */
function find(roots: readonly Field[], list: string, member: string, name: string): Field | undefined {
  for (const root of roots)
    for (const item of itemsOf(root, list)) if (textOf(item, 'name') === name) return memberOf(item, member);
  return undefined;
}

const names = (roots: readonly Field[], list: string): readonly string[] =>
  roots.flatMap((root) => itemsOf(root, list).map((item) => textOf(item, 'name') ?? ''));

/** Whether what is sent to a server goes over a network in clear. */
function isOverheard({ server }: ClusterEntry): boolean {
  const { protocol, hostname } = new URL(server);
  return protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

const CLUSTER_MEMBERS: readonly string[] = [
  ...['server', 'tls-server-name', 'insecure-skip-tls-verify', 'proxy-url', 'disable-compression', 'extensions'],
  ...['certificate-authority', 'certificate-authority-data'],
];
const USER_MEMBERS: readonly string[] = [
  ...['client-certificate', 'client-certificate-data', 'client-key', 'client-key-data', 'token', 'tokenFile'],
  ...['username', 'password', 'exec', 'auth-provider', 'as', 'as-uid', 'as-groups', 'as-user-extra', 'extensions'],
];

function readCluster(cluster: Field): ClusterEntry {
  refuseMisspelt(cluster, CLUSTER_MEMBERS);
  const server = requiredTextOf(cluster, 'server');
  const url = urlOf(server);
  const serverField = memberOf(cluster, 'server');
  if (url === undefined || !['http:', 'https:'].includes(url.protocol)) throw refuse(serverField, 'no http(s) URL');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw refuse(serverField, 'has more than host, port and path');
  const certificateAuthority = materialOf(cluster, 'certificate-authority');
  const insecureSkipTlsVerify = flagOf(cluster, 'insecure-skip-tls-verify');
  if (insecureSkipTlsVerify && certificateAuthority !== undefined)
    throw refuse(memberOf(cluster, 'insecure-skip-tls-verify'), 'true beside a certificate-authority');
  const proxyUrl = textOf(cluster, 'proxy-url');
  const fault = proxyUrl === undefined ? undefined : proxyFault(proxyUrl);
  if (fault !== undefined) throw refuse(memberOf(cluster, 'proxy-url'), fault);
  if (proxyUrl !== undefined && url.protocol === 'http:')
    throw refuse(memberOf(cluster, 'proxy-url'), 'stands beside a server without TLS');
  return {
    server: url.origin + url.pathname.replace(/\/+$/, ''),
    certificateAuthority,
    insecureSkipTlsVerify,
    tlsServerName: textOf(cluster, 'tls-server-name'),
    proxyUrl,
  };
}

function readUser(user: Field): UserEntry {
  refuseMisspelt(user, USER_MEMBERS);
  const clientCertificate = materialOf(user, 'client-certificate');
  const clientKey = materialOf(user, 'client-key');
  if ((clientCertificate === undefined) !== (clientKey === undefined))
    throw refuse(
      user,
      `has a client ${clientKey === undefined ? 'certificate without its key' : 'key without its certificate'}`,
    );
  const username = textOf(user, 'username');
  const password = textOf(user, 'password');
  if ((username === undefined) !== (password === undefined)) throw refuse(user, 'has one of username and password');
  if (memberOf(user, 'auth-provider').value !== undefined)
    throw refuse(memberOf(user, 'auth-provider'), 'was removed from Kubernetes in 1.26, use an exec plugin');
  const tokenFile = textOf(user, 'tokenFile');
  const exec = memberOf(user, 'exec');
  return {
    clientCertificate,
    clientKey,
    // As client-go has it: the file is the truth where both are given.
    token: tokenFile === undefined ? textOf(user, 'token') : { file: besides(user, tokenFile) },
    basic: username === undefined || password === undefined ? undefined : { username, password },
    exec: exec.value === undefined ? undefined : readExec(exec),
    impersonate: readImpersonation(user),
  };
}

function readExec(exec: Field): ExecEntry {
  const apiVersion = requiredTextOf(exec, 'apiVersion');
  if (apiVersion !== 'client.authentication.k8s.io/v1' && apiVersion !== 'client.authentication.k8s.io/v1beta1')
    throw refuse(memberOf(exec, 'apiVersion'), `${apiVersion}, neither v1 nor v1beta1 of client.authentication.k8s.io`);
  if (textOf(exec, 'interactiveMode') === 'Always')
    throw refuse(memberOf(exec, 'interactiveMode'), 'Always, but nobody answers questions here');
  const command = requiredTextOf(exec, 'command');
  return {
    apiVersion,
    command: command.includes('/') ? besides(exec, command) : command,
    args: textsOf(exec, 'args'),
    env: Object.fromEntries(
      itemsOf(exec, 'env').map((item) => [requiredTextOf(item, 'name'), textOf(item, 'value') ?? '']),
    ),
    installHint: textOf(exec, 'installHint'),
    provideClusterInfo: flagOf(exec, 'provideClusterInfo'),
  };
}

function readImpersonation(user: Field): Impersonation | undefined {
  const as = textOf(user, 'as');
  const groups = textsOf(user, 'as-groups');
  const uid = textOf(user, 'as-uid');
  const extraField = memberOf(user, 'as-user-extra');
  const keys = extraField.value === undefined ? [] : Object.keys(memberMapping(extraField));
  if (as === undefined) {
    if (groups.length > 0 || uid !== undefined || keys.length > 0) throw refuse(memberOf(user, 'as'), 'absent');
    return undefined;
  }
  return { user: as, uid, groups, extra: Object.fromEntries(keys.map((key) => [key, textsOf(extraField, key)])) };
}

function memberMapping(field: Field): object {
  if (typeof field.value !== 'object' || field.value === null || Array.isArray(field.value))
    throw refuse(field, 'no mapping');
  return field.value;
}

/** `<name>-data` in base64, or the file `<name>`; the data count where both are given. */
function materialOf(parent: Field, name: string): Material | undefined {
  const data = textOf(parent, `${name}-data`);
  if (data !== undefined) {
    const bytes = new Uint8Array(Buffer.from(data, 'base64'));
    if (bytes.length === 0 || !/^[A-Za-z0-9+/\s]*=*\s*$/.test(data))
      throw refuse(memberOf(parent, `${name}-data`), 'no base64');
    return { bytes };
  }
  const file = textOf(parent, name);
  return file === undefined ? undefined : { file: besides(parent, file) };
}

const besides = ({ file }: Field, path: string): string => (isAbsolute(path) ? path : join(parentOf(file), path));

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
