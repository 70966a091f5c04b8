import type { ManifestError, ManifestNotice } from '../src/manifests/findings.js';
import type { Manifests } from '../src/manifests/manifest.js';
import { formatFindings, readManifests } from '../src/manifests/read-manifests.js';

/** Moves every line that is not empty to the right. */
export const indent = (text: string, width: number): string => text.replace(/^(?=.)/gm, ' '.repeat(width));
/** A pod whose one volume has these sources; the first source is at line 16. */
export const podWith = (sources: string, name = 'web'): string => `apiVersion: v1
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
/** In the real form, with a bundle source. */
export const realSource: string = `- podCertificate:
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
export const popularSource: string = `- podCertificate:
    signerName: pki.example.com/workload
    expirationSeconds: 3600
`;

/** The errors of files `a.yaml`, `b.yaml` and `c.yaml`. */
export const errorsOf = (...texts: readonly string[]): readonly ManifestError[] => {
  const result = readManifests(texts.map((text, index) => ({ path: `${'abc'[index]}.yaml`, text })));
  return result.ok ? [] : result.errors;
};
/** What those files say; throws their errors. */
export const read = (...texts: readonly string[]): { manifests: Manifests; notices: readonly ManifestNotice[] } => {
  const result = readManifests(texts.map((text, index) => ({ path: `${'abc'[index]}.yaml`, text })));
  if (!result.ok) throw new Error(formatFindings(result.errors));
  return result;
};
/** What an error is and where. */
export const at = ({ code, line, column, path }: ManifestError): readonly [string, number, number, string] => [
  code,
  line,
  column,
  path,
];
/** The path of the first source of {@link podWith}. */
export const SOURCE: string = 'spec.volumes[0].projected.sources[0]';
