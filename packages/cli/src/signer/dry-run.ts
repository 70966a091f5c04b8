import type { PodCertificateApi } from '@mayfly/pod-certificates/api';

/** The API with its reads alone: what would be written is taken for written. */
export const withoutWrites = (api: PodCertificateApi): PodCertificateApi => ({
  ...api,
  updateStatus: async ({ metadata: { namespace, name } }) => ({
    ok: true,
    request: await api.getRequest(namespace, name),
  }),
  applyTrustBundle: async ({ metadata, spec }) => ({
    metadata: {
      uid: '',
      resourceVersion: 'dry-run',
      creationTimestamp: 0,
      ownerReferences: [],
      labels: {},
      ...metadata,
    },
    spec: { signerName: '', ...spec },
  }),
  deleteTrustBundle: async () => {},
  createEvent: async () => {},
});
