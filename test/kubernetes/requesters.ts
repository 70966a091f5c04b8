import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { Client, Json } from './client.js';
import { CERTIFICATES, ensure, newKey, requestFor, stubOf, type TestPod } from './objects.js';
import { eventually } from './wait.js';

const ADMISSION = '/apis/admissionregistration.k8s.io/v1';

/** Objects of `packages/cli/deploy/requester`. */
function documentsOf(file: string): readonly Json[] {
  const text = readFileSync(new URL(`../../packages/cli/deploy/requester/${file}`, import.meta.url), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS());
}

/** Lets the pods of a service account ask for themselves, as the deployment files do. */
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
  await ensure(admin, `${ADMISSION}/validatingadmissionpolicybindings`, binding!);
}

/** Lifts the policy, and waits until the server, which goes by what it has seen, takes requests of others again. */
export async function liftRequesterPolicy(admin: Client): Promise<void> {
  await admin.call('DELETE', `${ADMISSION}/validatingadmissionpolicybindings/mayfly-requester`);
  const nobody: TestPod = {
    ...{ namespace: 'default', podName: 'nobody', podUID: 'nobody-pod', nodeName: 'nowhere', nodeUID: 'nowhere-node' },
    ...{ serviceAccountName: 'nobody', serviceAccountUID: 'nobody-account' },
  };
  const path = `${CERTIFICATES}/namespaces/default/podcertificaterequests`;
  await eventually('the policy is lifted', async () => {
    const request = requestFor(nobody, { signerName: 'example.com/nobody', stubPKCS10Request: stubOf(newKey()) });
    const { status, body } = await admin.call('POST', path, { body: request });
    if (status !== 201) return undefined;
    await admin.expect('DELETE', `${path}/${body.metadata.name}`);
    return true;
  });
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
