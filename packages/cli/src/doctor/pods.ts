import { formatDuration, type Seconds } from '@mayfly/der';
import { type PodCertificateRequest, readPodCertificateRequest } from '@mayfly/pod-certificates';
import { type KubernetesClient, resourcePath } from '@mayfly/pod-certificates/kubernetes';
import { isObject, type JsonObject } from '../signer/json.js';
import { createThings, eachIfAllowed, type Found, PATIENCE } from './finding.js';

/** Looks for pods that wait on their node for a certificate of a signer, and says what keeps each. */
export async function findStuckPods(
  client: Pick<KubernetesClient, 'pages'>,
  requests: string,
  signerName: string,
  now: Seconds,
): Promise<Found> {
  const stuck = new Map<string, WaitingPod>();
  const pending = { fieldSelector: 'status.phase=Pending' };
  const count = await eachIfAllowed(client, resourcePath('v1', 'pods'), pending, (object) => {
    const pod = waitingPod(object);
    if (pod.signers.includes(signerName) && pod.since + PATIENCE < now) stuck.set(pod.uid, pod);
  });
  // A signer needs no such right, and whoever looks with its account should not be told to give it.
  if (count === undefined)
    return { ok: true, message: 'may not be listed by this user, so nobody looked for those that wait' };
  if (stuck.size === 0)
    return { ok: true, message: `none waits for a certificate of ${signerName} for longer than ${PATIENCE} s` };
  const newest = new Map<string, { readonly createdAt: Seconds; readonly state: string }>();
  await eachIfAllowed(client, requests, { fieldSelector: `spec.signerName=${signerName}` }, (object) => {
    const request = readPodCertificateRequest(object);
    const { spec, metadata } = request;
    const createdAt = metadata.creationTimestamp;
    if (
      spec.signerName === signerName &&
      stuck.has(spec.podUID) &&
      createdAt >= (newest.get(spec.podUID)?.createdAt ?? 0)
    )
      newest.set(spec.podUID, { createdAt, state: stateOf(request) });
  });
  const told = createThings();
  for (const { uid, name, since, node } of stuck.values())
    told.add(() => {
      const state =
        newest.get(uid)?.state ??
        `the kubelet of ${node} has asked for none; is its feature gate PodCertificateRequest on, and does it know the pod's other volumes?`;
      return `${name} for ${formatDuration(now - since)}: ${state}`;
    });
  return { ok: false, message: told.after(`${stuck.size} wait for a certificate of ${signerName}`) };
}

function stateOf({ metadata: { name }, status, terminal }: PodCertificateRequest): string {
  const condition = status.conditions.find(({ type }) => type === terminal);
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
