import { describe, expect, test } from 'vitest';
import { errorsOf, podWith, read, realSource } from '../../testing/manifests.js';

describe('a field that Kubernetes does not have is refused where it stands', () => {
  const workload = (template: string) =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template: ${template}\n`;
  test.each<[string, string, string]>([
    ['document', podWith(realSource).replace('apiVersion', 'apiversion'), 'apiversion: "apiVersion"'],
    ['metadata', podWith(realSource).replace('  name:', '  lables: {a: b}\n  name:'), 'metadata.lables: "labels"'],
    [
      'spec',
      podWith(realSource).replace('spec:', 'spec:\n  serviceAcountName: a'),
      'spec.serviceAcountName: "serviceAccountName"',
    ],
    ['spec, another case', podWith(realSource).replace('spec:', 'spec:\n  hostPid: true'), 'spec.hostPid: "hostPID"'],
    [
      'container',
      podWith(realSource).replace('image:', 'comand: [a]\n    image:'),
      'spec.containers[0].comand: "command"',
    ],
    [
      'env',
      podWith(realSource).replace('image:', 'env: [{name: A, valeu: b}]\n    image:'),
      'spec.containers[0].env[0].valeu: "value"',
    ],
    [
      'mount',
      podWith(realSource).replace('mountPath: /tls', 'mountPath: /tls\n      subpath: a'),
      'spec.containers[0].volumeMounts[0].subpath: "subPath"',
    ],
    [
      'volume',
      podWith(realSource).replace('projected:', 'emptydir: {}\n    projected:'),
      'spec.volumes[0].emptydir: "emptyDir"',
    ],
    ['template', workload('{spec: {containers: []}, metdata: {}}'), 'spec.template.metdata: "metadata"'],
    [
      'metadata of a template',
      workload('{spec: {containers: []}, metadata: {labls: {}}}'),
      'spec.template.metadata.labls: "labels"',
    ],
  ])('%s', (_name, text, expected) => {
    const found = errorsOf(text).filter(({ code }) => code === 'ERR_CLI_UNKNOWN_FIELD');
    expect(found.map(({ path, message }) => `${path}: ${message.match(/did you mean (".*")/)?.[1]}`)).toEqual([
      expected,
    ]);
  });

  test('one that looks like none of them is too', () => {
    const text = podWith(realSource).replace('image:', 'gremlins: 3\n    image:');
    expect(errorsOf(text)).toMatchObject([
      { path: 'spec.containers[0].gremlins', message: 'unknown field: Kubernetes has none of this name here' },
    ]);
  });

  test('those that only later releases have are known', () => {
    const text = podWith(realSource.replace('keyType:', 'user: 1000\n    keyType:'))
      .replace('mountPath: /tls', 'mountPath: /tls\n      bindMountOptions: {}')
      .replace('sources:', 'defaultUser: 1000\n      sources:');
    expect(errorsOf(text)).toEqual([]);
    const [ignored] = read(text).notices;
    for (const field of ['.defaultUser', '.user']) expect(ignored!.message).toContain(field);
  });
});
