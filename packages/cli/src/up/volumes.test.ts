import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventToJson } from './event.js';
import {
  certificatesIn,
  isVouchedFor,
  manifestsOf,
  policyOf,
  popularPod,
  readMounted,
  startRun,
} from './testing/local-run.js';

let directory: string;
beforeEach(() => {
  directory = join(mkdtempSync(join(tmpdir(), 'mayfly-volumes-')), 'state');
});
afterEach(() => rmSync(join(directory, '..'), { recursive: true, force: true }));

const pod = (name: string): string => join(directory, 'pods/shop', name);
const realPod = (sources: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop }
spec:
  containers: [{ name: main, image: none, volumeMounts: [{ name: tls, mountPath: /tls }] }]
  volumes:
  - name: tls
    projected:
      sources:
${sources}
---
`;
const source = (keyType: string, at: string): string =>
  `      - podCertificate: { signerName: mayfly.dev/workload, keyType: ${keyType}, maxExpirationSeconds: 3600, credentialBundlePath: ${at}.pem, keyPath: ${at}.key, certificateChainPath: ${at}.crt }\n`;

test.each([
  ['ECDSAP256', 'ec', 'prime256v1'],
  ['ECDSAP384', 'ec', 'secp384r1'],
  ['ECDSAP521', 'ec', 'secp521r1'],
  ['ED25519', 'ed25519', undefined],
  ['RSA3072', 'rsa', 3072],
  ['RSA4096', 'rsa', 4096],
])(
  'a source of key type %s gets a key of that type, in a bundle and beside it',
  async (keyType, kind, size) => {
    const run = await startRun(manifestsOf(realPod(source(keyType, 'id'))), directory);
    const text = (name: string): string => readFileSync(join(pod('web'), 'volumes/tls', name), 'utf8');
    const key = createPrivateKey(text('id.key'));
    expect(key.asymmetricKeyType).toBe(kind);
    expect(key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyDetails?.modulusLength).toBe(size);
    expect(new X509Certificate(text('id.crt')).checkPrivateKey(key)).toBe(true);
    expect(text('id.pem')).toBe(text('id.key') + text('id.crt'));
    await run.stop();
  },
  60_000,
);

test('two sources of a volume have keys of their own, rotate each by itself, and appear together', async () => {
  const manifests = manifestsOf(realPod(source('ECDSAP256', 'a') + source('ED25519', 'b')));
  const run = await startRun(manifests, directory);
  const read = (name: string): X509Certificate =>
    new X509Certificate(readFileSync(join(pod('web'), 'volumes/tls', name)));
  const [a, b] = [read('a.crt'), read('b.crt')];
  expect(a.publicKey.asymmetricKeyType).toBe('ec');
  expect(b.publicKey.asymmetricKeyType).toBe('ed25519');
  await run.clock.advance(3600);
  expect(read('a.crt').serialNumber).not.toBe(a.serialNumber);
  expect(read('b.crt').serialNumber).not.toBe(b.serialNumber);
  expect((await run.stop()).ok).toBe(true);
});

test('a volume is not written while one of its sources is denied', async () => {
  const policy = policyOf('signers: [{ name: mayfly.dev/workload, keyTypes: [ED25519], allow: [{}] }]');
  const manifests = manifestsOf(realPod(source('ECDSAP256', 'a') + source('ED25519', 'b')));
  const run = await startRun(manifests, directory, { policy });
  expect(existsSync(join(pod('web'), 'volumes/tls', '..data'))).toBe(false);
  expect(run.status().health.problems.join('\n')).toContain('Key type ECDSAP256 is not in keyTypes');
  expect((await run.stop()).ok).toBe(false);
});

/** The anchors of another installation, as a document that manifests bring. */
async function foreignBundle(name: string): Promise<string> {
  const other = join(directory, '..', `other-${name}`);
  await (await startRun(manifestsOf(popularPod('web')), other)).stop();
  const pem = readFileSync(join(other, 'pods/shop/web/volumes/tls/ca.crt'), 'utf8');
  const indented = pem
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}\n`)
    .join('');
  return `apiVersion: certificates.k8s.io/v1beta1\nkind: ClusterTrustBundle\nmetadata: { name: ${name} }\nspec:\n  trustBundle: |\n${indented}---\n`;
}

test('a trust bundle by name comes from its document, and goes when the document goes', async () => {
  const named = (optional: string): string =>
    `      - clusterTrustBundle: { name: partners, path: partners.crt${optional} }\n`;
  const document = await foreignBundle('partners');
  const file = join(pod('web'), 'volumes/tls/partners.crt');
  const pods = realPod(source('ECDSAP256', 'a') + named(', optional: true'));
  const first = await startRun(manifestsOf(document + pods), directory);
  expect(certificatesIn(readFileSync(file, 'utf8'))).toHaveLength(1);
  await first.stop();
  const second = await startRun(manifestsOf(pods), directory, { clock: first.clock });
  expect(existsSync(file)).toBe(false);
  expect(second.status().health).toEqual({ ready: true, problems: [] });
  await second.stop();
});

test("a trust bundle that says it is mayfly's own goes with its document all the same", async () => {
  const document = (await foreignBundle('partners'))
    .replace('name: partners', "name: 'mayfly.dev:workload:x', labels: { app.kubernetes.io/managed-by: mayfly }")
    .replace('spec:\n', 'spec:\n  signerName: mayfly.dev/workload\n');
  const anchors = (): number => readMounted(join(pod('web'), 'volumes/tls')).anchors.length;
  const first = await startRun(manifestsOf(document + popularPod('web')), directory);
  expect(anchors()).toBe(2);
  await first.stop();
  const second = await startRun(manifestsOf(popularPod('web')), directory, { clock: first.clock });
  expect(anchors()).toBe(1);
  await second.stop();
  const taken = document.replace('workload:x', 'workload:mayfly');
  await expect(startRun(manifestsOf(taken + popularPod('web')), directory)).rejects.toMatchObject({
    code: 'ERR_CLI_MANIFEST',
    message: expect.stringContaining("mayfly's own signer publishes under this name"),
  });
});

test('a volume waits for a trust bundle that is not optional, and says for which', async () => {
  const sources = `${source('ECDSAP256', 'a')}      - clusterTrustBundle: { name: partners, path: partners.crt }\n`;
  const run = await startRun(manifestsOf(realPod(sources)), directory);
  expect(run.events.find(({ reason }) => reason === 'VolumeNotWritten')?.message).toBe(
    'shop/web/tls waits for the ClusterTrustBundle partners, which only a document of that name in the manifests makes here',
  );
  expect(run.status().health.problems).toEqual([
    expect.stringMatching(/^shop\/web\/tls: waits for the ClusterTrustBundle partners, /),
  ]);
  expect(existsSync(join(pod('web'), 'volumes/tls', '..data'))).toBe(false);
  expect((await run.stop()).ok).toBe(false);
});

test('a selector that is absent matches nothing, as in a cluster, and the event says what to write', async () => {
  const sources = `${source('ECDSAP256', 'a')}      - clusterTrustBundle: { signerName: example.com/workload, path: ca.crt }\n`;
  const run = await startRun(manifestsOf(realPod(sources)), directory);
  expect(run.events.find(({ reason }) => reason === 'VolumeNotWritten')?.message).toMatch(
    /without labelSelector nothing matches, write labelSelector: \{\} for all$/,
  );
  await run.stop();
});

test('a trust bundle that no API server takes is refused with the place of its document', async () => {
  const document =
    'apiVersion: certificates.k8s.io/v1beta1\nkind: ClusterTrustBundle\nmetadata: { name: partners }\nspec:\n  trustBundle: |\n    -----BEGIN CERTIFICATE-----\n    AAAA\n    -----END CERTIFICATE-----\n---\n';
  await expect(startRun(manifestsOf(document + popularPod('web')), directory)).rejects.toMatchObject({
    code: 'ERR_CLI_MANIFEST',
    message: expect.stringMatching(/^Cannot use ClusterTrustBundle partners at pods\.yaml:1:1: /),
  });
});

test.each([
  ['another DNS name', popularPod('web', 3600, ', stubPKCS10Request: { dnsNames: [web.example.com] }')],
  ['another subject', popularPod('web', 3600, ', stubPKCS10Request: { subject: { commonName: web } }')],
  ['another service account', popularPod('web').replace('spec:', 'spec:\n  serviceAccountName: web')],
  ['another lifetime', popularPod('web', 7200)],
])('%s in the manifest gives a new certificate, and the old key goes', async (_name, changed) => {
  const first = await startRun(manifestsOf(popularPod('web')), directory);
  await first.stop();
  const [before] = readdirSync(join(pod('web'), 'credentials'));
  const old = readMounted(join(pod('web'), 'volumes/tls'));
  const second = await startRun(manifestsOf(changed), directory, { clock: first.clock });
  expect(second.reasonsOf('shop/web')).toContain('Issued');
  const mounted = readMounted(join(pod('web'), 'volumes/tls'));
  expect(mounted.leaf.serialNumber).not.toBe(old.leaf.serialNumber);
  expect(isVouchedFor(mounted.leaf, mounted.anchors, second.clock.now())).toBe(true);
  expect(readdirSync(join(pod('web'), 'credentials'))).not.toContain(before);
  await second.stop();
  expect(secretsBelow(pod('web')).filter(({ text }) => text.includes(bodyOf(old.key)))).toEqual([]);
});

test('pods, volumes and sources that leave the manifests leave no key behind', async () => {
  const first = await startRun(manifestsOf(popularPod('web') + popularPod('gone')), directory);
  await first.stop();
  const second = await startRun(manifestsOf(popularPod('web').replaceAll('tls', 'mtls')), directory, {
    clock: first.clock,
  });
  expect(second.reasonsOf('shop/gone')).toEqual(['PodForgotten']);
  expect(existsSync(pod('gone'))).toBe(false);
  expect(readdirSync(join(pod('web'), 'volumes'))).toEqual(['mtls']);
  expect(readdirSync(join(pod('web'), 'credentials'))).toEqual([expect.stringMatching(/^mtls-0-/)]);
  await second.stop();
});

test.each([0o000, 0o022, 0o077])('umask %o changes no mode: what holds a key is for its owner alone', async (umask) => {
  const old = process.umask(umask);
  const run = await startRun(
    manifestsOf(popularPod('web') + realPod(source('ECDSAP256', 'x')).replace('web', 'real')),
    directory,
  ).finally(() => process.umask(old));
  await run.stop();
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
  const modes = entries.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    return { path, entry, mode: entry.isSymbolicLink() ? 0 : statSync(path).mode & 0o7777 };
  });
  expect(statSync(directory).mode & 0o7777).toBe(0o700);
  expect(modes.filter(({ entry, mode }) => entry.isDirectory() && mode !== 0o700)).toEqual([]);
  const shared = modes.filter(({ entry, mode }) => entry.isFile() && mode !== 0o600);
  expect(shared.map(({ path, mode }) => [path.slice(path.lastIndexOf('/') + 1), mode]).sort()).toEqual([
    ['ca.crt', 0o644],
    ['tls.crt', 0o644],
    ['x.crt', 0o644],
  ]);
});

interface Secret {
  readonly path: string;
  readonly text: string;
}
const secretsBelow = (place: string): readonly Secret[] =>
  readdirSync(place, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, text: readFileSync(path, 'utf8') }));

/** The base64 of a key's last octets, which no other file has by chance. */
const bodyOf = (pem: string): string => pem.split('\n').at(-3)!.slice(0, 40);

test('no octet of a key is in an event, a status, an error or a file that others may read', async () => {
  const run = await startRun(manifestsOf(popularPod('web', 600), 600), directory, { minExpirationSeconds: 600 });
  const canaries = new Set<string>();
  const collect = (): void => {
    for (const { text } of secretsBelow(directory))
      for (const pem of text.match(/-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----\n/g) ?? []) {
        const key = createPrivateKey(pem);
        const d = key.export({ format: 'jwk' }).d!;
        canaries.add(d).add(Buffer.from(d, 'base64url').toString('hex'));
        // Octets 36 to 66 of the PKCS#8 are the scalar, in a line and over two as in PEM.
        const base64 = key.export({ type: 'pkcs8', format: 'der' }).toString('base64');
        canaries.add(base64.slice(48, 88)).add(`${base64.slice(48, 64)}\n${base64.slice(64, 88)}`);
      }
  };
  for (let i = 0; i < 10; i++) {
    collect();
    await run.clock.advance(180);
  }
  collect(); // the last step may have rotated
  const told = [
    ...run.events.map(eventToJson),
    JSON.stringify(run.status(), (_key, value) => (typeof value === 'bigint' ? `${value}` : value)),
  ];
  await run.stop();
  expect(canaries.size).toBeGreaterThanOrEqual(8);
  const isLeaked = (text: string): boolean => [...canaries].some((canary) => text.includes(canary));
  expect(told.filter(isLeaked)).toEqual([]);
  const files = secretsBelow(directory).filter(({ text }) => isLeaked(text));
  expect(files.length).toBeGreaterThanOrEqual(3);
  expect(files.filter(({ path }) => (statSync(path).mode & 0o077) !== 0)).toEqual([]);
});

test('names of the prototype are names like others', async () => {
  const text = `
apiVersion: v1
kind: Pod
metadata: { name: web, namespace: shop }
spec:
  containers:
  - name: main
    image: none
    env: [{ name: __proto__, value: /tls/tls.crt }, { name: constructor, value: c }]
    volumeMounts: [{ name: tls, mountPath: /tls }]
  volumes:
  - name: tls
    projected:
      sources:
      - podCertificate:
          signerName: mayfly.dev/workload
          keyType: ECDSAP256
          certificateChainPath: constructor
          keyPath: __proto__
          userAnnotations: { "example.com/constructor": "y" }
`;
  const run = await startRun(manifestsOf(text), directory);
  expect(run.status().health.ready).toBe(true);
  await run.stop();
  const volume = join(pod('web'), 'volumes/tls');
  expect(
    readdirSync(volume)
      .filter((name) => !name.startsWith('..'))
      .sort(),
  ).toEqual(['__proto__', 'constructor']);
  const written = JSON.parse(readFileSync(join(pod('web'), 'pod.json'), 'utf8'));
  expect(Object.entries(written.containers[0].env)).toContainEqual(['__proto__', join(volume, 'tls.crt')]);
  expect(readlinkSync(join(volume, '__proto__'))).toBe('..data/__proto__');
});
