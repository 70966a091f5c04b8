import type { Oid } from '@mayfly/der';
import { anyPolicy } from '../extensions/certificate-policies.js';
import { isDNSName } from '../general-name/dns-name.js';
import { attributeTypes } from '../name/attribute-types.js';
import { attributeValues } from '../name/codec.js';
import type { ConstrainedName } from './constrained-names.js';
import type { KnownAnchor } from './known-anchors.js';
import type { DecodedExtensions, Link } from './link.js';
import { nameFault, type PreparedConstraints, prepareConstraints } from './name-constraints.js';
import type { Settings } from './options.js';
import {
  addPolicies,
  initialPolicyGraph,
  mapPolicies,
  type PolicyGraph,
  userConstrainedPolicies,
} from './policy-graph.js';
import { fault, isFault, type PathFault } from './refusal.js';

/** What a whole path came to: the policies it is good for, or what is wrong with which certificate. */
export type Validation = { readonly policies: readonly Oid[] } | { readonly fault: PathFault; readonly link: Link };

/** The state variables of RFC 5280 §6.1.2 that have to do with policies. */
interface PolicyState {
  graph: PolicyGraph | undefined;
  explicitPolicy: number;
  policyMapping: number;
  inhibitAnyPolicy: number;
}

/**
 * RFC 5280 §6.1 over a whole path, from the anchor down, as far as it is not the business of one certificate alone or of
 * one and its issuer: name constraints and policies.
 * @param links - From the leaf to the last certificate before the anchor.
 */
export function validatePathConstraints(links: readonly Link[], anchor: KnownAnchor, settings: Settings): Validation {
  const n = links.length;
  const { policies: inputs } = settings;
  const state: PolicyState = {
    graph: initialPolicyGraph(),
    explicitPolicy: inputs.requireExplicitPolicy ? 0 : n + 1,
    policyMapping: inputs.inhibitPolicyMapping ? 0 : n + 1,
    inhibitAnyPolicy: inputs.inhibitAnyPolicy ? 0 : n + 1,
  };
  const constraints: PreparedConstraints[] = [];
  const ofAnchor = anchorConstraints(anchor, settings, constraints, state);
  if (ofAnchor !== undefined) return { fault: ofAnchor, link: links[n - 1]! };

  for (let i = 1; i <= n; i++) {
    const link = links[n - i]!;
    const { decoded } = link;
    if (isFault(decoded)) return { fault: decoded, link };
    const isLast = i === n;
    if (isLast || !link.isSelfIssued) {
      const outside = namesFault(link, decoded, constraints, settings);
      if (outside !== undefined) return { fault: outside, link };
    }
    const found = isLast ? applyLastPolicies(link, decoded, state) : applyPolicies(link, decoded, state);
    if (found !== undefined) return { fault: found, link };
    const { constraints: own } = link;
    if (isFault(own)) return { fault: own, link };
    if (own.size > 0) constraints.push(own);
  }

  const policies = userConstrainedPolicies(state.graph, inputs.initialPolicySet);
  if (state.explicitPolicy > 0 || policies.length > 0) return { policies };
  return {
    fault: fault(
      'PolicyNotAcceptable',
      'RFC 5280 §6.1.5 (g)',
      'A policy is required, and the path is good for none of those that will do',
    ),
    link: links[0]!,
  };
}

/** What an anchor narrows by (RFC 5937 §3.2), and the initial subtrees of §6.1.1 (h) and (i). */
function anchorConstraints(
  { given, link }: KnownAnchor,
  settings: Settings,
  constraints: PreparedConstraints[],
  state: PolicyState,
): PathFault | undefined {
  if (link === undefined) {
    if (!('nameConstraints' in given) || given.nameConstraints === undefined) return undefined;
    const prepared = prepareConstraints(given.nameConstraints);
    if (isFault(prepared)) return prepared;
    constraints.push(prepared);
    return undefined;
  }
  if (!settings.anchorConstraints) return undefined;
  const { decoded, constraints: own } = link;
  if (isFault(decoded)) return decoded;
  if (isFault(own)) return own;
  if (own.size > 0) constraints.push(own);
  narrowPolicies(decoded, state);
  return undefined;
}

/** §6.1.3 (b) and (c). */
function namesFault(
  link: Link,
  decoded: DecodedExtensions,
  constraints: readonly PreparedConstraints[],
  settings: Settings,
): PathFault | undefined {
  if (constraints.length === 0) return undefined;
  const { constrainedNames } = link;
  if (isFault(constrainedNames)) return constrainedNames;
  const names = settings.constrainCommonName ? [...constrainedNames, ...commonNames(link, decoded)] : constrainedNames;
  for (const ofOne of constraints) {
    const found = nameFault(names, ofOne, settings.budget);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What those who still take a commonName for a host would take for one. */
function commonNames(link: Link, { subjectAltName = [] }: DecodedExtensions): readonly ConstrainedName[] {
  if (link.isCA || subjectAltName.some(({ type }) => type === 'dNSName')) return [];
  return attributeValues(link.subjectName(), attributeTypes.commonName.type)
    .filter((value) => value.includes('.') && isDNSName(value))
    .map((value) => ({ type: 'dNSName', host: value.toLowerCase(), wildcard: false }));
}

/** §6.1.3 (d) to (f). */
function takePolicies(
  link: Link,
  { certificatePolicies }: DecodedExtensions,
  state: PolicyState,
  isLast: boolean,
): PathFault | undefined {
  const anyPolicyCounts = state.inhibitAnyPolicy > 0 || (!isLast && link.isSelfIssued);
  state.graph = state.graph && addPolicies(state.graph, certificatePolicies, anyPolicyCounts);
  return requirePolicy(state);
}

const requirePolicy = ({ explicitPolicy, graph }: PolicyState): PathFault | undefined =>
  explicitPolicy > 0 || graph !== undefined
    ? undefined
    : fault(
        'PolicyNotAcceptable',
        'RFC 5280 §6.1.3 (f)',
        'A policy is required, and no policy is left at this certificate',
      );

/** §6.1.3 (d) to (f), then §6.1.4 (a), (b), (h), (i), (j). */
function applyPolicies(link: Link, decoded: DecodedExtensions, state: PolicyState): PathFault | undefined {
  const found = takePolicies(link, decoded, state, false);
  if (found !== undefined) return found;
  const { policyMappings } = decoded;
  if (policyMappings !== undefined) {
    for (const { issuerDomainPolicy, subjectDomainPolicy } of policyMappings)
      if (issuerDomainPolicy === anyPolicy || subjectDomainPolicy === anyPolicy)
        return fault('PolicyMappingInvalid', 'RFC 5280 §6.1.4 (a)', 'policyMappings map from or to anyPolicy');
    state.graph = state.graph && mapPolicies(state.graph, policyMappings, state.policyMapping > 0);
  }
  if (!link.isSelfIssued) {
    if (state.explicitPolicy > 0) state.explicitPolicy--;
    if (state.policyMapping > 0) state.policyMapping--;
    if (state.inhibitAnyPolicy > 0) state.inhibitAnyPolicy--;
  }
  narrowPolicies(decoded, state);
  return undefined;
}

function narrowPolicies({ policyConstraints, inhibitAnyPolicy }: DecodedExtensions, state: PolicyState): void {
  const { requireExplicitPolicy, inhibitPolicyMapping } = policyConstraints ?? {};
  if (requireExplicitPolicy !== undefined) state.explicitPolicy = Math.min(state.explicitPolicy, requireExplicitPolicy);
  if (inhibitPolicyMapping !== undefined) state.policyMapping = Math.min(state.policyMapping, inhibitPolicyMapping);
  if (inhibitAnyPolicy !== undefined) state.inhibitAnyPolicy = Math.min(state.inhibitAnyPolicy, inhibitAnyPolicy);
}

/** §6.1.3 (d) to (f), then §6.1.5 (a) and (b). */
function applyLastPolicies(link: Link, decoded: DecodedExtensions, state: PolicyState): PathFault | undefined {
  const found = takePolicies(link, decoded, state, true);
  if (found !== undefined) return found;
  if (state.explicitPolicy > 0) state.explicitPolicy--;
  if (decoded.policyConstraints?.requireExplicitPolicy === 0) state.explicitPolicy = 0;
  return undefined;
}
