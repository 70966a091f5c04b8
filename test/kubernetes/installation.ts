import { readFileSync } from 'node:fs';
import { encodeBase64 } from '@mayfly/der/pem';
import { parseAllDocuments } from 'yaml';
import { type Credential, createWorkloadAuthority } from './certificates.js';
import type { Client, Json } from './client.js';
import { ensure, ensureNamespace } from './objects.js';

/** What `packages/cli/deploy/base`, or `succession` on top of it, makes of a cluster, under a signer name and in a namespace of the suite's own. */
export interface Installation {
  readonly signerName: string;
  readonly namespace: string;
  /** Of the signer's service account, which has the role of the deployment files and no other right. */
  readonly token: string;
  /** Whether the signer makes its authority itself, in the same Secret, which is empty at first. */
  readonly isManaged: boolean;
  /** The Secret that has it where it is not managed is `<namespace>/mayfly-ca`. */
  readonly authority: Credential;
  /** The roles of the deployment files, by their kind. */
  readonly roles: readonly Json[];
}

/** Kinds of the deployment files, and the group that has them. */
const collectionOf = ({ kind, apiVersion, metadata }: Json): string => {
  const group = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const namespace = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `${group}${namespace}/${kind.toLowerCase()}s`;
};

/** Replaces an object that is there. */
export const replace = (admin: Client, object: Json): Promise<Json> =>
  admin.expect('PUT', `${collectionOf(object)}/${object.metadata.name}`, object);

/** The objects of an `rbac.yaml`, renamed: what is not in a namespace is one for the whole cluster. */
function roleObjects(directory: string, signerName: string, namespace: string): readonly Json[] {
  const text = readFileSync(new URL(`../../packages/cli/deploy/${directory}/rbac.yaml`, import.meta.url), 'utf8')
    .replaceAll('example.com/workload', signerName)
    .replaceAll('example.com:workload', signerName.replace('/', ':'))
    .replaceAll('example.com.workload', signerName.replace('/', '.'))
    .replaceAll('namespace: mayfly', `namespace: ${namespace}`);
  return parseAllDocuments(text).map((document) => {
    const object: Json = document.toJS();
    if (object.metadata.namespace !== undefined) return object;
    const name = `${object.metadata.name}-${namespace}`;
    const { roleRef } = object;
    return { ...object, metadata: { ...object.metadata, name }, ...(roleRef && { roleRef: { ...roleRef, name } }) };
  });
}

/** Installs what a signer needs and makes an authority for it, unless it is to make its own. */
export async function installSigner(
  admin: Client,
  {
    signerName,
    namespace,
    isManaged = false,
  }: Pick<Installation, 'namespace' | 'signerName'> & { readonly isManaged?: boolean },
): Promise<Installation> {
  await ensureNamespace(admin, namespace);
  const directories = ['base', ...(isManaged ? ['succession'] : [])];
  const objects = directories.flatMap((directory) => roleObjects(directory, signerName, namespace));
  for (const object of objects) await ensure(admin, collectionOf(object), object);
  const authority = createWorkloadAuthority();
  const base64 = (text: string): string => encodeBase64(new TextEncoder().encode(text));
  const data = { 'tls.crt': base64(authority.certificate), 'tls.key': base64(authority.privateKey) };
  await admin.expect('POST', `/api/v1/namespaces/${namespace}/secrets`, {
    metadata: { name: 'mayfly-ca' },
    ...(!isManaged && { type: 'kubernetes.io/tls', data }),
  });
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/mayfly-signer/token`;
  const { status } = await admin.expect('POST', path, { spec: { expirationSeconds: 7200 } });
  const roles = objects.filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role');
  return { signerName, namespace, isManaged, token: status.token, authority, roles };
}
