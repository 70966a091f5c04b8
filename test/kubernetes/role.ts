import type { Client, Json } from './client.js';
import { ensureNamespace, ensureServiceAccount, SIGNER } from './objects.js';

const CERTIFICATES_GROUP = 'certificates.k8s.io';

/** What a signer that also publishes its trust may do: nothing more than it has to. */
export const signerRules = (signerName: string = SIGNER): readonly Json[] => [
  { apiGroups: [CERTIFICATES_GROUP], resources: ['podcertificaterequests'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [CERTIFICATES_GROUP], resources: ['podcertificaterequests/status'], verbs: ['update'] },
  { apiGroups: [CERTIFICATES_GROUP], resources: ['signers'], resourceNames: [signerName], verbs: ['sign', 'attest'] },
  {
    apiGroups: [CERTIFICATES_GROUP],
    resources: ['clustertrustbundles'],
    verbs: ['get', 'list', 'watch', 'create', 'patch'],
  },
];

/** A service account with these rules in the whole cluster. */
export interface Account {
  readonly token: string;
  /** Replaces its rules. */
  allow(rules: readonly Json[]): Promise<void>;
}

const RBAC = '/apis/rbac.authorization.k8s.io/v1';

/** Makes a service account in the namespace `signer`, with a role of its own. */
export async function createAccount(admin: Client, name: string, rules: readonly Json[]): Promise<Account> {
  const namespace = 'signer';
  await ensureNamespace(admin, namespace);
  await ensureServiceAccount(admin, namespace, name);
  await admin.expect('POST', `${RBAC}/clusterroles`, { metadata: { name }, rules });
  await admin.expect('POST', `${RBAC}/clusterrolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', namespace, name }],
  });
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const { status } = await admin.expect('POST', path, { spec: { expirationSeconds: 3600 } });
  return {
    token: status.token,
    async allow(next) {
      await admin.expect('PUT', `${RBAC}/clusterroles/${name}`, { metadata: { name }, rules: next });
    },
  };
}
