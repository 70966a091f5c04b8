import { formatDuration, type Seconds } from '@mayfly/der';
import { type KubernetesClient, resourcePath, SHARING_GROUP_LABEL } from '@mayfly/pod-certificates/kubernetes';
import { isObject } from '../signer/json.js';
import { type LeaseName, leaseGroupOf } from '../signer/lease-name.js';
import { createThings, eachIfAllowed, type Found, PATIENCE } from './finding.js';

/**
 * Looks at who shares the requests, by the Leases.
 * @param now - By the server's clock, which those of signers follow well enough for a minute.
 */
export async function findSigners(
  client: Pick<KubernetesClient, 'pages'>,
  { namespace, name }: LeaseName,
  now: Seconds,
): Promise<Found> {
  const live: string[] = [];
  const gone = createThings();
  const path = resourcePath('coordination.k8s.io/v1', 'leases', namespace);
  const query = { labelSelector: `${SHARING_GROUP_LABEL}=${leaseGroupOf(name)}` };
  const count = await eachIfAllowed(client, path, query, ({ spec }) => {
    const { holderIdentity, renewTime } = isObject(spec) ? spec : {};
    const silence = now - Math.floor(Date.parse(String(renewTime)) / 1000);
    if (silence <= PATIENCE) live.push(String(holderIdentity));
    else gone.add(() => `${holderIdentity} was last seen ${formatDuration(silence)} ago`);
  });
  if (count === undefined) {
    const fix = namespace === undefined ? 'name their namespace with --lease namespace/name' : 'ask one who may';
    return { ok: false, message: `their Leases may not be listed by this user, so nobody knows who runs; ${fix}` };
  }
  if (live.length > 0) return { ok: true, message: `${live.length} share the requests: ${live.join(', ')}` };
  const place = namespace === undefined ? 'the cluster' : `namespace ${namespace}`;
  const none = `none holds a Lease of ${name} in ${place}, so nobody answers; start mayfly signer, and look at why its pods do not run (those with --lease none hold none: say the same here)`;
  return { ok: false, message: gone.after(none) };
}
