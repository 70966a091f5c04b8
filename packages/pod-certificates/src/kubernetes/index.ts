export {
  type ApiCall,
  type ClientOptions,
  createClient,
  type KubernetesClient,
  type RawWatchEvent,
} from './client.js';
export { serverClock } from './clock-skew.js';
export { type ClusterApiOptions, clusterApi } from './cluster-api.js';
export {
  type ClusterConnection,
  type ConnectionOptions,
  type ConnectionSurroundings,
  inClusterConnection,
  openConnection,
  type TlsMaterial,
} from './connection.js';
export {
  type CertificatesVersions,
  chooseVersions,
  discoverVersions,
  keyForm,
  type ServedVersions,
  serverVersion,
} from './discovery.js';
export { KubernetesError, type KubernetesErrorCode } from './errors.js';
export type { RunProgram } from './exec-plugin.js';
export type { ObjectIdentity } from './known-objects.js';
export { type Lease, type Leases, leasesIn, type NewLease } from './lease.js';
export type { ListPage } from './pages.js';
export { type Query, resourcePath } from './paths.js';
export { type ReflectorOptions, type ReflectorTrouble, reflect } from './reflector.js';
export {
  createSharing,
  SHARING_GROUP_LABEL,
  type Sharing,
  type SharingEvent,
  type SharingOptions,
} from './sharing.js';
