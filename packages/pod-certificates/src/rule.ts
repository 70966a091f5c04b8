import type { FieldError } from './field-error.js';

/** One rule of the API server: what it looks at, and what it says to what breaks it. */
export interface Rule<Context> {
  /** For people and for test tables: the section of Kubernetes' behaviour and the rule in a few words. */
  readonly name: string;
  /** No later rule is asked once this one refused something (`own`), or once any rule up to here did (`any`). */
  readonly last?: 'own' | 'any';
  readonly check: (context: Context) => readonly FieldError[];
}

/** Asks the rules in order; collects what they refuse, until a rule that is the last to be asked then. */
export function applyRules<Context>(rules: readonly Rule<Context>[], context: Context): readonly FieldError[] {
  const errors: FieldError[] = [];
  for (const rule of rules) {
    const refused = rule.check(context);
    errors.push(...refused);
    if ((rule.last === 'own' ? refused : rule.last === 'any' ? errors : []).length > 0) break;
  }
  return errors;
}
