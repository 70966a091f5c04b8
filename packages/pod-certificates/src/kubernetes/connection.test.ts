import { describe, expect, test } from 'vitest';
import { type ClusterConnection, type ConnectionOptions, openConnection } from './connection.js';
import type { RunProgram } from './exec-plugin.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const SA = '/var/run/secrets/kubernetes.io/serviceaccount';
const POD = { [`${SA}/token`]: 't1\n', [`${SA}/namespace`]: 'mayfly', [`${SA}/ca.crt`]: 'ca' };
const config = (user: string, more = '') => `
current-context: a
contexts: [{name: a, context: {cluster: c, user: u, namespace: n}}]
clusters: [{name: c, cluster: {server: "https://192.0.2.1"${more}}}]
users: [{name: u, user: ${user}}]`;

function open(files: Record<string, string>, options: ConnectionOptions = {}): Promise<ClusterConnection> {
  const readFile = async (path: string) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error(`ENOENT ${path}`), { code: 'ENOENT' });
    return bytes(text);
  };
  return openConnection({ env: {}, homeDirectory: '/home/u', readFile, ...options });
}

describe('finds a cluster', () => {
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
  test.each([
    [
      'by the named file',
      { '/k': config('{}'), ...POD },
      { kubeconfig: '/k', env: { ...env, KUBECONFIG: '/l' } },
      'context a of /k',
    ],
    [
      'by KUBECONFIG, of which some may be absent',
      { '/l': config('{}'), ...POD },
      { env: { ...env, KUBECONFIG: '/none:/l' } },
      'context a of /l',
    ],
    [
      'by the service account of its pod',
      { '/home/u/.kube/config': config('{}'), ...POD },
      { env },
      'the service account of this pod',
    ],
    ['by the file of its user', { '/home/u/.kube/config': config('{}') }, {}, 'context a of /home/u/.kube/config'],
    [
      'by a context, in a pod too',
      { '/home/u/.kube/config': config('{}'), ...POD },
      { env, context: 'a' },
      'context a of /home/u/.kube/config',
    ],
  ])('%s', async (_name, files, options, origin) => {
    expect((await open(files, options)).origin).toBe(origin);
  });
  test('and reads token and authority of a pod anew each time', async () => {
    const files: Record<string, string> = { ...POD };
    const connection = await open(files, { env });
    expect(connection).toMatchObject({ server: 'https://[fd00::1]:6443', namespace: 'mayfly' });
    expect(await connection.headers()).toEqual({ authorization: 'Bearer t1' });
    expect(await connection.tls()).toEqual({ ca: bytes('ca') });
    files[`${SA}/token`] = 't2';
    files[`${SA}/ca.crt`] = 'ca2';
    expect(await connection.headers()).toEqual({ authorization: 'Bearer t2' });
    expect(await connection.tls()).toEqual({ ca: bytes('ca2') });
  });
  test.each([
    ['nothing is there', {}, {}, 'ERR_KUBERNETES_UNCONFIGURED', '/home/u/.kube/config'],
    ['the named file is absent', {}, { kubeconfig: '/k' }, 'ERR_KUBERNETES_FILE', '/k'],
    ['a pod has no token', {}, { env }, 'ERR_KUBERNETES_FILE', `${SA}/token`],
  ])('refuses when %s', async (_name, files, options, code, path) => {
    await expect(open(files, options)).rejects.toMatchObject({ code, path });
  });
});

test('takes the proxy of the kubeconfig, else that of the environment', async () => {
  const env = { HTTPS_PROXY: 'http://environment:3128', NO_PROXY: '198.51.100.0/24' };
  const proxyOf = async (cluster: string) =>
    (await open({ '/k': config('{}', cluster) }, { kubeconfig: '/k', env })).proxyUrl;
  expect(await proxyOf(', proxy-url: "http://file:3128"')).toBe('http://file:3128');
  expect(await proxyOf('')).toBe('http://environment:3128');
  const surroundings = { kubeconfig: '/k', env: { ...env, NO_PROXY: '192.0.2.0/24' } };
  expect((await open({ '/k': config('{}') }, surroundings)).proxyUrl).toBeUndefined();
});

test('says who asks', async () => {
  const headersOf = async (user: string, files = {}) =>
    await (await open({ '/k': config(user), ...files }, { kubeconfig: '/k' })).headers();
  expect(await headersOf('{username: a, password: "b:c"}')).toEqual({ authorization: 'Basic YTpiOmM=' });
  expect(
    await headersOf('{token: t, as: bob, as-uid: "7", as-groups: [g, h], as-user-extra: {acme.io/x: [y]}}'),
  ).toEqual({
    authorization: 'Bearer t',
    'impersonate-user': 'bob',
    'impersonate-uid': '7',
    'impersonate-group': ['g', 'h'],
    'impersonate-extra-acme.io%2Fx': ['y'],
  });
  await expect(headersOf('{tokenFile: t}', { '/t': '' })).rejects.toMatchObject({ code: 'ERR_KUBERNETES_CREDENTIALS' });
  await expect(headersOf('{token: "c4na7y\\n"}')).rejects.toThrow(
    expect.objectContaining({ message: expect.not.stringContaining('c4na7y') }),
  );
  await expect(headersOf('{tokenFile: t}')).rejects.toMatchObject({ code: 'ERR_KUBERNETES_FILE', path: '/t' });
});

describe('asks a plugin', () => {
  const API = 'client.authentication.k8s.io/v1';
  const user = `{exec: {apiVersion: ${API}, command: login, env: [{name: MODE, value: x}], provideClusterInfo: true, installHint: "get it"}}`;
  const status = (given: object) => JSON.stringify({ apiVersion: API, kind: 'ExecCredential', status: given });
  const openWith = (run: RunProgram, now = () => 0): Promise<ClusterConnection> =>
    open({ '/k': config(user, ', certificate-authority-data: "Y2E="') }, { kubeconfig: '/k', run, now });

  test('once, until what it gave ends or is refused', async () => {
    let now = 1_788_256_800;
    const asked: (string | undefined)[] = [];
    const connection = await openWith(
      async (command, _args, env) => {
        expect([command, env['MODE']]).toEqual(['login', 'x']);
        asked.push(env['KUBERNETES_EXEC_INFO']);
        return status({ token: `t${asked.length}`, expirationTimestamp: '2026-09-01T11:00:00Z' });
      },
      () => now,
    );
    expect(await Promise.all([connection.headers(), connection.headers()])).toEqual(
      Array(2).fill({ authorization: 'Bearer t1' }),
    );
    expect(JSON.parse(asked[0]!)).toEqual({
      apiVersion: API,
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server: 'https://192.0.2.1', 'certificate-authority-data': 'Y2E=' } },
    });
    connection.forgetCredentials();
    expect(await connection.headers()).toEqual({ authorization: 'Bearer t2' });
    now += 3600;
    expect(await connection.headers()).toEqual({ authorization: 'Bearer t3' });
  });
  test('for a key pair', async () => {
    const connection = await openWith(async () => status({ clientCertificateData: 'C', clientKeyData: 'K' }));
    expect(await connection.tls()).toEqual({ ca: bytes('ca'), cert: bytes('C'), key: bytes('K') });
    expect(await connection.headers()).toEqual({});
  });
  test.each([
    [
      'that is not there',
      () => Promise.reject(Object.assign(new Error(), { code: 'ENOENT' })),
      'no such program; get it',
    ],
    ['that fails', () => Promise.reject(Object.assign(new Error(), { code: 3 })), 'it ended with 3'],
    ['that hangs', () => Promise.reject(Object.assign(new Error(), { code: 'ETIMEDOUT' })), 'longer than 60 s'],
    ['that is ended', () => Promise.reject(Object.assign(new Error('c4na7y'), { signal: 'SIGKILL' })), 'by SIGKILL'],
    ['that may not run', () => Promise.reject(Object.assign(new Error('c4na7y'), { code: 'EACCES' })), '(EACCES)'],
    ['that prints something else', async () => 'c4na7y', 'no ExecCredential'],
    ['of another version', async () => status({}).replace('/v1"', '/v1beta1"'), 'another version than'],
    ['without a status', async () => `{"kind":"ExecCredential","apiVersion":"${API}"}`, 'no status'],
    ['that gives nothing', async () => status({}), 'neither token nor key pair'],
    ['that gives half a pair', async () => status({ clientKeyData: 'c4na7y' }), 'one of'],
    ['with a token that is no text', async () => status({ token: 7 }), 'status.token'],
    [
      'with an end that is no time',
      async () => status({ token: 'c4na7y', expirationTimestamp: 'soon' }),
      'no RFC 3339 time',
    ],
  ] satisfies [string, RunProgram, string][])('and refuses one %s', async (_name, run, state) => {
    const connection = await openWith(run);
    const failure = await connection.headers().then(
      () => new Error('it was taken'),
      (error: Error) => error,
    );
    expect(failure).toMatchObject({ code: 'ERR_KUBERNETES_CREDENTIALS', message: expect.stringContaining(state) });
    expect([String(failure), failure.cause]).toEqual([expect.not.stringContaining('c4na7y'), undefined]);
  });
  test('again after it failed', async () => {
    let fails = true;
    const connection = await openWith(async () => {
      if (fails) throw Object.assign(new Error(), { code: 1 });
      return status({ token: 't' });
    });
    await expect(connection.headers()).rejects.toThrow();
    fails = false;
    expect(await connection.headers()).toEqual({ authorization: 'Bearer t' });
  });
});
