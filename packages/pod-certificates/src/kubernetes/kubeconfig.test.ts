import { expect, test } from 'vitest';
import { readKubeconfig } from './kubeconfig.js';

const base = (user: string, cluster = 'server: https://192.0.2.1:6443', more = '') => `
apiVersion: v1
kind: Config
current-context: a
contexts:
- name: a
  context: {cluster: c, user: u}
clusters:
- name: c
  cluster: {${cluster}}
users:
- name: u
  user: ${user}
${more}`;
const read = (text: string, context?: string) => readKubeconfig([{ path: '/etc/k/config', text }], context);

test('reads what kubectl config view --raw prints of a full configuration', () => {
  const text = base(
    '{client-certificate: pki/c.crt, client-key-data: "a2V5", tokenFile: /run/token, as: bob, as-groups: [g], as-user-extra: {scopes: [s]}}',
    'server: "https://api.example:6443/k8s/", certificate-authority-data: "Y2E=", tls-server-name: kubernetes, proxy-url: "http://proxy:3128"',
    'preferences: {}\nextensions: [{name: x, extension: {}}]',
  );
  expect(read(text)).toEqual({
    name: 'a',
    namespace: 'default',
    cluster: {
      server: 'https://api.example:6443/k8s',
      certificateAuthority: { bytes: new TextEncoder().encode('ca') },
      insecureSkipTlsVerify: false,
      tlsServerName: 'kubernetes',
      proxyUrl: 'http://proxy:3128',
    },
    user: {
      clientCertificate: { file: '/etc/k/pki/c.crt' },
      clientKey: { bytes: new TextEncoder().encode('key') },
      token: { file: '/run/token' },
      basic: undefined,
      exec: undefined,
      impersonate: { user: 'bob', uid: undefined, groups: ['g'], extra: { scopes: ['s'] } },
    },
  });
});

test('a plugin: paths with a slash are relative to the file, names are looked up', () => {
  const exec = (command: string) =>
    base(
      `{exec: {apiVersion: client.authentication.k8s.io/v1, command: ${command}, args: [a], env: [{name: X, value: y}], interactiveMode: IfAvailable, provideClusterInfo: true}}`,
    );
  expect(read(exec('bin/login')).user.exec).toEqual({
    apiVersion: 'client.authentication.k8s.io/v1',
    command: '/etc/k/bin/login',
    args: ['a'],
    env: { X: 'y' },
    installHint: undefined,
    provideClusterInfo: true,
  });
  expect(read(exec('login')).user.exec?.command).toBe('login');
});

test('of several files the first with a name counts, and paths are relative to theirs', () => {
  const one = 'contexts: [{name: a, context: {cluster: c, user: u, namespace: one}}]';
  const two = base('{client-certificate: c.crt, client-key: c.key}');
  const context = readKubeconfig([
    { path: '/one/config', text: one },
    { path: '/empty', text: '' },
    { path: '/two/config', text: two },
  ]);
  expect(context.namespace).toBe('one');
  expect(context.user.clientKey).toEqual({ file: '/two/c.key' });
});

test('what the chosen context does not name is not read', () => {
  const broken = 'users: [{name: other, user: {exec: 7}}]';
  expect(
    readKubeconfig([
      { path: '/a', text: base('{token: t}') },
      { path: '/b', text: broken },
    ]).user.token,
  ).toBe('t');
});

const EXEC = 'apiVersion: client.authentication.k8s.io/v1, command: x';
test.each<readonly [string, string, string | undefined, string, string]>([
  ['no YAML', 'a: [', undefined, 'ERR_KUBERNETES_CONFIG', ''],
  ['twice the same key', 'users: []\nusers: []', undefined, 'ERR_KUBERNETES_CONFIG', ''],
  ['no mapping', '- a', undefined, 'ERR_KUBERNETES_CONFIG', ''],
  ['another kind', 'kind: Pod', undefined, 'ERR_KUBERNETES_CONFIG', 'kind'],
  ['no current-context', 'users: []', undefined, 'ERR_KUBERNETES_CONTEXT', 'current-context'],
  ['an unknown context', base('{}'), 'z', 'ERR_KUBERNETES_CONTEXT', 'contexts[z]'],
  [
    'a context without its cluster',
    base('{}').replace('name: c\n', 'name: d\n'),
    undefined,
    'ERR_KUBERNETES_CONTEXT',
    'clusters[c]',
  ],
  [
    'a context without its user',
    base('{}').replace('name: u\n', 'name: v\n'),
    undefined,
    'ERR_KUBERNETES_CONTEXT',
    'users[u]',
  ],
  ['contexts that are no list', 'current-context: a\ncontexts: {}', undefined, 'ERR_KUBERNETES_CONFIG', 'contexts'],
  [
    'no server',
    base('{}', 'insecure-skip-tls-verify: true'),
    undefined,
    'ERR_KUBERNETES_CONFIG',
    'clusters[0].cluster.server',
  ],
  [
    'a server that is no URL',
    base('{}', 'server: "api:6443"'),
    undefined,
    'ERR_KUBERNETES_CONFIG',
    'clusters[0].cluster.server',
  ],
  [
    'a server with a password',
    base('{}', 'server: "https://a:b@c"'),
    undefined,
    'ERR_KUBERNETES_CONFIG',
    'clusters[0].cluster.server',
  ],
  [
    'authority data that are no base64',
    base('{}', 'server: "https://a", certificate-authority-data: "-"'),
    undefined,
    'ERR_KUBERNETES_CONFIG',
    'clusters[0].cluster.certificate-authority-data',
  ],
  [
    'a flag that is text',
    base('{}', 'server: "https://a", insecure-skip-tls-verify: "yes"'),
    undefined,
    'ERR_KUBERNETES_CONFIG',
    'clusters[0].cluster.insecure-skip-tls-verify',
  ],
  [
    'no verification beside an authority',
    base('{}', 'server: "https://a", insecure-skip-tls-verify: true, certificate-authority: a'),
    undefined,
    'ERR_KUBERNETES_CONFIG',
    'clusters[0].cluster.insecure-skip-tls-verify',
  ],
  [
    'a SOCKS proxy',
    base('{}', 'server: "https://a", proxy-url: "socks5://p"'),
    undefined,
    'ERR_KUBERNETES_CONFIG',
    'clusters[0].cluster.proxy-url',
  ],
  [
    'a proxy without TLS behind it',
    base('{}', 'server: "http://a", proxy-url: "http://p"'),
    undefined,
    'ERR_KUBERNETES_CONFIG',
    'clusters[0].cluster.proxy-url',
  ],
  ...(
    [
      ['certificate-authorty-data: "Y2E="', 'certificate-authorty-data'],
      ['certificateAuthorityData: "Y2E="', 'certificateAuthorityData'],
      ['tls-servername: a', 'tls-servername'],
      ['insecure-skip-tls-verfy: false', 'insecure-skip-tls-verfy'],
    ] as const
  ).map(
    ([member, name]) =>
      [
        `a misspelt ${name}`,
        base('{}', `server: "https://a", ${member}`),
        undefined,
        'ERR_KUBERNETES_CONFIG',
        `clusters[0].cluster.${name}`,
      ] as const,
  ),
  ['a misspelt token file', base('{tokenfile: t}'), undefined, 'ERR_KUBERNETES_CONFIG', 'users[0].user.tokenfile'],
  ...['{token: t}', '{tokenFile: t}', '{username: a, password: b}', `{exec: {${EXEC}}}`].map(
    (user) =>
      [
        `${user.slice(1, 6)} without TLS`,
        base(user, 'server: "http://192.0.2.1"'),
        undefined,
        'ERR_KUBERNETES_CONFIG',
        'clusters[0].cluster.server',
      ] as const,
  ),
  [
    'a password in the URL of a server',
    base('{}', 'server: "https://:c4na7y@a"'),
    undefined,
    'ERR_KUBERNETES_CONFIG',
    'clusters[0].cluster.server',
  ],
  ['a key without its certificate', base('{client-key: k}'), undefined, 'ERR_KUBERNETES_CONFIG', 'users[0].user'],
  ['a user name without a password', base('{username: k}'), undefined, 'ERR_KUBERNETES_CONFIG', 'users[0].user'],
  ['a token that is a number', base('{token: 7}'), undefined, 'ERR_KUBERNETES_CONFIG', 'users[0].user.token'],
  [
    'a removed auth-provider',
    base('{auth-provider: {name: gcp}}'),
    undefined,
    'ERR_KUBERNETES_CONFIG',
    'users[0].user.auth-provider',
  ],
  ['groups without a user', base('{as-groups: [g]}'), undefined, 'ERR_KUBERNETES_CONFIG', 'users[0].user.as'],
  [
    'a plugin of another version',
    base('{exec: {apiVersion: v1alpha1, command: x}}'),
    undefined,
    'ERR_KUBERNETES_CONFIG',
    'users[0].user.exec.apiVersion',
  ],
  [
    'a plugin without a command',
    base('{exec: {apiVersion: client.authentication.k8s.io/v1}}'),
    undefined,
    'ERR_KUBERNETES_CONFIG',
    'users[0].user.exec.command',
  ],
  [
    'a plugin that asks',
    base(`{exec: {${EXEC}, interactiveMode: Always}}`),
    undefined,
    'ERR_KUBERNETES_CONFIG',
    'users[0].user.exec.interactiveMode',
  ],
  [
    'arguments that are no texts',
    base(`{exec: {${EXEC}, args: [7]}}`),
    undefined,
    'ERR_KUBERNETES_CONFIG',
    'users[0].user.exec.args[0]',
  ],
  [
    'a variable without a name',
    base(`{exec: {${EXEC}, env: [{value: 7}]}}`),
    undefined,
    'ERR_KUBERNETES_CONFIG',
    'users[0].user.exec.env[0].name',
  ],
])('refuses %s', (_name, text, context, code, path) => {
  expect(() => read(text, context)).toThrow(expect.objectContaining({ code, path }));
});

test.each([
  ['nobody, over a network', '{}', 'http://192.0.2.1:8001'],
  ['a token, on this machine', '{token: t}', 'http://127.0.0.1:8001'],
  ['a token, on this machine by IPv6', '{token: t}', 'http://[::1]:8001'],
  ['a token, on this machine by name', '{token: t}', 'http://localhost:8001'],
])('a server without TLS is taken for %s', (_name, user, server) => {
  expect(read(base(user, `server: "${server}"`)).cluster.server).toBe(server);
});

test('members that are nothing like those that are read are passed over', () => {
  expect(
    read(base('{x: 1, note: y}', 'server: "https://a", disable-compression: true, colour: red')).cluster.server,
  ).toBe('https://a');
});

test('no message repeats what stands in the file', () => {
  for (const text of [
    'token: "c4na7y',
    base('{token: [c4na7y]}'),
    base('{client-key-data: "c4na7y!", client-certificate: x}'),
  ])
    expect(() => read(text)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('c4na7y') }));
});
