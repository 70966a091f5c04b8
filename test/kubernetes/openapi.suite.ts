import { expect, inject, test } from 'vitest';
import { kubernetesFields } from '../../packages/cli/src/manifests/kubernetes-fields.js';
import {
  conditionFields,
  type Field,
  type Fields,
  pairFields,
  requestSpecFields,
  requestStatusFields,
  trustBundleSpecFields,
} from '../../packages/pod-certificates/src/fields.js';
import type { Json } from './client.js';
import { adminOf } from './connect.js';

const cluster = inject('cluster');
const admin = adminOf(cluster);
const versions: readonly string[] = cluster.minor >= 37 ? ['v1', 'v1beta1'] : ['v1beta1'];

/** Schemas by their names without the package, as the server publishes them for a group and version. */
async function schemasOf(version: string, group = 'apis/certificates.k8s.io'): Promise<Record<string, Json>> {
  const { components } = await admin.expect('GET', `/openapi/v3/${group}/${version}`);
  return Object.fromEntries(
    Object.entries<Json>(components.schemas).map(([name, schema]) => [name.replace(/^.*\./, ''), schema]),
  );
}

const nameOf = ($ref: string): string => $ref.replace(/^.*\./, '');

/** A property of a schema in the words of our table; what that has no words for is told as it stands. */
function fieldOf(schema: Json, member: string, schemas: Record<string, Json>): Field | string {
  const property: Json = schema.properties[member];
  const isRequired = (schema.required ?? []).includes(member);
  const [reference] = property.allOf ?? [];
  const type = reference === undefined ? property : schemas[nameOf(reference.$ref)];
  if (type.type === 'string') return { type: type.format ?? 'string', isRequired };
  if (type.type === 'integer') return { type: type.format, isRequired };
  if (type.type === 'object' && type.additionalProperties?.type === 'string') return { type: 'strings', isRequired };
  return JSON.stringify(property);
}

/** Fields of pods that 1.36 does not have. */
const SINCE_37: readonly string[] = ['bindMountOptions', 'defaultUser', 'evictionResponders'];

interface Row {
  readonly schema: string;
  readonly fields: Fields;
  /** What the server has and we do not read. */
  readonly passedOver?: readonly string[];
}

const rows: readonly Row[] = [
  { schema: 'PodCertificateRequestSpec', fields: requestSpecFields },
  { schema: 'PodCertificateRequestStatus', fields: requestStatusFields, passedOver: ['conditions'] },
  { schema: 'Condition', fields: conditionFields, passedOver: ['observedGeneration'] },
  { schema: 'ClusterTrustBundleSpec', fields: trustBundleSpecFields },
];

test.each(versions.flatMap((version) => rows.map((row) => [version, row.schema, row] as const)))(
  '%s: the members of %s are those of the table, with their types',
  async (version, _name, { schema: name, fields, passedOver = [] }) => {
    const schemas = await schemasOf(version);
    const schema = schemas[name];
    const found = Object.keys(schema.properties)
      .filter((member) => !passedOver.includes(member))
      .map((member) => [member, fieldOf(schema, member, schemas)] as const);
    const expected = Object.entries(fields).filter(([member]) => version === 'v1beta1' || !pairFields.includes(member));
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining([...passedOver]));
  },
);

test.each(versions)('%s: conditions are a list of Condition', async (version) => {
  const { conditions } = (await schemasOf(version)).PodCertificateRequestStatus.properties;
  const { $ref = conditions.items.allOf?.[0].$ref } = conditions.items;
  expect([conditions.type, nameOf($ref)]).toEqual(['array', 'Condition']);
});

test('manifests may have the fields that the server knows, and no others', async () => {
  const schemas = { ...(await schemasOf('v1beta1')), ...(await schemasOf('v1', 'api')) };
  const found = Object.keys(kubernetesFields).map((name) => [name, Object.keys(schemas[name].properties).sort()]);
  const expected = Object.entries(kubernetesFields).map(([name, fields]) => [
    name,
    fields.filter((field) => cluster.minor >= 37 || !SINCE_37.includes(field)).toSorted(),
  ]);
  expect(Object.fromEntries(found)).toEqual(Object.fromEntries(expected));
});
