import { isReservedSignerName } from '@mayfly/pod-certificates';
import { isDnsLabel, isDnsSubdomain } from './kubernetes-names.js';

/** The CSR-API signer that the popular form names and that local mode answers for. */
export const POPULAR_SIGNER_NAME = 'kubernetes.io/kube-apiserver-client';

const MAX_SIGNER_NAME_LENGTH = 571;

const USE_A_PRIVATE_SIGNER = 'Name a signer of your own, such as mayfly.dev/workload';
const CSR_ONLY = 'signs CertificateSigningRequests only, and a PodCertificateRequest that names it is never answered';

/** What Kubernetes' own signers do, for whoever names one. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  [
    'kubernetes.io/kube-apiserver-client-pod',
    'is reserved for pods that authenticate to the API server, but no Kubernetes release implements it: a request to it stays pending forever',
  ],
  ['kubernetes.io/kube-apiserver-client-kubelet', `issues the client certificates of kubelets; it ${CSR_ONLY}`],
  ['kubernetes.io/kubelet-serving', `issues the serving certificates of kubelets; it ${CSR_ONLY}`],
  ['kubernetes.io/legacy-unknown', `has no defined trust at all; it ${CSR_ONLY}`],
  [
    'kubernetes.io/kube-apiserver-serving',
    'names the trust bundle of the API server itself and signs no request; it can be mounted as a clusterTrustBundle in a cluster',
  ],
]);

/** What is wrong with a signer name's syntax; `undefined` when nothing is. */
export function signerNameFault(signerName: string): string | undefined {
  const [domain, path, ...more] = signerName.split('/');
  if (path === undefined || more.length > 0) return 'needs exactly one "/", as in example.com/signer';
  if (signerName.length > MAX_SIGNER_NAME_LENGTH) return `has more than ${MAX_SIGNER_NAME_LENGTH} characters`;
  if (!isDnsSubdomain(domain!) || !domain!.includes('.') || !domain!.split('.').every(isDnsLabel))
    return 'needs a lower-case DNS name of at least two labels before the "/", as in example.com/signer';
  return path.split('.').every(isDnsSubdomain)
    ? undefined
    : 'needs dot-separated lower-case letters, digits and "-" after the "/"';
}

/** Why a reserved signer cannot be served and what to use instead; `undefined` for a signer that local mode serves. */
export function reservedSignerFault(signerName: string): string | undefined {
  if (!isReservedSignerName(signerName) || signerName === POPULAR_SIGNER_NAME) return undefined;
  const what =
    RESERVED.get(signerName) ?? 'lies in a domain that is reserved for Kubernetes, and no signer of that name is known';
  return `${signerName} ${what}. ${USE_A_PRIVATE_SIGNER}`;
}
