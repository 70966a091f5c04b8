import { expect, inject, test } from 'vitest';
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

/** Schemas by their names without the package, as the server publishes them for a version. */
async function schemasOf(version: string): Promise<Record<string, Json>> {
  const { components } = await admin.expect('GET', `/openapi/v3/apis/certificates.k8s.io/${version}`);
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
