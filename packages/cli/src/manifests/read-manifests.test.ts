import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { at, errorsOf, indent, podWith, popularSource, read, realSource, SOURCE } from '../../testing/manifests.js';
import { annotationKeys } from './annotations.js';
import { formatFinding } from './findings.js';
import type { PodCertificateSource } from './manifest.js';
import { formatFindings, readManifests } from './read-manifests.js';

const popular = new URL('../../../../../shared/specs/popular-manifests/', import.meta.url);
const examples = new URL('../../examples/', import.meta.url);
const yamlFiles = (directory: URL) => readdirSync(directory).filter((name) => name.endsWith('.yaml'));
const load = (directory: URL, name: string) => ({ path: name, text: readFileSync(new URL(name, directory), 'utf8') });
const sourcesOf = (text: string) => read(text).manifests.pods[0]!.volumes[0]!.sources;

describe('the two forms become one', () => {
  test('a real source is carried over with its bundle source', () => {
    expect(sourcesOf(podWith(realSource))).toMatchObject([
      {
        type: 'podCertificate',
        place: { file: 'a.yaml', line: 17, column: 11 },
        index: 0,
        signerName: 'pki.example.com/workload',
        keyType: 'ED25519',
        maxExpirationSeconds: 7200,
        credentialBundlePath: 'bundle.pem',
        keyPath: undefined,
        certificateChainPath: undefined,
        userAnnotations: { [annotationKeys.usage]: 'server' },
      },
      {
        type: 'clusterTrustBundle',
        index: 1,
        path: 'roots.pem',
        optional: true,
        from: {
          signerName: 'pki.example.com/workload',
          labelSelector: {
            matchLabels: { stage: 'live' },
            matchExpressions: [{ key: 'tier', operator: 'In', values: ['a'] }],
          },
        },
      },
    ]);
  });

  test('a popular source is what its real form is', () => {
    const stub = `    stubPKCS10Request:
      subject:
        commonName: web.shop.svc
        organization: ["Example, Inc.", shop]
      dnsNames: [web.shop.svc]
`;
    const real = `- podCertificate:
    signerName: pki.example.com/workload
    keyType: ECDSAP256
    maxExpirationSeconds: 3600
    keyPath: tls.key
    certificateChainPath: tls.crt
    userAnnotations:
      mayfly.dev/common-name: web.shop.svc
      mayfly.dev/organization: '["Example, Inc.","shop"]'
      mayfly.dev/dns-names: '["web.shop.svc"]'
- clusterTrustBundle: {signerName: pki.example.com/workload, labelSelector: {}, path: ca.crt}
`;
    const placeless = (text: string) => sourcesOf(podWith(text)).map(({ place: _, index: __, ...source }) => source);
    expect(placeless(popularSource + stub)).toEqual(placeless(real));
  });

  test('a bundle written to ca.crt stands in for the implied one', () => {
    const bundle = '- clusterTrustBundle: {name: corporate, path: ca.crt}\n';
    const sources = sourcesOf(podWith(popularSource + bundle));
    expect(sources).toHaveLength(2);
    expect(sources[1]).toMatchObject({ from: { name: 'corporate' } });
  });

  test('the rest of the pod has its defaults and its values', () => {
    const text = podWith(realSource)
      .replace('  name: web\n', '  name: web\n  namespace: shop\n  labels: {app: web}\n')
      .replace('    projected:\n', '    projected:\n      defaultMode: 0400\n')
      .replace(
        '    volumeMounts',
        '    command: [run]\n    args: ["1"]\n    env:\n    - {name: A, value: b}\n    - {name: C}\n    volumeMounts',
      );
    expect(read(text).manifests.pods).toMatchObject([
      {
        place: { line: 1, column: 1 },
        namespace: 'shop',
        name: 'web',
        serviceAccountName: 'default',
        labels: { app: 'web' },
        containers: [
          {
            name: 'app',
            command: ['run'],
            args: ['1'],
            env: [
              { name: 'A', value: 'b' },
              { name: 'C', value: '' },
            ],
            volumeMounts: [{ name: 'tls', mountPath: '/tls', subPath: undefined }],
          },
        ],
        volumes: [{ name: 'tls', defaultMode: 0o400 }],
      },
    ]);
    expect(read(podWith(realSource)).manifests.pods[0]).toMatchObject({
      namespace: 'default',
      volumes: [{ defaultMode: 0o644 }],
    });
  });
});

describe('files', () => {
  test.each(yamlFiles(examples))('the example %s is served', (name) => {
    expect(readManifests([load(examples, name)])).toMatchObject({ ok: true });
  });

  test('the examples together are four pods, and the client knows the server by a name that it has', () => {
    const result = readManifests(yamlFiles(examples).map((name) => load(examples, name)));
    if (!result.ok) throw new Error(formatFindings(result.errors));
    const { pods } = result.manifests;
    expect(pods.map(({ name }) => name).sort()).toEqual([
      'billing-worker',
      'catalog',
      'orders-client',
      'orders-server',
    ]);
    const serverName = pods
      .flatMap(({ containers }) => containers.flatMap(({ env }) => env))
      .find(({ name }) => name === 'SERVER_NAME')?.value;
    const server = pods.find(({ name }) => name === 'orders-server')!.volumes[0]!.sources[0] as PodCertificateSource;
    expect(JSON.parse(server.userAnnotations[annotationKeys.dnsNames]!)).toContain(serverName);
  });

  const missing = existsSync(popular) ? '' : ' (missing: ../shared/specs/popular-manifests)';
  test.skipIf(missing !== '')(`the popular manifests are served unchanged${missing}`, () => {
    const names = yamlFiles(popular);
    expect(names.length).toBeGreaterThanOrEqual(3);
    const result = readManifests(names.map((name) => load(popular, name)));
    if (!result.ok) throw new Error(formatFindings(result.errors));
    expect(result.manifests.pods.map(({ name }) => name)).toEqual([
      'app-with-csr',
      'api-server',
      'api-client',
      'secure-app',
    ]);
    expect(result.notices.map(({ code }) => code).sort()).toEqual([
      'IgnoredFields',
      'PopularForm',
      'SignerNotInClusters',
    ]);
  });

  test('a misspelt lifetime in a popular manifest is told at its line with the right name', () => {
    const text = podWith(popularSource.replace('expirationSeconds', 'expirationSecond'));
    expect(errorsOf(text).map(formatFinding)).toEqual([
      `a.yaml:18:11 ${SOURCE}.podCertificate.expirationSecond: unknown field, did you mean "expirationSeconds" (ERR_CLI_UNKNOWN_FIELD)`,
    ]);
  });
});

describe('documents', () => {
  const workload = (apiVersion: string, kind: string, way: readonly string[]) => {
    const [, ...spec] = podWith(popularSource).split('spec:\n');
    const body = ['spec', ...way, 'template', 'spec'];
    const opening = body.map((step, depth) => `${'  '.repeat(depth)}${step}:\n`).join('');
    return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: shop}\n${opening}${indent(spec.join('spec:\n'), 2 * (body.length - 1))}`;
  };

  test.each([
    ['apps/v1', 'Deployment', [], 'shop'],
    ['apps/v1', 'StatefulSet', [], 'shop-0'],
    ['apps/v1', 'DaemonSet', [], 'shop'],
    ['apps/v1', 'ReplicaSet', [], 'shop'],
    ['batch/v1', 'Job', [], 'shop'],
    ['batch/v1', 'CronJob', ['jobTemplate', 'spec'], 'shop'],
  ])('%s %s is one pod', (apiVersion, kind, way, name) => {
    const { manifests, notices } = read(workload(apiVersion, kind, way));
    expect(manifests.pods.map((pod) => pod.name)).toEqual([name]);
    expect(notices.find(({ code }) => code === 'WorkloadAsPod')?.message).toContain(`${kind} shop as pod ${name}`);
  });

  test('several documents, a List and JSON are read; empty documents and other kinds are passed over, said once', () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- ${indent(podWith(realSource, 'listed'), 2).trimStart()}`;
    const json = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'json' },
      spec: { containers: [{ name: 'a' }] },
    });
    const others =
      'apiVersion: v1\nkind: Service\n---\napiVersion: apps/v1\nkind: Pod\n---\napiVersion: v1\nkind: Service\n';
    const { manifests, notices } = read(`---\n${podWith(realSource)}---\n---\n${list}---\n${others}`, json);
    expect(manifests.pods.map(({ name }) => name)).toEqual(['web', 'listed', 'json']);
    const ignored = notices.filter(({ code }) => code === 'IgnoredKinds');
    expect(ignored.map(({ message }) => message)).toEqual(['ignored in local mode: documents of kind Service, Pod']);
  });

  test('an anchor and a merge key are followed', () => {
    const text = podWith(`- podCertificate: &base
    signerName: pki.example.com/workload
    keyType: ED25519
    keyPath: a.key
- podCertificate:
    <<: *base
    keyPath: b.key
`);
    expect(sourcesOf(text)).toMatchObject([{ keyPath: 'a.key' }, { keyPath: 'b.key', keyType: 'ED25519' }]);
  });

  test('two pods of one name are told with both places, in one file and in two', () => {
    const pod = podWith(realSource);
    expect(errorsOf(pod, pod).map(formatFinding)).toEqual([
      'b.yaml:4:9 metadata.name: pod default/web is also at a.yaml:4:9 (ERR_CLI_DUPLICATE)',
    ]);
    expect(errorsOf(`${pod}---\n${pod}`)).toMatchObject([{ code: 'ERR_CLI_DUPLICATE', path: 'metadata.name' }]);
    expect(errorsOf(pod, pod.replace('  name: web\n', '  name: web\n  namespace: other\n'))).toEqual([]);
  });

  test('no pod at all is an error', () => {
    expect(errorsOf('apiVersion: v1\nkind: Service\n').map(at)).toEqual([['ERR_CLI_NO_POD', 1, 1, '']]);
    expect(errorsOf('')).toMatchObject([{ code: 'ERR_CLI_NO_POD' }]);
  });

  test('errors of all files come together', () => {
    const bad = podWith(realSource.replace('ED25519', 'RSA2048').replace('7200', '7862401'));
    expect(errorsOf(bad, bad.replace('name: web', 'name: Web')).map(({ file, code }) => `${file} ${code}`)).toEqual([
      'a.yaml ERR_CLI_VALUE',
      'a.yaml ERR_CLI_LIFETIME',
      'b.yaml ERR_CLI_VALUE',
      'b.yaml ERR_CLI_VALUE',
      'b.yaml ERR_CLI_LIFETIME',
    ]);
  });
});

describe('notices', () => {
  const codes = (text: string) => read(text).notices.map(({ code }) => code);

  test('ignored fields are told once, by path', () => {
    const text = podWith(realSource).replace('    volumeMounts', '    resources: {}\n    volumeMounts');
    expect(read(text, podWith(realSource, 'other')).notices).toEqual([
      expect.objectContaining({
        code: 'IgnoredFields',
        line: 8,
        message: 'ignored in local mode: spec.containers[].image, spec.containers[].resources',
      }),
    ]);
  });

  test.each<[string, string]>([
    ['Misspelt', `${podWith(realSource)}---\napiVersion: v1\nkind: Pods\n`],
    ['SubPath', podWith(realSource).replace('mountPath: /tls', 'mountPath: /tls\n      subPath: tls.crt')],
    ['VolumeNotMounted', podWith(realSource).replace(/ {4}volumeMounts:\n.*\n.*\n/, '')],
    ['NoCredential', podWith('- configMap: {name: a}\n')],
    ['IgnoredSources', podWith('- configMap: {name: a}\n')],
    ['EnvironmentNotResolved', podWith(realSource).replace('image:', 'env: [{name: A, valueFrom: {}}]\n    image:')],
    ['ForeignAnnotation', podWith(realSource.replace('mayfly.dev/usage', 'pki.example.com/service'))],
    ['PopularForm', podWith(popularSource)],
  ])('%s', (code, text) => {
    expect(codes(text)).toContain(code);
  });
});

test('mutated manifests are read or refused with typed errors, and nothing is thrown', () => {
  const seeds = yamlFiles(examples).map((name) => load(examples, name).text);
  seeds.push(podWith(realSource));
  const fragments = [
    ...[
      '\n',
      ' ',
      '  ',
      '\t',
      ':',
      ': ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a ',
      '*a',
      '<<: *a',
      '!!x ',
      '"',
      "'",
      '|',
      '>',
      '#',
    ],
    ...[
      '---\n',
      '...\n',
      '%YAML 1.1\n',
      '? ',
      '__proto__: {}',
      'constructor',
      'null',
      '~',
      '1e999',
      '0777',
      '.nan',
      '\u0000',
      '\ud800',
    ],
  ];
  const edit = fc.record({
    at: fc.nat(),
    remove: fc.nat({ max: 12 }),
    insert: fc.oneof(fc.constantFrom(...fragments), fc.string({ maxLength: 3 }), fc.constantFrom('')),
  });
  const mutation = fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 6 }));
  fc.assert(
    fc.property(mutation, ([seed, edits]) => {
      let text = seed;
      for (const { at: offset, remove, insert } of edits) {
        const start = offset % (text.length + 1);
        text = text.slice(0, start) + insert + text.slice(start + remove);
      }
      const result = readManifests([{ path: 'a.yaml', text }]);
      const lines = text.split('\n').length;
      if (result.ok) return result.manifests.pods.length > 0;
      return (
        result.errors.length > 0 &&
        result.errors.every(
          ({ code, line, column }) => /^ERR_CLI_[A-Z_]+$/.test(code) && line >= 1 && line <= lines && column >= 1,
        )
      );
    }),
    { seed: 20260901, numRuns: 3000 },
  );
});

test('nothing of a manifest reaches a terminal unescaped', () => {
  const text = [
    'apiVersion: v1\nkind: "\\e[2J\\x9b31m"',
    'apiVersion: v1\nkind: Pod\nmetadata: { name: "a\\u202eb" }\nspec: { containers: [{ name: m, env: [{ name: "\\e]0;x\\a", valueFrom: {} }] }] }',
    'a: *\u001b[2J',
    '\u009b: {',
  ];
  const lines = text.flatMap((document) => {
    const result = readManifests([{ path: 'a\u001b.yaml', text: document }]);
    return formatFindings([...result.notices, ...(result.ok ? [] : result.errors)]).split('\n');
  });
  expect(lines.join('')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(lines.join('\n')).toContain('documents of kind \\u{1b}[2J\\u{9b}31m');
});
