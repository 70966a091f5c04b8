import { expect, test } from 'vitest';
import { mapPaths, mappingsOf, podEnvironment } from './environment.js';

const MAPPINGS = [
  { mountPath: '/certs/deep', directory: '/here/deep' },
  { mountPath: '/certs', directory: '/here/tls' },
];

test.each([
  ['/certs/tls.crt', '/here/tls/tls.crt'],
  ['/certs', '/here/tls'],
  ['/certs/deep/ca.crt', '/here/deep/ca.crt'],
  ['--cert=/certs/tls.crt', '--cert=/here/tls/tls.crt'],
  ['/certs/a:/certs/b,/certs/c', '/here/tls/a:/here/tls/b,/here/tls/c'],
  ['/certs:/certs/deep', '/here/tls:/here/deep'],
  ['/certsandmore/x', '/certsandmore/x'],
  ['/other/certs/x', '/other/certs/x'],
  ['https://host/certs/x', 'https://host/certs/x'],
  ['', ''],
])('%j becomes %j', (text, mapped) => {
  expect(mapPaths(text, MAPPINGS)).toBe(mapped);
});

test('the deepest mount comes first, mounts that are not served do not come at all', () => {
  const mount = (name: string, mountPath: string) => ({
    place: { file: '', line: 1, column: 1 },
    name,
    mountPath,
    subPath: undefined,
  });
  const container = {
    place: { file: '', line: 1, column: 1 },
    name: 'main',
    command: [],
    args: [],
    env: [],
    volumeMounts: [mount('a', '/certs/'), mount('config', '/etc/app'), mount('b', '/certs/deep')],
  };
  const mappings = mappingsOf(container, (name) => (name === 'config' ? undefined : `/here/${name}`));
  expect(mappings).toEqual([
    { mountPath: '/certs/deep', directory: '/here/b' },
    { mountPath: '/certs', directory: '/here/a' },
  ]);
});

test('a pod knows who it is, and the manifest cannot say otherwise', () => {
  const variables = [
    { name: 'CERT', value: '/certs/tls.crt' },
    { name: 'MAYFLY_POD_NAME', value: 'impostor' },
    { name: 'CERT', value: '/certs/second.crt' },
  ];
  expect(podEnvironment({ namespace: 'shop', name: 'web' }, variables, MAPPINGS)).toEqual({
    CERT: '/here/tls/second.crt',
    MAYFLY_POD_NAMESPACE: 'shop',
    MAYFLY_POD_NAME: 'web',
    MAYFLY_CREDENTIAL_DIRECTORY: '/here/tls',
  });
});
