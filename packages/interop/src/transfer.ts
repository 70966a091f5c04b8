import { equalBytes } from '@mayfly/der';
import type { AsnType } from 'asn1js';
import { reason, toAsn1js } from './asn1.js';
import { InteropError } from './errors.js';

/**
 * Lets PKI.js read DER, and sees that nothing gets lost: what `write` makes of the result has to be what was read.
 * @throws {@link InteropError} `ERR_INTEROP_REFUSED`, `ERR_INTEROP_UNREPRESENTABLE`.
 */
export function transfer<T>(
  what: string,
  der: Uint8Array,
  construct: (schema: AsnType) => T,
  write: (value: T) => Uint8Array,
): T {
  const schema = toAsn1js(der);
  let value: T;
  let back: Uint8Array;
  try {
    value = construct(schema);
    back = write(value);
  } catch (cause) {
    throw new InteropError('ERR_INTEROP_REFUSED', `Cannot convert ${what} to PKI.js: ${reason(cause)}`, { cause });
  }
  const same = equalBytes(back, der);
  back.fill(0); // may be a private key
  if (same) return value;
  throw new InteropError(
    'ERR_INTEROP_UNREPRESENTABLE',
    `Cannot convert ${what} to PKI.js: it would write other octets than it read`,
  );
}

/**
 * An object of another copy of PKI.js looks right and is not: its parts fail every `instanceof`.
 * @throws {@link InteropError} `ERR_INTEROP_FOREIGN_COPY`.
 */
export function requireInstance<T extends object>(
  what: string,
  value: T,
  type: abstract new (...args: never[]) => T,
): void {
  if (!(value instanceof type))
    throw new InteropError(
      'ERR_INTEROP_FOREIGN_COPY',
      `Cannot convert ${what} from PKI.js: not an object of the copy of pkijs that @mayfly/interop uses`,
    );
}
