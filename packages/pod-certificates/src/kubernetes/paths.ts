import type { LabelSelector, RequestSelector } from '../api.js';

/** Query parameters; `undefined` ones are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** The path of a collection, or of one object in it; every part is encoded. */
export function resourcePath(
  groupVersion: string,
  resource: string,
  namespace?: string,
  ...rest: readonly string[]
): string {
  const root = groupVersion === 'v1' ? '/api/v1' : `/apis/${groupVersion}`;
  const parts = [...(namespace === undefined ? [] : ['namespaces', namespace]), resource, ...rest];
  return [root, ...parts.map(encodeURIComponent)].join('/');
}

/** The field selector of PodCertificateRequests; names and signer names have no comma and no `=`. */
export function requestFields({ name, signerName, podName, nodeName }: RequestSelector): string | undefined {
  const fields = {
    'metadata.name': name,
    'spec.signerName': signerName,
    'spec.podName': podName,
    'spec.nodeName': nodeName,
  };
  const parts = Object.entries(fields).filter(([, value]) => value !== undefined);
  return parts.length === 0 ? undefined : parts.map(([field, value]) => `${field}=${value}`).join(',');
}

/** A label selector as a query parameter; an empty one selects everything. */
export function labelQuery({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string | undefined {
  const operators = { In: 'in', NotIn: 'notin' } as const;
  const parts = [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(({ key, operator, values = [] }) => {
      if (operator === 'Exists') return key;
      if (operator === 'DoesNotExist') return `!${key}`;
      return `${key} ${operators[operator]} (${values.join(',')})`;
    }),
  ];
  return parts.length === 0 ? undefined : parts.join(',');
}
