import type { RemoteJob } from '../remote.js';

/** A program that cannot run here, and why. */
export interface Missing {
  readonly impl: string;
  /** What it would have done. */
  readonly jobs: readonly RemoteJob[];
  readonly reason: string;
}
