import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, expect, inject, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Json } from './client.js';
import { adminOf } from './connect.js';
import { ensureNamespace } from './objects.js';

const admin = adminOf(inject('cluster'));
const deploy = new URL('../../packages/cli/deploy/', import.meta.url);
const files = readdirSync(deploy, { recursive: true, encoding: 'utf8' }).filter(
  (path) => path.endsWith('.yaml') && !path.endsWith('kustomization.yaml') && !path.startsWith('monitoring'),
);
const objects = files.flatMap((path) =>
  parseAllDocuments(readFileSync(new URL(path, deploy), 'utf8')).map((document): [string, Json] => {
    const object = document.toJS();
    return [`${path}: ${object.kind} ${object.metadata.name}`, object];
  }),
);

/** Where an object of a kind is made. */
function collectionOf({ apiVersion, kind, metadata }: Json): string {
  const group = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const isClusterWide = /^(Namespace|Cluster|ValidatingAdmissionPolicy)/.test(kind);
  const plural = `${kind.toLowerCase()}s`.replace(/ys$/, 'ies');
  return `${group}${isClusterWide ? '' : `/namespaces/${metadata.namespace ?? 'default'}`}/${plural}`;
}

beforeAll(async () => {
  await ensureNamespace(admin, 'mayfly');
  await ensureNamespace(admin, 'default');
});

test('there are files', () => expect(objects.length).toBeGreaterThan(15));

test.each(objects)('%s is what the server takes, to the last field', async (_name, object) => {
  const path = `${collectionOf(object)}?dryRun=All&fieldValidation=Strict`;
  const { status, body } = await admin.call('POST', path, { body: object });
  // What is there already, or waits for its service account's controller, was understood.
  const isUnderstood =
    status === 201 || status === 409 || String(body.message).includes('error looking up service account');
  expect(isUnderstood, `${status} ${body.message}`).toBe(true);
});

test.each(
  readdirSync(deploy, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('kustomization.yaml')),
)('%s names files that there are', (path) => {
  const text = readFileSync(new URL(path, deploy), 'utf8');
  const { resources, patches = [] } = parseAllDocuments(text)[0]!.toJS();
  const directory = new URL('./', new URL(path, deploy));
  for (const resource of resources) expect(() => readdirOrFile(new URL(resource, directory))).not.toThrow();
  for (const { target } of patches)
    expect(objects.some(([, each]) => each.kind === target.kind && each.metadata.name === target.name)).toBe(true);
});

const readdirOrFile = (url: URL): unknown => (url.pathname.endsWith('.yaml') ? readFileSync(url) : readdirSync(url));
