import { randomBytes as nodeRandomBytes } from 'node:crypto';
import { type CompiledProfile, compile } from '@mayfly/ca';
import { podPeer } from '@mayfly/ca/profiles';
import { verifyWithNode } from '@mayfly/keys/node';
import type { PodCertificateApi } from '@mayfly/pod-certificates/api';
import {
  chooseVersions,
  clusterApi,
  createClient,
  discoverVersions,
  type KubernetesClient,
  openConnection,
  type ReflectorTrouble,
} from '@mayfly/pod-certificates/kubernetes';
import { runSigner, type SignerEvent, type SignerOptions } from '@mayfly/pod-certificates/signer';
import { systemClock } from '@mayfly/rotation';
import { type Certificate, parseCertificate } from '@mayfly/x509';
import { createCertificateSync, rootContents } from '@mayfly/x509/create';
import { rfc7093KeyIdentifier } from '@mayfly/x509/key-identifier';
import { buildName, encodeName } from '@mayfly/x509/name';
import type { Credential } from './certificates.js';
import type { Identity } from './client.js';
import { kubeconfigOf } from './cluster.js';
import { newKey, SIGNER } from './objects.js';

/** Mayfly's own client of a cluster. */
export interface MayflyClient {
  readonly client: KubernetesClient;
  readonly api: PodCertificateApi;
  /** What broke a watch and was mended, in order. */
  readonly troubles: readonly ReflectorTrouble[];
}

export interface MayflyClientOptions {
  readonly role?: 'signer' | 'requester';
  /** Seconds that an answer may take. */
  readonly timeout?: number;
  /** Seconds without an octet after which a watch is given up. */
  readonly silence?: number;
}

/** Connects as Mayfly does, from a kubeconfig. */
export async function mayflyClient(
  url: string,
  authority: Credential,
  identity: Identity,
  { role = 'signer', ...limits }: MayflyClientOptions = {},
): Promise<MayflyClient> {
  const kubeconfig = new TextEncoder().encode(JSON.stringify(kubeconfigOf(url, authority, identity)));
  const connection = await openConnection({ kubeconfig: 'kubeconfig', readFile: async () => kubeconfig });
  const client = createClient(connection, { userAgent: 'mayfly-test', ...limits });
  const troubles: ReflectorTrouble[] = [];
  const api = clusterApi({
    client,
    versions: chooseVersions(await discoverVersions(client), role),
    clock: systemClock(),
    fieldManager: 'mayfly-test',
    instance: 'test',
    backoff: { base: 1, cap: 2 },
    onTrouble: (trouble) => troubles.push(trouble),
  });
  return { client, api, troubles };
}

export const randomBytes = (length: number): Uint8Array => new Uint8Array(nodeRandomBytes(length));

const DAY = 86_400;
const now = Math.floor(Date.now() / 1000);
const rootKey = newKey();

/** The authority of every signer of the suites. */
export const root: Certificate = parseCertificate(
  createCertificateSync(
    rootContents(
      {
        serialNumber: 2n ** 72n + 1n,
        validity: { notBefore: now - DAY, notAfter: now + 365 * DAY },
        subject: encodeName(buildName({ commonName: 'Workload Root' })),
        subjectKeyIdentifier: rfc7093KeyIdentifier(rootKey.subjectPublicKeyInfo),
      },
      rootKey,
    ),
    rootKey,
  ),
);

const profile: CompiledProfile = compile(podPeer({ backdate: 60 }), {
  certificate: root,
  key: rootKey,
  chain: [],
  verify: verifyWithNode,
});

/** A signer that runs until it is stopped, and what it told. */
export interface RunningSigner {
  readonly events: readonly SignerEvent[];
  stop(): Promise<void>;
}

/** Runs Mayfly's signer: pods get their DNS name, at most a day. */
export function startSigner(api: PodCertificateApi, options: Partial<SignerOptions> = {}): RunningSigner {
  const events: SignerEvent[] = [];
  const controller = new AbortController();
  const done = runSigner({
    api,
    signerName: SIGNER,
    clock: systemClock(),
    toRequest: ({ metadata, spec }) => ({
      subjectAltName: [{ type: 'dNSName', value: `${spec.podName}.${metadata.namespace}.pod.example.com` }],
      lifetime: DAY,
    }),
    compiled: () => profile,
    verify: verifyWithNode,
    randomBytes,
    backoff: { base: 1, cap: 2 },
    signal: controller.signal,
    onEvent: (event) => events.push(event),
    ...options,
  });
  return {
    events,
    async stop() {
      controller.abort();
      await done;
    },
  };
}
