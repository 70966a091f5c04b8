import { describe, expect, test } from 'vitest';
import { at, errorsOf, podWith, popularSource, read, realSource, SOURCE } from '../../testing/manifests.js';
import { readManifests } from './read-manifests.js';

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
      'path below a file',
      'roots.pem',
      'bundle.pem/roots.pem',
      ['ERR_CLI_DUPLICATE', 26, 17, 'spec.volumes[0].projected.sources[1].clusterTrustBundle.path'],
    ],
    [
      'path that another lies below',
      'credentialBundlePath: bundle.pem',
      'credentialBundlePath: roots.pem/bundle.pem',
      ['ERR_CLI_DUPLICATE', 20, 33, `${CERTIFICATE}.credentialBundlePath`],
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
    expect(errorsOf(text)[0]?.message).toBe(
      '59 seconds are too short: the API server issues nothing below 3600; mayfly up --lifetime 60s gives every certificate a shorter life',
    );
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
