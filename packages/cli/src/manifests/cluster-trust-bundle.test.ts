import { describe, expect, test } from 'vitest';
import { readManifests } from './read-manifests.js';

const pod = `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: app
`;
const readWithPod = (text: string) =>
  readManifests([
    { path: 'pod.yaml', text: pod },
    { path: 'roots.yaml', text },
  ]);
const indent = (text: string, width: number) => text.replace(/^(?=.)/gm, ' '.repeat(width));

describe('trust bundles', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n';
  const bundle = (name: string, text: string, signerName = 'signerName: example.com/signer\n  ') =>
    `apiVersion: certificates.k8s.io/v1\nkind: ClusterTrustBundle\nmetadata:\n  name: ${name}\nspec:\n  ${signerName}trustBundle: |\n${indent(text, 4)}`;
  const bundleErrors = (text: string) => {
    const result = readWithPod(text);
    return result.ok ? [] : result.errors.map(({ code, line, column, path }) => [code, line, column, path]);
  };

  test('one is carried through', () => {
    expect(readWithPod(bundle('example.com:signer:v1', `roots\n${pem}`))).toMatchObject({
      manifests: {
        clusterTrustBundles: [
          { name: 'example.com:signer:v1', signerName: 'example.com/signer', trustBundle: `roots\n${pem}` },
        ],
      },
    });
    expect(readWithPod(bundle('roots', pem, ''))).toMatchObject({
      manifests: { clusterTrustBundles: [{ name: 'roots', signerName: undefined }] },
    });
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
