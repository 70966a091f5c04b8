import { formatDuration, type Seconds } from '@mayfly/der';
import { type PodCertificateRequest, readPodCertificateRequest } from '@mayfly/pod-certificates';
import { type KubernetesClient, resourcePath } from '@mayfly/pod-certificates/kubernetes';
import { isObject, type JsonObject } from '../signer/json.js';
import { type Found, listIfAllowed, PATIENCE, someOf } from './finding.js';

/** Looks for pods that wait on their node for a certificate of a signer, and says what keeps each. */
export async function findStuckPods(
  client: Pick<KubernetesClient, 'list'>,
  requests: string,
  signerName: string,
  now: Seconds,
): Promise<Found> {
  const pending = await listIfAllowed(client, resourcePath('v1', 'pods'), { fieldSelector: 'status.phase=Pending' });
  // A signer needs no such right, and whoever looks with its account should not be told to give it.
  if (pending === undefined)
    return { ok: true, message: 'may not be listed by this user, so nobody looked for those that wait' };
  const stuck = pending.map(waitingPod).filter((pod) => pod.signers.includes(signerName) && pod.since + PATIENCE < now);
  if (stuck.length === 0)
    return { ok: true, message: `none waits for a certificate of ${signerName} for longer than ${PATIENCE} s` };
  const asked = ((await listIfAllowed(client, requests)) ?? []).map(readPodCertificateRequest);
  const told = stuck.map((pod) => {
    const own = asked.filter(({ spec }) => spec.podUID === pod.uid && spec.signerName === signerName);
    return `${pod.name} for ${formatDuration(now - pod.since)}: ${reasonOf(own, pod.node)}`;
  });
  return { ok: false, message: someOf(`${stuck.length} wait for a certificate of ${signerName}`, told) };
}

function reasonOf(requests: readonly PodCertificateRequest[], node: string): string {
  const newest = requests.toSorted((a, b) => b.metadata.creationTimestamp - a.metadata.creationTimestamp)[0];
  if (newest === undefined)
    return `the kubelet of ${node} has asked for none; is its feature gate PodCertificateRequest on, and does it know the pod's other volumes?`;
  const { name } = newest.metadata;
  const condition = newest.status.conditions.find(({ type }) => type === newest.terminal);
  if (condition === undefined) return `${name} is not answered`;
  const { type, reason, message } = condition;
  if (type === 'Issued')
    return `${name} is issued; look at the pod's events: its trust bundle or another volume may be missing`;
  return `${name} is ${type}: ${message === '' ? reason : `${message} (${reason})`}; change what it asks for or the signer's policy`;
}

interface WaitingPod {
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly since: Seconds;
  /** Whose certificates it mounts. */
  readonly signers: readonly string[];
}

function waitingPod({ metadata, spec }: JsonObject): WaitingPod {
  const meta = isObject(metadata) ? metadata : {};
  const { volumes, nodeName } = isObject(spec) ? spec : {};
  const node = typeof nodeName === 'string' ? nodeName : '';
  return {
    name: `${meta['namespace']}/${meta['name']}`,
    uid: String(meta['uid']),
    node,
    since: Math.floor(Date.parse(String(meta['creationTimestamp'])) / 1000),
    // Without a node it waits for the scheduler.
    signers: node === '' ? [] : objectsIn(volumes).flatMap(signersOf),
  };
}

const signersOf = ({ projected }: JsonObject): readonly string[] =>
  objectsIn(isObject(projected) ? projected['sources'] : undefined).flatMap(({ podCertificate }) =>
    isObject(podCertificate) ? [String(podCertificate['signerName'])] : [],
  );

const objectsIn = (value: unknown): readonly JsonObject[] => (Array.isArray(value) ? value.filter(isObject) : []);
