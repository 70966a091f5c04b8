import type { Pod } from '../manifests/manifest.js';
import { podKey } from './places.js';
import type { PodUids } from './source-runner.js';
import { type StateDirectory, stableUid } from './state-directory.js';

/** The node that everything runs on in local mode. */
const NODE_NAME = 'localhost';

/** Who a pod is in local mode: the same over restarts, another one in another installation. */
export const localIdentity = (state: Pick<StateDirectory, 'installation'>, pod: Pod): PodUids => ({
  podUID: stableUid(state, 'Pod', podKey(pod)),
  serviceAccountUID: stableUid(state, 'ServiceAccount', `${pod.namespace}/${pod.serviceAccountName}`),
  nodeName: NODE_NAME,
  nodeUID: stableUid(state, 'Node', NODE_NAME),
});
