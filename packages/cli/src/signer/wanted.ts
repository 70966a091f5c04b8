import type { Denial } from '@mayfly/ca';
import { classifyKey, type PodCertificateRequest, requestedKey } from '@mayfly/pod-certificates';
import type { WantedCertificate } from '@mayfly/pod-certificates/signer';
import { decodeAnnotations, type RequestedIdentity } from '../manifests/annotations.js';
import { decidePolicy, grantedExpirationSeconds } from '../policy/decide.js';
import { grantedContents } from '../policy/granted-contents.js';
import type { Policy } from '../policy/policy.js';

/** What decides over names in a cluster. */
export interface ClusterSigningRules {
  readonly trustDomain: string;
  /** What the operator grants beyond what a pod is entitled to; `undefined` grants nothing. */
  readonly policy: Policy | undefined;
}

/**
 * The names that a pod gets: its SPIFFE ID always, and the DNS names that it is entitled to, of which annotations may select.
 * Anything else that annotations ask for has to be granted by the policy.
 * @param entitled - DNS names that lead to the pod.
 * @returns The denial of what is withheld, or of an annotation that is unknown or makes no sense.
 */
export function wantedInCluster(
  request: PodCertificateRequest,
  entitled: readonly string[],
  { trustDomain, policy }: ClusterSigningRules,
): WantedCertificate | Denial {
  const { namespace } = request.metadata;
  const { signerName, podName, serviceAccountName, unverifiedUserAnnotations, maxExpirationSeconds } = request.spec;
  const decoded = decodeAnnotations(unverifiedUserAnnotations);
  if (!decoded.ok) return decoded.denial;
  const spiffeId = `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccountName}`;
  const beyond = beyondEntitlement(decoded.requested, entitled, spiffeId);
  if (policy === undefined) {
    const denial = withheld(beyond);
    if (denial !== undefined) return denial;
  } else {
    const key = classifyKey(requestedKey(request)!.subjectPublicKeyInfo); // the signer has seen that there is one
    if (!key.ok) return { reason: 'UnsupportedKeyType', message: `Key type ${key.found} is not signed here` };
    const pod = { signerName, namespace, podName, serviceAccountName, keyType: key.keyType };
    const denial = decidePolicy(policy, { ...pod, requested: beyond });
    if (denial !== undefined) return denial;
  }
  const { dnsNames, uris } = decoded.requested;
  return {
    ...grantedContents(decoded.requested, new Set([spiffeId, ...uris]), dnsNames.length > 0 ? dnsNames : entitled),
    lifetime:
      policy === undefined ? maxExpirationSeconds : grantedExpirationSeconds(policy, signerName, maxExpirationSeconds),
  };
}

/** What is asked for and not the pod's anyway. */
function beyondEntitlement(
  requested: RequestedIdentity,
  entitled: readonly string[],
  spiffeId: string,
): RequestedIdentity {
  const own = new Set(entitled.map((name) => name.toLowerCase()));
  const isOwn = (name: string): boolean => own.has(name.toLowerCase());
  const { commonName, dnsNames, uris } = requested;
  return {
    ...requested,
    commonName: commonName !== undefined && isOwn(commonName) ? undefined : commonName,
    dnsNames: dnsNames.filter((name) => !isOwn(name)),
    uris: uris.filter((uri) => uri !== spiffeId),
  };
}

function withheld({ commonName, organization, dnsNames, uris, ipAddresses }: RequestedIdentity): Denial | undefined {
  const asked = { commonName: commonName === undefined ? [] : [commonName], organization, dnsNames, uris, ipAddresses };
  const [field, values] = Object.entries(asked).find(([, list]) => list.length > 0) ?? [];
  if (field === undefined || values === undefined) return undefined;
  const reason = field === 'commonName' || field === 'organization' ? 'SubjectNotAllowed' : 'NameNotAllowed';
  return {
    reason,
    message: `${field} ${JSON.stringify(values[0])} is not the pod's: no Service that selects it has that name, and there is no policy that grants it`,
  };
}
