import { boolean, integer, type Oid, sequence, tags } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { extensionOf, readExtension, refuseValue } from './find-extension.js';

/** `id-ce-basicConstraints`. */
export const idCeBasicConstraints: Oid = '2.5.29.19';

/** RFC 5280 §4.2.1.9. */
export interface BasicConstraints {
  /** Whether the subject is a certification authority. */
  readonly cA: boolean;
  /** Most intermediates, self-issued ones not counted, that may follow this certificate before the last. */
  readonly pathLenConstraint?: number;
}

/**
 * Reads whether the subject is a certification authority. Certificates in use write out `cA FALSE`, so that is read.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` for a negative pathLenConstraint.
 */
export const basicConstraints = (of: HasExtensions): BasicConstraints | undefined =>
  readExtension(of, idCeBasicConstraints, 'basicConstraints', (reader) => {
    const constraints = reader.sequence('');
    const cA = constraints.peek() === tags.boolean && constraints.boolean('cA');
    const start = constraints.offset;
    const pathLenConstraint = constraints.done ? undefined : constraints.smallInteger('pathLenConstraint');
    constraints.end();
    if (pathLenConstraint === undefined) return { cA };
    if (pathLenConstraint < 0) refuseValue(constraints, start, `pathLenConstraint ${pathLenConstraint} is negative`);
    return { cA, pathLenConstraint };
  });

/**
 * Writes it, critical as RFC 5280 §4.2.1.9 asks of CAs.
 * @throws RangeError for a pathLenConstraint that is negative, no integer, or without `cA`.
 */
export function basicConstraintsExtension(
  { cA, pathLenConstraint }: BasicConstraints,
  critical: boolean = true,
): Extension {
  if (pathLenConstraint !== undefined && !(cA && Number.isSafeInteger(pathLenConstraint) && pathLenConstraint >= 0))
    throw new RangeError(`Cannot encode basicConstraints: pathLenConstraint ${pathLenConstraint} with cA ${cA}`);
  return extensionOf(
    idCeBasicConstraints,
    critical,
    sequence(cA && boolean(true), pathLenConstraint !== undefined && integer(pathLenConstraint)),
  );
}
