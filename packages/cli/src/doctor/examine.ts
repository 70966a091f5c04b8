import { formatDuration, type Seconds } from '@mayfly/der';
import { isReservedSignerName, readPodCertificateRequest, trustBundlePrefix } from '@mayfly/pod-certificates';
import {
  chooseVersions,
  discoverVersions,
  type KubernetesClient,
  resourcePath,
  serverVersion,
} from '@mayfly/pod-certificates/kubernetes';
import { reportOf } from '../errors.js';
import type { SecretName } from '../signer/authority-secret.js';
import { isObject } from '../signer/json.js';
import type { LeaseName } from '../signer/lease-name.js';
import { findAuthorities } from './authorities.js';
import { createThings, eachIfAllowed, type Finding, type Found, PATIENCE } from './finding.js';
import { findStuckPods } from './pods.js';
import { findSigners } from './signers.js';

/** Seconds that the clocks of server and signer may differ. */
const MAX_SKEW: Seconds = 120;

/** What a signer has to be allowed in the whole cluster. */
const rights = (signerName: string, isManaged: boolean): readonly Right[] => [
  ...(['get', 'list', 'watch'] as const).map((verb) => ({ verb, resource: 'podcertificaterequests' })),
  { verb: 'update', resource: 'podcertificaterequests', subresource: 'status' },
  { verb: 'sign', resource: 'signers', name: signerName },
  { verb: 'attest', resource: 'signers', name: signerName },
  { verb: 'patch', resource: 'clustertrustbundles', name: `${trustBundlePrefix(signerName)}mayfly` },
  { verb: 'create', resource: 'clustertrustbundles' },
  ...(isManaged
    ? [{ verb: 'get', resource: 'clustertrustbundles', name: `${trustBundlePrefix(signerName)}mayfly` }]
    : []),
  { group: '', verb: 'get', resource: 'pods' },
  { group: '', verb: 'list', resource: 'services' },
  { group: '', verb: 'watch', resource: 'services' },
  { group: 'events.k8s.io', verb: 'create', resource: 'events' },
];

interface Right {
  /** Default `certificates.k8s.io`. */
  readonly group?: string;
  readonly verb: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly name?: string;
}

/** Where a signer keeps what it needs; what is `undefined` is not looked at. */
export interface SignerPlaces {
  readonly lease?: LeaseName | undefined;
  /** Of the authorities that it manages. */
  readonly authorities?: SecretName | undefined;
}

type Client = Pick<KubernetesClient, 'request' | 'pages' | 'clockAhead'>;

/**
 * Looks at a cluster as a signer sees it; trouble of the cluster is a finding, not an exception.
 * @param now - By this machine's clock.
 */
export async function examine(
  client: Client,
  signerName: string,
  now: Seconds,
  { lease, authorities }: SignerPlaces = {},
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const look = async (check: string, work: () => Promise<Found>): Promise<boolean> => {
    const found = await work().catch((error: unknown) => ({ ok: false, message: reportOf(error) }));
    findings.push({ check, ...found });
    return found.ok;
  };
  const isThere = await look('server', async () => ({ ok: true, message: await serverVersion(client) }));
  if (!isThere) return findings;
  await look('clock', async () => {
    const ahead = client.clockAhead() ?? 0;
    const state = `the server's clock is ${ahead} s ahead of this machine's`;
    return Math.abs(ahead) <= MAX_SKEW
      ? { ok: true, message: state }
      : { ok: false, message: `${state}; set the one that is wrong, for certificates follow the server's` };
  });
  let version = '';
  const isServed = await look('API', async () => {
    const versions = chooseVersions(await discoverVersions(client), 'signer');
    version = versions.podCertificateRequests;
    const { clusterTrustBundles: bundles } = versions;
    if (bundles !== undefined)
      return { ok: true, message: `PodCertificateRequests in ${version}, ClusterTrustBundles in ${bundles}` };
    const fix =
      'set the gates ClusterTrustBundle and ClusterTrustBundleProjection, and serve certificates.k8s.io/v1beta1/clustertrustbundles';
    return { ok: false, message: `PodCertificateRequests in ${version}, but no ClusterTrustBundles; ${fix}` };
  });
  for (const right of rights(signerName, authorities !== undefined)) await look('rights', () => review(client, right));
  if (!isServed) return findings;
  await look('trust bundle', () => findBundle(client, signerName));
  const serverNow = now + (client.clockAhead() ?? 0);
  if (lease !== undefined) await look('signers', () => findSigners(client, lease, serverNow));
  if (authorities !== undefined) await look('authorities', () => findAuthorities(client, authorities, serverNow));
  const requests = resourcePath(`certificates.k8s.io/${version}`, 'podcertificaterequests');
  await look('requests', () => findUnanswered(client, requests, signerName, serverNow));
  await look('pods', () => findStuckPods(client, requests, signerName, serverNow));
  return findings;
}

async function review(
  client: Client,
  { group = 'certificates.k8s.io', verb, resource, subresource, name }: Right,
): Promise<Found> {
  const what = `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}${name === undefined ? '' : ` ${name}`}`;
  const attributes = {
    group,
    verb,
    resource,
    ...(subresource && { subresource }),
    ...(name && { name }),
  };
  const answer = await client.request({
    method: 'POST',
    path: resourcePath('authorization.k8s.io/v1', 'selfsubjectaccessreviews'),
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: attributes },
    },
  });
  const status = isObject(answer) && isObject(answer['status']) ? answer['status'] : {};
  return status['allowed'] === true
    ? { ok: true, message: `may ${what}` }
    : { ok: false, message: `may not ${what}; add it to the ClusterRole, as deploy/base/rbac.yaml has it` };
}

async function findBundle(client: Client, signerName: string): Promise<Found> {
  const { clusterTrustBundles = 'v1' } = chooseVersions(await discoverVersions(client), 'signer');
  const path = resourcePath(`certificates.k8s.io/${clusterTrustBundles}`, 'clustertrustbundles');
  const count = await eachIfAllowed(client, path, { fieldSelector: `spec.signerName=${signerName}` }, () => {});
  if (count === undefined) return { ok: false, message: 'may not be listed by this user, so nobody knows of any' };
  if (count > 0) return { ok: true, message: `${count} of ${signerName}` };
  return {
    ok: false,
    message: `none of ${signerName}, so pods that mount one do not start; a running signer publishes ${trustBundlePrefix(signerName)}mayfly`,
  };
}

async function findUnanswered(client: Client, requests: string, signerName: string, now: Seconds): Promise<Found> {
  const late = createThings();
  const count = await eachIfAllowed(client, requests, {}, (object) => {
    const { terminal, metadata, spec } = readPodCertificateRequest(object);
    if (terminal !== undefined || metadata.creationTimestamp + PATIENCE >= now) return;
    late.add(() => {
      const why = isReservedSignerName(spec.signerName)
        ? 'belongs to Kubernetes and answers none'
        : spec.signerName === signerName
          ? 'does not answer: is it running, and what does its log say?'
          : 'is another signer';
      const age = formatDuration(now - metadata.creationTimestamp);
      return `${metadata.namespace}/${spec.podName} for ${age}: ${spec.signerName} ${why}`;
    });
  });
  if (count === undefined)
    return { ok: false, message: 'may not be listed by this user, so nobody knows which are unanswered' };
  return late.count === 0
    ? { ok: true, message: `${count}, none unanswered for longer than ${PATIENCE} s` }
    : { ok: false, message: late.after(`${late.count} unanswered`) };
}
