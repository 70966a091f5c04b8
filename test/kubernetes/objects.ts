import { constants, createPrivateKey, sign } from 'node:crypto';
import { encodeBase64, encodePem } from '@mayfly/der/pem';
import type { KeyAlgorithm } from '@mayfly/keys';
import { generateKeySync, type NodeSigningKey } from '@mayfly/keys/node';
import { createCertificationRequestSync } from '@mayfly/pkcs10';
import type { Client, Json } from './client.js';

/** The API group of both kinds, in the version that servers from 1.35 to 1.39 have. */
export const CERTIFICATES = '/apis/certificates.k8s.io/v1beta1';

/** An object that is still to be created. */
export interface NewObject {
  readonly metadata: Json;
  readonly spec: Json;
}

/** Keys by their name in a `podCertificate` source. */
export const keyAlgorithms: Readonly<Record<string, KeyAlgorithm>> = {
  ECDSAP256: 'P-256',
  ECDSAP384: 'P-384',
  ECDSAP521: 'P-521',
  ED25519: 'Ed25519',
  RSA3072: 'RSA-3072',
  RSA4096: 'RSA-4096',
};

/** An empty request for a key, as a kubelet of 1.36 makes it, in base64. */
export const stubOf = (key: NodeSigningKey): string => encodeBase64(createCertificationRequestSync({}, key));

/** The key and the proof that a kubelet of 1.35 sends: PSS with the largest salt, ECDSA over SHA-256, or Ed25519. */
export function pairOf(key: NodeSigningKey, podUID: string): { pkixPublicKey: string; proofOfPossession: string } {
  const privateKey = createPrivateKey(encodePem('PRIVATE KEY', key.exportPkcs8()));
  const type = privateKey.asymmetricKeyType;
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN };
  const proof = sign(type === 'ed25519' ? null : 'sha256', Buffer.from(podUID), {
    key: privateKey,
    ...(type === 'rsa' && padding),
  });
  return {
    pkixPublicKey: encodeBase64(key.subjectPublicKeyInfo),
    proofOfPossession: encodeBase64(new Uint8Array(proof)),
  };
}

export const newKey = (algorithm: KeyAlgorithm = 'P-256'): NodeSigningKey => generateKeySync(algorithm);

/** A pod that runs on a node under a service account, and the UIDs of all three. */
export interface TestPod {
  readonly namespace: string;
  readonly podName: string;
  readonly podUID: string;
  readonly serviceAccountName: string;
  readonly serviceAccountUID: string;
  readonly nodeName: string;
  readonly nodeUID: string;
}

/** Makes what is not there yet. */
export async function ensure(admin: Client, collection: string, object: Json): Promise<Json> {
  const { status, body } = await admin.call('POST', collection, { body: object });
  if (status === 201) return body;
  if (status === 409) return await admin.expect('GET', `${collection}/${object.metadata.name}`);
  throw new Error(`Cannot create ${object.metadata.name} in ${collection}: ${status} ${body?.message ?? body}`);
}

export const ensureNamespace = (admin: Client, name: string): Promise<Json> =>
  ensure(admin, '/api/v1/namespaces', { metadata: { name } });

const ensureNode = (admin: Client, name: string): Promise<Json> =>
  ensure(admin, '/api/v1/nodes', { metadata: { name } });

export const ensureServiceAccount = (admin: Client, namespace: string, name: string): Promise<Json> =>
  ensure(admin, `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });

/** Signer that the pods of {@link createPod} name. */
export const SIGNER = 'pki.example.com/workload';

/** Makes a pod that is bound to a node, with its namespace, node and service account where they are not there yet. */
export async function createPod(
  admin: Client,
  {
    namespace,
    name,
    node,
    serviceAccount = 'web',
  }: { namespace: string; name: string; node: string; serviceAccount?: string },
): Promise<TestPod> {
  await ensureNamespace(admin, namespace);
  const nodeObject = await ensureNode(admin, node);
  const account = await ensureServiceAccount(admin, namespace, serviceAccount);
  const pod = await admin.expect('POST', `/api/v1/namespaces/${namespace}/pods`, {
    metadata: { name },
    spec: {
      nodeName: node,
      serviceAccountName: serviceAccount,
      automountServiceAccountToken: false,
      containers: [{ name: 'app', image: 'localhost/app:1', volumeMounts: [{ name: 'tls', mountPath: '/tls' }] }],
      volumes: [
        {
          name: 'tls',
          projected: {
            sources: [
              { podCertificate: { signerName: SIGNER, keyType: 'ECDSAP256', credentialBundlePath: 'bundle.pem' } },
            ],
          },
        },
      ],
    },
  });
  return {
    ...{ namespace, podName: name, podUID: pod.metadata.uid },
    ...{ serviceAccountName: serviceAccount, serviceAccountUID: account.metadata.uid },
    ...{ nodeName: node, nodeUID: nodeObject.metadata.uid },
  };
}

/** The request that a kubelet makes for a pod; the key is still missing. */
export function requestFor(
  { namespace, ...identity }: TestPod,
  spec: Json,
  metadata: Json = { generateName: 'req-' },
): NewObject & Json {
  return {
    apiVersion: 'certificates.k8s.io/v1beta1',
    kind: 'PodCertificateRequest',
    metadata: { namespace, ...metadata },
    spec: { signerName: SIGNER, ...identity, maxExpirationSeconds: 3600, ...spec },
  };
}
