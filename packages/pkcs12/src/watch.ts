import { type Derivation, type DerivationOptions, type DeriveKey, iterationsOf } from '@mayfly/pkcs8/password-based';

/** How far all derivations of a file are, in iterations; `total` grows where a file shows them one after the other. */
export interface Progress {
  readonly iterations: number;
  readonly total: number;
}

/** What keys are derived with, and who watches. */
export interface WatchOptions {
  /** Asked first for each derivation, so that it can run elsewhere; see `DeriveKey` of `@mayfly/pkcs8/password-based`. */
  readonly derive?: DeriveKey;
  /** Ends the work early; the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told several times a second by what is computed here; native PBKDF2 tells only its end. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Adds up what single derivations tell. */
export interface Tally {
  readonly begin: (derivation: Derivation) => void;
  readonly onProgress: NonNullable<DerivationOptions['onProgress']>;
}

/** @param expected - Iterations that are known to come. */
export function createTally(onProgress: WatchOptions['onProgress'], expected: number = 0): Tally {
  const done = new Map<Derivation, number>();
  let begun = 0;
  return {
    begin(derivation) {
      begun += iterationsOf(derivation);
    },
    onProgress(derivation, iterations) {
      done.set(derivation, iterations);
      let sum = 0;
      for (const one of done.values()) sum += one;
      onProgress?.({ iterations: sum, total: Math.max(sum, begun, expected) });
    },
  };
}
