import { type Derivation, iterationsOf } from '@mayfly/pkcs8/password-based';
import { Pkcs12Error, type Pkcs12ErrorCode } from './errors.js';
import type { BagAllowance } from './safe-bag.js';

/** Bounds on what a stranger's file may ask for. */
export interface ImportLimits {
  /** Octets. Default 16 MiB. `ERR_PKCS12_TOO_LARGE`. */
  readonly fileLength?: number;
  /** Rounds of one derivation. Default 10,000,000. `ERR_PKCS12_ITERATIONS`. */
  readonly iterationCount?: number;
  /** Octets of one salt. Default 1,024. `ERR_PKCS12_SALT`. */
  readonly saltLength?: number;
  /** N·r·p of scrypt. Default 2²³, which takes a gibibyte of memory. `ERR_PKCS12_SCRYPT`. */
  readonly scryptWork?: number;
  /** Bags in the whole file, those within others included. Default 1,000. `ERR_PKCS12_BAGS`. */
  readonly bags?: number;
  /** Bags within one another. Default 32. `ERR_PKCS12_DEPTH`; `ERR_DER_DEPTH` for other elements. */
  readonly depth?: number;
  /** Milliseconds that all derivations of a file may take together. Default 2,000. `ERR_PKCS12_BUDGET`. */
  readonly derivationTime?: number;
}

const defaults: Required<ImportLimits> = {
  fileLength: 16 * 1024 * 1024,
  iterationCount: 10_000_000,
  saltLength: 1024,
  scryptWork: 2 ** 23,
  bags: 1000,
  depth: 32,
  derivationTime: 2000,
};

/** @throws RangeError for a limit that is no number above zero; TypeError for one that is not known. */
export function resolveLimits(limits: ImportLimits = {}): Required<ImportLimits> {
  for (const [name, value] of Object.entries(limits)) {
    if (!Object.hasOwn(defaults, name)) throw new TypeError(`Cannot read pfx: there is no limit ${name}`);
    if (typeof value !== 'number' || !(value > 0)) throw new RangeError(`Cannot read pfx: limit ${name} is ${value}`);
  }
  return { ...defaults, ...limits };
}

export const bagAllowance = ({ bags, depth }: Required<ImportLimits>): BagAllowance => ({
  bags: 0,
  maxBags: bags,
  maxDepth: depth,
});

/** @throws {@link Pkcs12Error}. */
export function requireAllowed(derivation: Derivation, limits: Required<ImportLimits>): void {
  const { salt } = derivation;
  const refuse = (code: Pkcs12ErrorCode, limit: keyof ImportLimits, what: string): never => {
    throw new Pkcs12Error(code, 'pfx', `${what}, at most ${limits[limit]} is done (limit ${limit})`);
  };
  if (salt.length > limits.saltLength) refuse('ERR_PKCS12_SALT', 'saltLength', `salt of ${salt.length} octets`);
  const work = iterationsOf(derivation);
  if (derivation.type === 'scrypt') {
    if (work > limits.scryptWork) refuse('ERR_PKCS12_SCRYPT', 'scryptWork', `N·r·p of scrypt is ${work}`);
  } else if (work > limits.iterationCount) refuse('ERR_PKCS12_ITERATIONS', 'iterationCount', `iterationCount ${work}`);
}
