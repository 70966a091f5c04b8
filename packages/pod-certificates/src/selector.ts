/** Kubernetes' metav1.LabelSelector: every part has to match; without parts it matches everything. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly LabelExpression[];
}

/** One requirement. `In` and `NotIn` have values, the other two have none. */
export interface LabelExpression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

const OPERATORS: readonly LabelExpression['operator'][] = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/**
 * Whether labels satisfy a selector. An absent selector matches nothing, an empty one everything (as in a
 * `clusterTrustBundle` source); `NotIn` holds for a label that is not there.
 * @throws TypeError for an operator that is none, RangeError for values where none belong or none where some do.
 */
export function matchesLabels(selector: LabelSelector | undefined, labels: Readonly<Record<string, string>>): boolean {
  if (selector === undefined) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  for (const expression of matchExpressions) requireWellFormed(expression);
  return (
    Object.entries(matchLabels).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value) &&
    matchExpressions.every((expression) => matchesExpression(expression, labels))
  );
}

function matchesExpression(
  { key, operator, values = [] }: LabelExpression,
  labels: Readonly<Record<string, string>>,
): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

function requireWellFormed({ key, operator, values = [] }: LabelExpression): void {
  if (!OPERATORS.includes(operator)) throw new TypeError(`Cannot select by label ${key}: no operator ${operator}`);
  const takesValues = operator === 'In' || operator === 'NotIn';
  if (takesValues !== values.length > 0)
    throw new RangeError(`Cannot select by label ${key}: ${operator} with ${values.length} values`);
}
