import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { annotationKeys } from './annotations.js';
import { formatFinding, type ManifestError, type ManifestNotice } from './findings.js';
import type { Manifests, PodCertificateSource } from './manifest.js';
import { formatFindings, readManifests } from './read-manifests.js';

const popular = new URL('../../../../../shared/specs/popular-manifests/', import.meta.url);
const examples = new URL('../../examples/', import.meta.url);
const yamlFiles = (directory: URL) => readdirSync(directory).filter((name) => name.endsWith('.yaml'));
const load = (directory: URL, name: string) => ({ path: name, text: readFileSync(new URL(name, directory), 'utf8') });

const indent = (text: string, width: number) => text.replace(/^(?=.)/gm, ' '.repeat(width));
/** A pod whose one volume has these sources; the first source is at line 16. */
const podWith = (sources: string, name = 'web'): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
spec:
  containers:
  - name: app
    image: registry.example.com/app:1
    volumeMounts:
    - name: tls
      mountPath: /tls
  volumes:
  - name: tls
    projected:
      sources:
${indent(sources, 6)}
`;
const realSource = `- podCertificate:
    signerName: pki.example.com/workload
    keyType: ED25519
    maxExpirationSeconds: 7200
    credentialBundlePath: bundle.pem
    userAnnotations:
      mayfly.dev/usage: server
- clusterTrustBundle:
    signerName: pki.example.com/workload
    labelSelector: {matchLabels: {stage: live}, matchExpressions: [{key: tier, operator: In, values: [a]}]}
    path: roots.pem
    optional: true
`;
const popularSource = `- podCertificate:
    signerName: pki.example.com/workload
    expirationSeconds: 3600
`;

const errorsOf = (...texts: readonly string[]): readonly ManifestError[] => {
  const result = readManifests(texts.map((text, index) => ({ path: `${'abc'[index]}.yaml`, text })));
  return result.ok ? [] : result.errors;
};
const read = (...texts: readonly string[]): { manifests: Manifests; notices: readonly ManifestNotice[] } => {
  const result = readManifests(texts.map((text, index) => ({ path: `${'abc'[index]}.yaml`, text })));
  if (!result.ok) throw new Error(formatFindings(result.errors));
  return result;
};
const sourcesOf = (text: string) => read(text).manifests.pods[0]!.volumes[0]!.sources;
const at = ({ code, line, column, path }: ManifestError) => [code, line, column, path];
const SOURCE = 'spec.volumes[0].projected.sources[0]';

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
      `a.yaml:18:11 ${SOURCE}.podCertificate.expirationSecond: unknown field, did you mean "expirationSeconds"`,
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
      'b.yaml:4:9 metadata.name: pod default/web is also at a.yaml:4:9',
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

describe('faults of a source', () => {
  const CERTIFICATE = `${SOURCE}.podCertificate`;
  test.each<[string, string, string, ReturnType<typeof at>]>([
    ['key type', 'ED25519', 'RSA2048', ['ERR_CLI_VALUE', 18, 20, `${CERTIFICATE}.keyType`]],
    ['lifetime below the floor', '7200', '3599', ['ERR_CLI_LIFETIME', 19, 33, `${CERTIFICATE}.maxExpirationSeconds`]],
    ['lifetime above 91 days', '7200', '7862401', ['ERR_CLI_LIFETIME', 19, 33, `${CERTIFICATE}.maxExpirationSeconds`]],
    ['lifetime as text', '7200', '"7200"', ['ERR_CLI_TYPE', 19, 33, `${CERTIFICATE}.maxExpirationSeconds`]],
    ['lifetime with a fraction', '7200', '7200.5', ['ERR_CLI_TYPE', 19, 33, `${CERTIFICATE}.maxExpirationSeconds`]],
    ['path upwards', 'bundle.pem', 'a/../b', ['ERR_CLI_VALUE', 20, 33, `${CERTIFICATE}.credentialBundlePath`]],
    ['absolute path', 'bundle.pem', '/b', ['ERR_CLI_VALUE', 20, 33, `${CERTIFICATE}.credentialBundlePath`]],
    ["the volume's own name", 'bundle.pem', '..data', ['ERR_CLI_VALUE', 20, 33, `${CERTIFICATE}.credentialBundlePath`]],
    [
      'path used twice',
      'roots.pem',
      'bundle.pem',
      ['ERR_CLI_DUPLICATE', 26, 17, 'spec.volumes[0].projected.sources[1].clusterTrustBundle.path'],
    ],
    [
      'annotation without a domain',
      'mayfly.dev/usage',
      'usage',
      ['ERR_CLI_VALUE', 22, 20, `${CERTIFICATE}.userAnnotations.usage`],
    ],
    [
      'unknown annotation of ours',
      'mayfly.dev/usage',
      'mayfly.dev/use',
      ['ERR_CLI_VALUE', 22, 29, `${CERTIFICATE}.userAnnotations["mayfly.dev/use"]`],
    ],
    [
      'annotation value',
      'usage: server',
      'usage: serve',
      ['ERR_CLI_VALUE', 22, 31, `${CERTIFICATE}.userAnnotations["mayfly.dev/usage"]`],
    ],
    [
      'annotation value as a number',
      'usage: server',
      'usage: 1',
      ['ERR_CLI_TYPE', 22, 31, `${CERTIFICATE}.userAnnotations["mayfly.dev/usage"]`],
    ],
    [
      'misspelt source',
      '- podCertificate',
      '- podCertificates',
      ['ERR_CLI_UNKNOWN_FIELD', 16, 9, `${SOURCE}.podCertificates`],
    ],
    ['misspelt field', 'keyType', 'keytype', ['ERR_CLI_UNKNOWN_FIELD', 18, 11, `${CERTIFICATE}.keytype`]],
    ['mixed forms', 'keyType: ED25519', 'expirationSeconds: 3600', ['ERR_CLI_MIXED_FORMS', 17, 11, CERTIFICATE]],
    ['no path', 'credentialBundlePath: bundle.pem', 'userAnnotations: null', ['ERR_CLI_DUPLICATE', 21, 11, '']],
    [
      'signer without a slash',
      'pki.example.com/workload\n    keyType',
      'pki.example.com\n    keyType',
      ['ERR_CLI_VALUE', 17, 23, `${CERTIFICATE}.signerName`],
    ],
    [
      'bundle by name and signer',
      'optional: true',
      'name: roots',
      ['ERR_CLI_MIXED_FORMS', 27, 17, 'spec.volumes[0].projected.sources[1].clusterTrustBundle.name'],
    ],
    [
      'selector operator',
      'operator: In',
      'operator: Is',
      [
        'ERR_CLI_VALUE',
        25,
        96,
        'spec.volumes[0].projected.sources[1].clusterTrustBundle.labelSelector.matchExpressions[0].operator',
      ],
    ],
    [
      'selector without values',
      ', values: [a]',
      '',
      [
        'ERR_CLI_VALUE',
        25,
        74,
        'spec.volumes[0].projected.sources[1].clusterTrustBundle.labelSelector.matchExpressions[0].values',
      ],
    ],
  ])('%s', (_name, from, to, expected) => {
    const text = podWith(realSource.replace(from, to));
    expect(errorsOf(text).map(at)).toEqual([expected]);
  });

  test('a real source needs a key type and a path', () => {
    const text = podWith('- podCertificate: {signerName: a.b/c, maxExpirationSeconds: 3600}\n');
    expect(errorsOf(text).map(at)).toEqual([
      ['ERR_CLI_MISSING_FIELD', 16, 25, CERTIFICATE],
      ['ERR_CLI_MISSING_FIELD', 16, 25, `${CERTIFICATE}.keyType`],
    ]);
  });

  test('a source is of one type', () => {
    const text = podWith(`- podCertificate: {signerName: a.b/c}\n  secret: {name: x}\n- {}\n`);
    expect(errorsOf(text).map(at)).toEqual([
      ['ERR_CLI_MIXED_FORMS', 16, 9, SOURCE],
      ['ERR_CLI_MISSING_FIELD', 18, 9, 'spec.volumes[0].projected.sources[1]'],
    ]);
  });

  test('two popular sources of one volume write the same files', () => {
    expect(errorsOf(podWith(popularSource + popularSource)).map(({ code, line }) => [code, line])).toEqual([
      ['ERR_CLI_DUPLICATE', 20],
      ['ERR_CLI_DUPLICATE', 20],
    ]);
  });

  test.each<[string, string, string, string]>([
    ['organization as text', 'organization: shop', 'ERR_CLI_TYPE', 'subject.organization'],
    ['misspelt organization', 'organisation: [shop]', 'ERR_CLI_UNKNOWN_FIELD', 'subject.organisation'],
    ['long common name', `commonName: ${'x'.repeat(65)}`, 'ERR_CLI_VALUE', 'subject.commonName'],
  ])('stub: %s', (_name, subject, code, path) => {
    const stub = `    stubPKCS10Request:\n      subject:\n        ${subject}\n`;
    expect(errorsOf(podWith(popularSource + stub))).toMatchObject([
      { code, path: `${CERTIFICATE}.stubPKCS10Request.${path}` },
    ]);
  });

  test.each(['a..b', 'a.', '.a', '*', 'a.*.b', '10.0.0.1', 'bücher.example', 'a_b', ''])('stub: dNSName %j', (name) => {
    const stub = `    stubPKCS10Request: {dnsNames: [ok.example, ${JSON.stringify(name)}]}\n`;
    expect(errorsOf(podWith(popularSource + stub))).toMatchObject([
      { code: 'ERR_CLI_VALUE', line: 19, path: `${CERTIFICATE}.stubPKCS10Request.dnsNames[1]` },
    ]);
  });

  test('the floor can be lowered, and then that floor holds', () => {
    const text = podWith(popularSource.replace('3600', '59'));
    const file = [{ path: 'a.yaml', text }];
    expect(errorsOf(text)[0]?.message).toBe('59 seconds are too short: the API server issues nothing below 3600');
    expect(readManifests(file, { minExpirationSeconds: 59 }).ok).toBe(true);
    expect(readManifests(file, { minExpirationSeconds: 60 })).toMatchObject({ errors: [{ code: 'ERR_CLI_LIFETIME' }] });
  });

  test('a reserved signer grants at most a day', () => {
    const text = podWith(popularSource.replace('pki.example.com/workload', 'kubernetes.io/kube-apiserver-client'));
    expect(errorsOf(text.replace('3600', '86400'))).toEqual([]);
    expect(errorsOf(text.replace('3600', '86401'))).toMatchObject([{ code: 'ERR_CLI_LIFETIME' }]);
  });

  test('annotations beyond 256 KiB are refused', () => {
    const annotation = (length: number) =>
      podWith(realSource.replace('mayfly.dev/usage: server', `example.com/a: ${'x'.repeat(length)}`));
    expect(errorsOf(annotation(256 * 1024 - 13))).toEqual([]);
    expect(errorsOf(annotation(256 * 1024 - 12))).toMatchObject([{ path: `${CERTIFICATE}.userAnnotations` }]);
  });
});

describe('faults of a pod', () => {
  test.each<[string, string, string, ReturnType<typeof at>]>([
    ['no name', '  name: web\n', '  labels: {}\n', ['ERR_CLI_MISSING_FIELD', 4, 3, 'metadata.name']],
    ['name', 'name: web', 'name: Web', ['ERR_CLI_VALUE', 4, 9, 'metadata.name']],
    ['no spec', 'spec:', 'status:', ['ERR_CLI_MISSING_FIELD', 1, 1, 'spec']],
    ['no apiVersion', 'apiVersion: v1\n', '', ['ERR_CLI_MISSING_FIELD', 1, 1, 'apiVersion']],
    [
      'mount of no volume',
      '- name: tls\n      mountPath',
      '- name: tsl\n      mountPath',
      ['ERR_CLI_NOT_FOUND', 10, 13, 'spec.containers[0].volumeMounts[0].name'],
    ],
    [
      'misspelt mount path',
      'mountPath:',
      'mountpath:',
      ['ERR_CLI_MISSING_FIELD', 10, 7, 'spec.containers[0].volumeMounts[0].mountPath'],
    ],
    [
      'volume name',
      '  - name: tls\n    projected',
      '  - name: TLS\n    projected',
      ['ERR_CLI_VALUE', 13, 11, 'spec.volumes[0].name'],
    ],
    [
      'mode',
      'projected:',
      'projected:\n      defaultMode: 01000',
      ['ERR_CLI_VALUE', 15, 20, 'spec.volumes[0].projected.defaultMode'],
    ],
    ['misspelt sources', 'sources:', 'source:', ['ERR_CLI_UNKNOWN_FIELD', 15, 7, 'spec.volumes[0].projected.source']],
    [
      'two volume types',
      '    projected:',
      '    emptyDir: {}\n    projected:',
      ['ERR_CLI_MIXED_FORMS', 16, 7, 'spec.volumes[0].projected'],
    ],
    [
      'environment as a number',
      'image:',
      'env: [{name: A, value: 8443}]\n    image:',
      ['ERR_CLI_TYPE', 8, 28, 'spec.containers[0].env[0].value'],
    ],
    ['label', 'name: web', 'name: web\n  labels: {"-a": b}', ['ERR_CLI_VALUE', 5, 18, 'metadata.labels["-a"]']],
    ['namespace', 'name: web', 'name: web\n  namespace: a.b', ['ERR_CLI_VALUE', 5, 14, 'metadata.namespace']],
    ['service account', 'spec:', 'spec:\n  serviceAccountName: A', ['ERR_CLI_VALUE', 6, 23, 'spec.serviceAccountName']],
  ])('%s', (_name, from, to, expected) => {
    expect(errorsOf(podWith(popularSource).replace(from, to)).map(at)).toContainEqual(expected);
  });

  test('volumes, containers and mount paths are unique', () => {
    const text = podWith(popularSource).replace(
      '  volumes:',
      '    - {name: tls, mountPath: /tls}\n  - name: app\n  volumes:\n  - {name: tls, emptyDir: {}}',
    );
    expect(errorsOf(text).map(({ code, path }) => [code, path])).toEqual([
      ['ERR_CLI_DUPLICATE', 'spec.containers[0].volumeMounts[1].mountPath'],
      ['ERR_CLI_DUPLICATE', 'spec.containers[1].name'],
      ['ERR_CLI_DUPLICATE', 'spec.volumes[1].name'],
    ]);
  });
});

describe('signers', () => {
  const withSigner = (name: string) => podWith(popularSource.replace('pki.example.com/workload', name));

  test.each([
    ['kubernetes.io/kube-apiserver-client-pod', 'no Kubernetes release implements it'],
    ['kubernetes.io/kube-apiserver-client-kubelet', 'client certificates of kubelets'],
    ['kubernetes.io/kubelet-serving', 'serving certificates of kubelets'],
    ['kubernetes.io/legacy-unknown', 'no defined trust'],
    ['kubernetes.io/kube-apiserver-serving', 'trust bundle of the API server'],
    ['node.kubernetes.io/anything', 'reserved for Kubernetes'],
  ])('%s is explained', (name, explanation) => {
    const [error, ...more] = errorsOf(withSigner(name));
    expect(more).toEqual([]);
    expect(error && at(error)).toEqual(['ERR_CLI_SIGNER', 17, 23, `${SOURCE}.podCertificate.signerName`]);
    expect(error?.message).toContain(explanation);
    expect(error?.message).toContain('mayfly.dev/workload');
  });

  test('the popular one is served and said to answer no pod in a cluster, once', () => {
    const name = 'kubernetes.io/kube-apiserver-client';
    const { notices } = read(
      withSigner(name),
      podWith(popularSource.replace('pki.example.com/workload', name), 'other'),
    );
    expect(notices.filter(({ code }) => code === 'SignerNotInClusters')).toHaveLength(1);
  });

  test('a trust bundle of a reserved signer has to be there', () => {
    const source =
      '- clusterTrustBundle: {signerName: kubernetes.io/kube-apiserver-serving, labelSelector: {}, path: k.crt}\n';
    expect(errorsOf(podWith(source))).toMatchObject([{ code: 'ERR_CLI_NOT_FOUND', line: 16 }]);
    expect(errorsOf(podWith(source.replace('path', 'optional: true, path')))).toEqual([]);
  });
});

describe('trust bundles', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n';
  const bundle = (name: string, text: string, signerName = 'signerName: example.com/signer\n  ') =>
    `apiVersion: certificates.k8s.io/v1\nkind: ClusterTrustBundle\nmetadata:\n  name: ${name}\nspec:\n  ${signerName}trustBundle: |\n${indent(text, 4)}`;
  const bundleErrors = (text: string) => errorsOf(podWith(realSource), text).map(at);

  test('one is carried through', () => {
    const { manifests } = read(podWith(realSource), bundle('example.com:signer:v1', `roots\n${pem}`));
    expect(manifests.clusterTrustBundles).toMatchObject([
      { name: 'example.com:signer:v1', signerName: 'example.com/signer', trustBundle: `roots\n${pem}` },
    ]);
    expect(read(podWith(realSource), bundle('roots', pem, '')).manifests.clusterTrustBundles).toHaveLength(1);
  });

  test.each<[string, string]>([
    ['name of no signer', bundle('example.com:other:v1', pem)],
    ['name with a colon too many', bundle('example.com:signer:v:1', pem)],
    ['colon without a signer', bundle('a:b', pem, '')],
  ])('%s', (_name, text) => {
    expect(bundleErrors(text)).toEqual([['ERR_CLI_VALUE', 4, 9, 'metadata.name']]);
  });

  test.each<[string, string]>([
    ['no block', 'nothing'],
    ['certificate twice', pem + pem],
    ['PEM headers', pem.replace('MAA', 'A: b\n\nMAA')],
    ['another label', pem.replaceAll('CERTIFICATE', 'X509 CRL')],
    ['cut off', pem.slice(0, 40)],
    ['bad base64', pem.replace('MAA=', 'M*A=')],
  ])('%s', (_name, text) => {
    expect(bundleErrors(bundle('example.com:signer:v1', text))).toEqual([['ERR_CLI_VALUE', 7, 16, 'spec.trustBundle']]);
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
    ['Misspelt', podWith(realSource).replace('spec:', 'spec:\n  serviceAcountName: a')],
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
