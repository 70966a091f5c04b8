/** Exports of a kernel that read nothing but public data, each with why. */
export interface PublicExport {
  readonly kernel: string;
  readonly name: string;
  readonly reason: string;
}

/** Places where something computed from secrets is made public on purpose. */
export interface Declassification {
  readonly kernel: string;
  readonly function: string;
  /** How many calls of `declassify` there are in the function. */
  readonly count: number;
  readonly reason: string;
}

/** Everything else is taken to work on secrets. */
export const publicExports: readonly PublicExport[] = [];

/** Nothing else may be made public. */
export const declassifications: readonly Declassification[] = [];
