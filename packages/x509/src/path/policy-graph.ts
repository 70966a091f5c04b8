import type { Oid } from '@mayfly/der';
import { anyPolicy } from '../extensions/certificate-policies.js';
import type { PolicyMapping } from '../extensions/policy-mappings.js';

/** One policy at one depth of the graph: RFC 9618 §5.3, without the qualifiers, which nobody evaluates. */
interface PolicyNode {
  readonly validPolicy: Oid;
  expectedPolicySet: readonly Oid[];
  readonly parents: readonly PolicyNode[];
}

type PolicyLevel = Map<Oid, PolicyNode>;

/**
 * The valid_policy_graph of RFC 9618. A tree of RFC 5280 §6.1.2 (a) can double with every certificate; here a policy is one
 * node at each depth, so the graph grows with what stands in the certificates. `levels` ends with the depth of the last
 * certificate; `undefined` is NULL.
 */
export interface PolicyGraph {
  readonly levels: readonly PolicyLevel[];
}

/** RFC 9618 §5.4: depth 0 has anyPolicy alone. */
export const initialPolicyGraph = (): PolicyGraph => ({
  levels: [new Map([[anyPolicy, { validPolicy: anyPolicy, expectedPolicySet: [anyPolicy], parents: [] }]])],
});

/**
 * RFC 5280 §6.1.3 (d) and (e) as RFC 9618 §5.5 has them: the next depth, from the policies of the next certificate.
 * @param policies - `undefined` where the certificate has no certificatePolicies.
 * @param anyPolicyCounts - Whether anyPolicy may be taken at its word there.
 * @returns `undefined` when no policy is left.
 */
export function addPolicies(
  { levels }: PolicyGraph,
  policies: readonly Oid[] | undefined,
  anyPolicyCounts: boolean,
): PolicyGraph | undefined {
  if (policies === undefined) return undefined;
  const last = levels[levels.length - 1]!;
  const expecting = new Map<Oid, PolicyNode[]>();
  for (const node of last.values())
    for (const policy of node.expectedPolicySet) {
      const nodes = expecting.get(policy);
      if (nodes === undefined) expecting.set(policy, [node]);
      else nodes.push(node);
    }
  const any = last.get(anyPolicy);
  const level: PolicyLevel = new Map();
  const add = (validPolicy: Oid, parents: readonly PolicyNode[]) =>
    level.set(validPolicy, { validPolicy, expectedPolicySet: [validPolicy], parents });
  for (const policy of policies) {
    if (policy === anyPolicy) continue;
    const parents = expecting.get(policy) ?? (any && [any]);
    if (parents !== undefined) add(policy, parents);
  }
  if (anyPolicyCounts && policies.includes(anyPolicy))
    for (const [policy, parents] of expecting) if (!level.has(policy)) add(policy, parents);
  return level.size === 0 ? undefined : { levels: [...levels, level] };
}

/**
 * RFC 5280 §6.1.4 (b) as RFC 9618 §5.6 has it: what the policies of the last depth are called from here on.
 * @param mappingAllowed - Whether policy_mapping is above 0; where it is not, mapped policies are dropped.
 * @returns `undefined` when no policy is left.
 */
export function mapPolicies(
  { levels }: PolicyGraph,
  mappings: readonly PolicyMapping[],
  mappingAllowed: boolean,
): PolicyGraph | undefined {
  const level: PolicyLevel = new Map(levels[levels.length - 1]!);
  const subjectPolicies = new Map<Oid, Set<Oid>>();
  for (const { issuerDomainPolicy, subjectDomainPolicy } of mappings) {
    const mapped = subjectPolicies.get(issuerDomainPolicy);
    if (mapped === undefined) subjectPolicies.set(issuerDomainPolicy, new Set([subjectDomainPolicy]));
    else mapped.add(subjectDomainPolicy);
  }
  const any = level.get(anyPolicy);
  for (const [validPolicy, mapped] of subjectPolicies) {
    if (!mappingAllowed) {
      level.delete(validPolicy);
      continue;
    }
    const expectedPolicySet = [...mapped];
    const node = level.get(validPolicy);
    if (node !== undefined) level.set(validPolicy, { ...node, expectedPolicySet });
    else if (any !== undefined) {
      // "the node of depth i-1 that has a valid_policy of anyPolicy": where depth i has one, it is a parent of it.
      const parents = any.parents.filter((parent) => parent.validPolicy === anyPolicy);
      level.set(validPolicy, { validPolicy, expectedPolicySet, parents });
    }
  }
  return level.size === 0 ? undefined : { levels: [...levels.slice(0, -1), level] };
}

/**
 * RFC 5280 §6.1.5 (g) as RFC 9618 §5.7 has it: the policies, in the words of the anchor, that authorities and user agree on.
 * @param initialPolicies - The user-initial-policy-set; anyPolicy in it stands for all.
 * @returns Sorted; anyPolicy where every policy would do.
 */
export function userConstrainedPolicies(
  graph: PolicyGraph | undefined,
  initialPolicies: readonly Oid[],
): readonly Oid[] {
  const authorities = authorityConstrainedPolicies(graph);
  if (initialPolicies.includes(anyPolicy)) return [...authorities].sort();
  if (authorities.has(anyPolicy)) return [...new Set(initialPolicies)].sort();
  return [...new Set(initialPolicies.filter((policy) => authorities.has(policy)))].sort();
}

/** Policies right below an anyPolicy node, as far as the last depth can still be reached from them. */
function authorityConstrainedPolicies(graph: PolicyGraph | undefined): ReadonlySet<Oid> {
  const found = new Set<Oid>();
  if (graph === undefined) return found;
  const last = graph.levels[graph.levels.length - 1]!;
  if (last.has(anyPolicy)) found.add(anyPolicy);
  const reached = new Set<PolicyNode>(last.values());
  for (const node of reached) {
    // a Set is walked through what is added on the way
    for (const parent of node.parents) {
      reached.add(parent);
      if (parent.validPolicy === anyPolicy && node.validPolicy !== anyPolicy) found.add(node.validPolicy);
    }
  }
  return found;
}
