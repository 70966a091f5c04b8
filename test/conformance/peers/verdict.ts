import type { ChainCase } from '../chains.js';
import type { Case } from '../suite.js';

/** What an implementation does with a case; `skip` where it lacks what the case is about, `hang` past {@link TIMEOUT}. */
export type Verdict = 'accept' | 'reject' | 'skip' | 'hang';

/** Longest that one case may take, in milliseconds: upstream takes five seconds for a hang. */
export const TIMEOUT = 5000;

/** A certificate, request or list that is read. */
export interface ParseCase extends Case {
  readonly type: 'certificate' | 'csr' | 'crl';
  readonly der: string;
}

/** Another implementation beside ours. */
export interface Peer {
  readonly name: string;
  /** Its own word for its version; `undefined` where it is not installed. */
  readonly version: () => string | undefined;
  readonly chain: (one: ChainCase, octets: (index: number) => Uint8Array) => Verdict | Promise<Verdict>;
  readonly parse: (one: ParseCase, octets: Uint8Array) => Verdict | Promise<Verdict>;
}

/** A moment where the cases without one give the same answer, as everywhere here. */
export const momentOf = ({ time }: ChainCase): Date => new Date(time ?? '2026-06-01T00:00:00Z');

export const purposeOf = ({ purpose, eku }: ChainCase): string => eku?.[0] ?? purpose;

/** The one name that a command line can ask for. */
export const nameOf = ({ name, names }: ChainCase): ChainCase['name'] => name ?? names?.[0];
