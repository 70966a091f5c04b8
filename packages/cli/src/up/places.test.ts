import { expect, test } from 'vitest';
import { readManifests } from '../manifests/read-manifests.js';
import { readPolicy } from '../policy/policy.js';
import { digestOfPolicy, signerDirectory, sourceName } from './places.js';

const manifest = `
apiVersion: v1
kind: Pod
metadata: { name: web }
spec:
  containers: [{ name: web, image: web, volumeMounts: [{ name: tls, mountPath: /tls }] }]
  volumes:
  - name: tls
    projected: { sources: [{ podCertificate: { signerName: mayfly.dev/workload, expirationSeconds: 3600 } }] }
`;
const policy = (text: string) => {
  const result = readPolicy({ path: 'policy.yaml', text });
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return digestOfPolicy(result.policy);
};
const open = 'signers: [{ name: mayfly.dev/workload, allow: [{ namespace: default }] }]';
const tight = 'signers: [{ name: mayfly.dev/workload, allow: [{ namespace: shop }] }]';

test('a certificate belongs to the policy that granted it, not to the lines it stands on', () => {
  const result = readManifests([{ path: 'web.yaml', text: manifest }]);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  const pod = result.manifests.pods[0]!;
  const volume = pod.volumes[0]!;
  const source = volume.sources[0]!;
  if (source.type !== 'podCertificate') throw new Error(source.type);
  const name = (digest: string) => sourceName(pod, volume, source, digest);
  expect(name(policy(open))).toBe(name(policy(`\n\n${open}`)));
  expect(new Set([name(''), name(policy(open)), name(policy(tight))]).size).toBe(3);
});

test('a signer has a directory of its own whose name a file system takes, however long its name is', () => {
  expect(signerDirectory('/s', 'mayfly.dev/workload')).toBe('/s/signers/mayfly.dev_workload');
  const long = (last: string) => signerDirectory('/s', `pki.example.com/${'workload.'.repeat(60)}${last}`);
  expect(long('a').split('/').at(-1)!.length).toBeLessThan(256);
  expect(long('a')).not.toBe(long('b'));
});
