import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { Client, Json } from './client.js';
import { ensure, type TestPod } from './objects.js';

const ADMISSION = '/apis/admissionregistration.k8s.io/v1';

/** Objects of `packages/cli/deploy/requester`. */
function documentsOf(file: string): readonly Json[] {
  const text = readFileSync(new URL(`../../packages/cli/deploy/requester/${file}`, import.meta.url), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS());
}

/** Lets the pods of a service account ask for themselves, as the deployment files do, in their namespace alone. */
export async function allowRequesters(
  admin: Client,
  { namespace, serviceAccountName }: Pick<TestPod, 'namespace' | 'serviceAccountName'>,
): Promise<void> {
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  for (const object of documentsOf('rbac.yaml')) await ensure(admin, `${rbac}/clusterroles`, object);
  await ensure(admin, `${rbac}/namespaces/${namespace}/rolebindings`, {
    metadata: { name: `requester-${serviceAccountName}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'mayfly-requester' },
    subjects: [{ kind: 'ServiceAccount', name: serviceAccountName, namespace }],
  });
  const [policy, binding] = documentsOf('admission-policy.yaml');
  await ensure(admin, `${ADMISSION}/validatingadmissionpolicies`, policy!);
  // Other suites let an administrator ask for pods.
  binding!.metadata.name += `-${namespace}`;
  const { matchExpressions } = binding!.spec.matchResources.namespaceSelector;
  matchExpressions.push({ key: 'kubernetes.io/metadata.name', operator: 'In', values: [namespace] });
  await ensure(admin, `${ADMISSION}/validatingadmissionpolicybindings`, binding!);
}

/** A token as a kubelet mounts it into a pod: bound to it. */
export async function boundToken(
  admin: Client,
  { namespace, podName, podUID, serviceAccountName }: TestPod,
): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccountName}/token`;
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: podName, uid: podUID };
  return (await admin.expect('POST', path, { spec: { expirationSeconds: 3600, boundObjectRef } })).status.token;
}
