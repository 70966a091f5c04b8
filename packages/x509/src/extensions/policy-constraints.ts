import { contextTag, type DerReader, implicit, integer, type Oid, sequence } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { extensionOf, readExtension, refuseValue } from './find-extension.js';

/** `id-ce-policyConstraints`. */
export const idCePolicyConstraints: Oid = '2.5.29.36';

/** RFC 5280 §4.2.1.11. Numbers of certificates that may follow before the constraint holds. */
export interface PolicyConstraints {
  readonly requireExplicitPolicy?: number;
  readonly inhibitPolicyMapping?: number;
}

/**
 * Reads from where on policies are required and mapping is forbidden.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` for the empty sequence and negative numbers.
 */
export const policyConstraints = (of: HasExtensions): PolicyConstraints | undefined =>
  readExtension(of, idCePolicyConstraints, 'policyConstraints', (reader) => {
    const constraints = reader.sequence('');
    const start = constraints.offset;
    const requireExplicitPolicy = readSkipCerts(constraints, 'requireExplicitPolicy', contextTag(0));
    const inhibitPolicyMapping = readSkipCerts(constraints, 'inhibitPolicyMapping', contextTag(1));
    constraints.end();
    if (requireExplicitPolicy === undefined && inhibitPolicyMapping === undefined)
      refuseValue(constraints, start, 'neither requireExplicitPolicy nor inhibitPolicyMapping');
    return {
      ...(requireExplicitPolicy !== undefined && { requireExplicitPolicy }),
      ...(inhibitPolicyMapping !== undefined && { inhibitPolicyMapping }),
    };
  });

/** `SkipCerts ::= INTEGER (0..MAX)`. */
function readSkipCerts(constraints: DerReader, field: string, tag: number): number | undefined {
  if (constraints.peek() !== tag) return undefined;
  const start = constraints.offset;
  const value = constraints.smallInteger(field, tag);
  if (value < 0) refuseValue(constraints, start, `${field} ${value} is negative`);
  return value;
}

/**
 * Writes them, critical as RFC 5280 §4.2.1.11 asks.
 * @throws RangeError when neither is given or one is negative.
 */
export function policyConstraintsExtension(
  { requireExplicitPolicy, inhibitPolicyMapping }: PolicyConstraints,
  critical: boolean = true,
): Extension {
  const skips = [requireExplicitPolicy, inhibitPolicyMapping].filter((skip) => skip !== undefined);
  if (skips.length === 0 || skips.some((skip) => skip < 0))
    throw new RangeError('Cannot encode policyConstraints: neither is given, or one is negative');
  return extensionOf(
    idCePolicyConstraints,
    critical,
    sequence(
      requireExplicitPolicy !== undefined && implicit(0, integer(requireExplicitPolicy)),
      inhibitPolicyMapping !== undefined && implicit(1, integer(inhibitPolicyMapping)),
    ),
  );
}
