import type { FieldError } from './field-error.js';

/** One rule of the API server: what it looks at, and what it says to what breaks it. */
export interface Rule<Context> {
  /** For people and for test tables: the section of Kubernetes' behaviour and the rule in a few words. */
  readonly name: string;
  /** No later rule is asked once anything was refused up to here, because the later ones build on it. */
  readonly last?: true;
  readonly check: (context: Context) => readonly FieldError[];
}

/** Asks the rules in order; collects what they refuse until a rule marked `last`. */
export function applyRules<Context>(rules: readonly Rule<Context>[], context: Context): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const rule of rules) {
    errors.push(...rule.check(context));
    if (rule.last && errors.length > 0) break;
  }
  return errors;
}
