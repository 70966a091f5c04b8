import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readManifests } from './read-manifests.js';
import { translate } from './translate.js';

const popular = new URL('../../../../../shared/specs/popular-manifests/', import.meta.url);
const examples = new URL('../../examples/', import.meta.url);
const load = (directory: URL) =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => ({ path: name, text: readFileSync(new URL(name, directory), 'utf8') }));

const translated = (text: string): string => {
  const result = translate({ path: 'a.yaml', text });
  if (!result.ok) throw new Error(result.errors.map(({ message }) => message).join('\n'));
  return result.text;
};

const pod = `# the pod
apiVersion: v1
kind: Pod
metadata:
  name: web # its name
spec:
  containers:
  - name: app
    args: ["--a",   '--b']
    env:
    - name: SCRIPT
      value: |
        one
          two
    volumeMounts: [{name: tls, mountPath: /tls}]
  volumes:
  - name: tls
    projected:
      sources:
      # the certificate
      - podCertificate:
          expirationSeconds: 7200 # two hours
          signerName: kubernetes.io/kube-apiserver-client
          stubPKCS10Request:
            subject: {commonName: web, organization: ["Example, Inc."]}
            dnsNames: [web.shop.svc]
      - configMap: {name: settings}
`;

/** Translation is right when the real form is accepted, has no popular source left, and asks for the same. */
function checkSame(path: string, text: string): void {
  const real = translated(text);
  const before = readManifests([{ path, text }]);
  const after = readManifests([{ path, text: real }]);
  if (!before.ok || !after.ok) throw new Error(`${path} is not read`);
  expect(after.notices.map(({ code }) => code)).not.toContain('PopularForm');
  const asked = ({ manifests }: typeof before) =>
    JSON.parse(
      JSON.stringify(manifests.pods, (key, value: unknown) =>
        key === 'place' || key === 'index' ? undefined : value,
      ).replaceAll('kubernetes.io/kube-apiserver-client', 'mayfly.dev/workload'),
    );
  expect(asked(after)).toEqual(asked(before));
  expect(translated(real)).toBe(real);
}

describe('the real form asks for the same', () => {
  test.each(load(examples).map(({ path, text }) => [path, text]))('example %s', checkSame);
  test('comments, block scalars, further sources', () => checkSame('a.yaml', pod));
  test('flow style', () => checkSame('a.yaml', JSON.stringify(parseAllDocuments(pod)[0])));
  test('several documents, a List and a workload', () => {
    const object = pod.replace('# the pod\n', '');
    const listed = object.replace('name: web ', 'name: listed ').replace(/^(?=.)/gm, '  ');
    const job = object
      .replace('apiVersion: v1\nkind: Pod', 'apiVersion: batch/v1\nkind: Job')
      .replace(
        /spec:\n([\s\S]*)/,
        (_, spec: string) => `spec:\n  template:\n    spec:\n${spec.replace(/^(?=.)/gm, '    ')}`,
      )
      .replace('name: web ', 'name: job ');
    checkSame('a.yaml', `${pod}---\napiVersion: v1\nkind: List\nitems:\n- ${listed.slice(2)}---\n${job}`);
  });

  const missing = existsSync(popular) ? '' : ' (missing: ../shared/specs/popular-manifests)';
  test.skipIf(missing !== '')(`the popular manifests${missing}`, () => {
    for (const { path, text } of load(popular)) checkSame(path, text);
  });
});

test('the text is what a person would have written', () => {
  expect(translated(pod)).toBe(
    pod.replace(`["--a",   '--b']`, `["--a", '--b']`).replace(
      /( +)# the certificate\n[\s\S]*?(?= +- configMap)/,
      `      # the certificate
      # Translated to the real API by mayfly:
      # - expirationSeconds is maxExpirationSeconds
      # - signer kubernetes.io/kube-apiserver-client answers no pod, mayfly.dev/workload is a private one
      # - stubPKCS10Request is userAnnotations, to be granted by the signer
      # - keyType and paths are written out
      # - ca.crt is a clusterTrustBundle source
      - podCertificate:
          maxExpirationSeconds: 7200 # two hours
          signerName: mayfly.dev/workload
          keyType: ECDSAP256
          keyPath: tls.key
          certificateChainPath: tls.crt
          userAnnotations:
            mayfly.dev/common-name: web
            mayfly.dev/organization: '["Example, Inc."]'
            mayfly.dev/dns-names: '["web.shop.svc"]'
      - clusterTrustBundle:
          signerName: mayfly.dev/workload
          labelSelector: {}
          path: ca.crt
`,
    ),
  );
});

test('a private signer is kept, another one is put in the place of a reserved one on request', () => {
  const result = translate({ path: 'a.yaml', text: pod }, { signerName: 'pki.example.com/web' });
  expect(result.ok && result.text.match(/signerName: .*/g)).toEqual([
    'signerName: pki.example.com/web',
    'signerName: pki.example.com/web',
  ]);
  const own = pod.replace('kubernetes.io/kube-apiserver-client', 'pki.example.com/own');
  expect(translated(own).match(/signerName: .*/g)).toEqual([
    'signerName: pki.example.com/own',
    'signerName: pki.example.com/own',
  ]);
});

test('a file that writes ca.crt itself gets no second one', () => {
  const text = pod.replace('configMap: {name: settings}', 'configMap: {name: roots, items: [{key: a, path: ca.crt}]}');
  expect(translated(text)).not.toContain('clusterTrustBundle');
});

test.each<[string, string]>([
  ['real form', translated(pod).replace('web.shop.svc', 'a.shop.svc')],
  ['no pod', '# only\n\n\napiVersion:   v1\nkind:  Service\n'],
  ['odd spacing', translated(pod).replaceAll(': ', ':   ')],
  ['empty', ''],
])('unchanged: %s', (_name, text) => {
  expect(translate({ path: 'a.yaml', text })).toEqual({ ok: true, text, translated: 0 });
});

test('an untouched document stays byte for byte beside a translated one', () => {
  const service = '# odd\napiVersion:   v1\nkind:  Service # spaced\nspec: {a:   b}\n';
  const text = `${service}---\n${pod.replace('# the pod\n', '')}---\n${service}`;
  const result = translated(text);
  expect(result.startsWith(service)).toBe(true);
  expect(result.endsWith(`---\n${service}`)).toBe(true);
});

test.each<[string, string, string, string]>([
  ['lifetime below an hour', '7200', '3599', 'ERR_CLI_LIFETIME'],
  ['fault of the manifest', 'expirationSeconds', 'expiration', 'ERR_CLI_UNKNOWN_FIELD'],
  ['merge key', 'expirationSeconds: 7200', '<<: {expirationSeconds: 7200}', 'ERR_CLI_TRANSLATE'],
])('refused: %s', (_name, from, to, code) => {
  expect(translate({ path: 'a.yaml', text: pod.replace(from, to) })).toMatchObject({ ok: false, errors: [{ code }] });
});

test.each(['workload', 'kubernetes.io/kube-apiserver-client'])('%s is no signer to translate to', (signerName) => {
  expect(() => translate({ path: 'a.yaml', text: pod }, { signerName })).toThrow(RangeError);
});
