import { fault, type PathFault } from './refusal.js';

/** Bounds on the work that one validation may cost, whatever stands in its input. Each has a reason of its own. */
export interface PathLimits {
  /** Signatures checked. Default 100. `SignatureBudgetExhausted`. */
  readonly signatures?: number;
  /** Names held against name constraints, a directory name once for each level. Default 250,000. `NameComparisonBudgetExhausted`. */
  readonly nameComparisons?: number;
  /** Names in one certificate: subjectAltName and attributes of the subject. 1 to 1,000, default 1,000. `TooManyNames`. */
  readonly names?: number;
  /** Certificates in a path, leaf and anchor included. Default 8. `PathTooDeep`. */
  readonly depth?: number;
  /** Octets of one certificate. Default 65,536. `CertificateTooLarge`. */
  readonly certificateLength?: number;
  /** Possible issuers looked at, however often the same. Default 2,500. `CandidateBudgetExhausted`. */
  readonly candidates?: number;
}

/** Limits, and how much of them is left. */
export interface Budget {
  signatures: number;
  nameComparisons: number;
  candidates: number;
  readonly limits: Required<PathLimits>;
}

/** @throws RangeError for a limit that is no whole number, or below one. */
export function budgetOf({
  signatures = 100,
  nameComparisons = 250_000,
  names = 1000,
  depth = 8,
  certificateLength = 65_536,
  candidates = 2500,
  ...unknown
}: PathLimits = {}): Budget {
  unknown satisfies Record<string, never>;
  const limits = { signatures, nameComparisons, names, depth, certificateLength, candidates };
  for (const [name, limit] of Object.entries(limits))
    if (!Number.isSafeInteger(limit) || limit < 1)
      throw new RangeError(`Cannot validate path: limits.${name} is no whole number above 0: ${limit}`);
  if (names > 1000) throw new RangeError(`Cannot validate path: limits.names is at most 1000: ${names}`);
  return { signatures, nameComparisons, candidates, limits };
}

/** Takes from a budget, or tells which one there is no more of. */
export function spend(
  budget: Budget,
  what: 'signatures' | 'nameComparisons' | 'candidates',
  amount: number = 1,
): PathFault | undefined {
  budget[what] -= amount;
  if (budget[what] >= 0) return undefined;
  const limit = budget.limits[what];
  switch (what) {
    case 'signatures':
      return fault('SignatureBudgetExhausted', 'limit', `More than ${limit} signatures would have to be checked`);
    case 'nameComparisons':
      return fault('NameComparisonBudgetExhausted', 'limit', `More than ${limit} comparisons with name constraints`);
    case 'candidates':
      return fault('CandidateBudgetExhausted', 'limit', `More than ${limit} possible issuers would have to be tried`);
  }
}
