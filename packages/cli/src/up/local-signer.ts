import type { Denial } from '@mayfly/ca';
import { classifyKey, type PodCertificateRequest, requestedKey } from '@mayfly/pod-certificates';
import type { WantedCertificate } from '@mayfly/pod-certificates/signer';
import { isDNSName } from '@mayfly/x509/general-name';
import { DEFAULT_USAGE, decodeAnnotations, type Usage } from '../manifests/annotations.js';
import { decidePolicy, grantedDnsNames, grantedExpirationSeconds } from '../policy/decide.js';
import { grantedContents } from '../policy/granted-contents.js';
import type { Policy } from '../policy/policy.js';

/** What decides over names in local mode. */
export interface LocalSigningOptions {
  readonly trustDomain: string;
  /** `undefined`: the manifest's author is the operator, and gets what it asks for. */
  readonly policy: Policy | undefined;
}

/**
 * The names that a pod gets: its SPIFFE ID always, and either the DNS names that it asks for or those of its own name,
 * of which a policy leaves those that it grants.
 * @returns The denial of what the policy withholds, or of an annotation that makes no sense.
 */
export function wantedCertificate(
  request: PodCertificateRequest,
  { trustDomain, policy }: LocalSigningOptions,
): WantedCertificate | Denial {
  const { namespace } = request.metadata;
  const { signerName, podName, serviceAccountName, unverifiedUserAnnotations, maxExpirationSeconds } = request.spec;
  const decoded = decodeAnnotations(unverifiedUserAnnotations, { ignoreForeign: true });
  if (!decoded.ok) return decoded.denial;
  const { requested } = decoded;
  if (policy !== undefined) {
    const key = classifyKey(requestedKey(request)!.subjectPublicKeyInfo); // the API has seen that there is one
    if (!key.ok) return { reason: 'UnsupportedKeyType', message: `Key type ${key.found} is not signed here` };
    const { keyType } = key;
    const denial = decidePolicy(policy, { signerName, namespace, podName, serviceAccountName, keyType, requested });
    if (denial !== undefined) return denial;
  }
  const own = ownNames(namespace, podName, trustDomain);
  const unasked =
    policy === undefined ? own : grantedDnsNames(policy, { signerName, namespace, podName, serviceAccountName }, own);
  const dnsNames = requested.dnsNames.length > 0 ? requested.dnsNames : unasked;
  const spiffeId = `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccountName}`;
  return {
    ...grantedContents(requested, [spiffeId, ...requested.uris], dnsNames),
    lifetime:
      policy === undefined ? maxExpirationSeconds : grantedExpirationSeconds(policy, signerName, maxExpirationSeconds),
  };
}

/** The usage that a pod asks for; annotations that make no sense are denied before this matters. */
export function requestedUsage({ spec }: PodCertificateRequest): Usage {
  const decoded = decodeAnnotations(spec.unverifiedUserAnnotations, { ignoreForeign: true });
  return (decoded.ok ? decoded.requested.usage : undefined) ?? DEFAULT_USAGE;
}

/** By which neighbours call a pod as they would call a Service of its name. */
const ownNames = (namespace: string, podName: string, trustDomain: string): readonly string[] =>
  [podName, `${podName}.${namespace}.svc`, `${podName}.${namespace}.svc.${trustDomain}`].filter((name) =>
    isDNSName(name),
  );
