import type { Seconds } from '@mayfly/der';
import type { KeyType } from '@mayfly/pod-certificates';
import { DEFAULT_USAGE, type RequestedIdentity, type Usage } from '../manifests/annotations.js';
import { quoted } from '../manifests/findings.js';
import { matchesDnsName, matchesGlob, matchesIpAddress, matchesUri } from './pattern.js';
import type { AllowRule, Policy, SignerPolicy } from './policy.js';

/** Who asks whom, vouched for by the API. */
export interface RequestingPod {
  readonly signerName: string;
  readonly namespace: string;
  readonly podName: string;
  readonly serviceAccountName: string;
}

/** A request for a certificate: who asks, and what for, which nobody vouches for. */
export interface PolicyRequest extends RequestingPod {
  readonly keyType: KeyType;
  readonly requested: RequestedIdentity;
}

/** Why a request is denied, in the form of a `Denied` condition. */
export interface PolicyDenial {
  readonly reason:
    | 'SignerNotAllowed'
    | 'UnsupportedKeyType'
    | 'PodNotAllowed'
    | 'SubjectNotAllowed'
    | 'NameNotAllowed'
    | 'UsageNotAllowed';
  /** Names what is withheld and the rules that withhold it. */
  readonly message: string;
}

/** Rules told in one message. */
const MAX_RULES_NAMED = 5;

/**
 * Judges a request by a policy. Rules that match one pod add up: what it asks for has to be listed by at least one of
 * them. What the signer gives a pod unasked is not judged here: see {@link grantedDnsNames}.
 * @returns The first denial, or `undefined` for a request that is granted.
 */
export function decidePolicy(policy: Policy, request: PolicyRequest): PolicyDenial | undefined {
  const { signerName, namespace, podName, serviceAccountName, keyType, requested } = request;
  const signer = signerOf(policy, signerName);
  if (signer === undefined)
    return { reason: 'SignerNotAllowed', message: `The policy grants nothing of signer ${quoted(signerName)}` };
  if (!signer.keyTypes.includes(keyType)) {
    const usable = signer.keyTypes.length === 0 ? 'none is' : `${signer.keyTypes.join(', ')} can be used`;
    return {
      reason: 'UnsupportedKeyType',
      message: `Key type ${keyType} is not in keyTypes of ${signerName}: ${usable}`,
    };
  }
  const rules = rulesFor(signer, request);
  if (rules.length === 0) {
    const pod = `Pod ${namespace}/${podName} of service account ${serviceAccountName}`;
    return { reason: 'PodNotAllowed', message: `${pod} matches no allow rule of signer ${signerName}` };
  }
  const withheld = firstWithheld(rules, requested);
  if (withheld === undefined) return undefined;
  const { reason, field, value } = withheld;
  const more = rules.length > MAX_RULES_NAMED ? ` and ${rules.length - MAX_RULES_NAMED} more` : '';
  const named = rules.slice(0, MAX_RULES_NAMED).map(describeRule).join(', ');
  return { reason, message: `${field} ${quoted(value)} is withheld by ${named}${more}` };
}

/**
 * Of DNS names that a signer would give a pod unasked, those that the policy grants it. A pod's author chooses its name,
 * `orders.bank.svc` if it likes, so a name made from it is granted like any other.
 */
export function grantedDnsNames(policy: Policy, request: RequestingPod, names: readonly string[]): readonly string[] {
  const signer = signerOf(policy, request.signerName);
  const rules = signer === undefined ? [] : rulesFor(signer, request);
  return names.filter((name) => rules.some((rule) => grantsDnsName(rule, name)));
}

/** The lifetime that a policy leaves of the one that was asked for. */
export function grantedExpirationSeconds(policy: Policy, signerName: string, requested: Seconds): Seconds {
  return Math.min(signerOf(policy, signerName)?.maxExpirationSeconds ?? requested, requested);
}

const signerOf = (policy: Policy, signerName: string): SignerPolicy | undefined =>
  policy.signers.find(({ name }) => name === signerName);

/** Rules of a signer that match a pod. */
const rulesFor = (
  { allow }: SignerPolicy,
  { namespace, serviceAccountName, podName }: RequestingPod,
): readonly AllowRule[] =>
  allow.filter(
    (rule) =>
      matchesGlob(rule.namespace, namespace) &&
      matchesGlob(rule.serviceAccount, serviceAccountName) &&
      matchesGlob(rule.pod, podName),
  );

const grantsDnsName = ({ dnsNames, wildcards }: AllowRule, name: string): boolean =>
  dnsNames.some((pattern) => matchesDnsName(pattern, name, wildcards));

interface Withheld {
  readonly reason: PolicyDenial['reason'];
  readonly field: string;
  readonly value: string;
}

function firstWithheld(rules: readonly AllowRule[], requested: RequestedIdentity): Withheld | undefined {
  const { commonName, organization, dnsNames, uris, ipAddresses, usage = DEFAULT_USAGE } = requested;
  const checks: readonly [
    PolicyDenial['reason'],
    string,
    readonly string[],
    (rule: AllowRule, value: string) => boolean,
  ][] = [
    [
      'SubjectNotAllowed',
      'commonName',
      commonName === undefined ? [] : [commonName],
      (rule, value) => rule.commonName.some((pattern) => matchesGlob(pattern, value)),
    ],
    [
      'SubjectNotAllowed',
      'organization',
      organization,
      (rule, value) => rule.organization.some((pattern) => matchesGlob(pattern, value)),
    ],
    ['NameNotAllowed', 'dNSName', dnsNames, grantsDnsName],
    ['NameNotAllowed', 'URI', uris, (rule, value) => rule.uris.some((pattern) => matchesUri(pattern, value))],
    [
      'NameNotAllowed',
      'iPAddress',
      ipAddresses,
      (rule, value) => rule.ipAddresses.some((pattern) => matchesIpAddress(pattern, value)),
    ],
    [
      'UsageNotAllowed',
      'usage',
      usageParts(usage),
      (rule, value) => rule.usage.some((granted) => covers(granted, value)),
    ],
  ];
  for (const [reason, field, values, grants] of checks) {
    const value = values.find((candidate) => !rules.some((rule) => grants(rule, candidate)));
    if (value !== undefined) return { reason, field, value };
  }
  return undefined;
}

/** A peer is a client and a server, so it needs both granted. */
const usageParts = (usage: Usage): readonly Usage[] => (usage === 'peer' ? ['client', 'server'] : [usage]);
const covers = (granted: Usage, part: string): boolean => granted === 'peer' || granted === part;

const describeRule = ({ path, place: { file, line } }: AllowRule): string => `${path} (${file}:${line})`;
