import { type DerReader, enumerated, type Oid } from '@mayfly/der';
import type { Extension, HasExtensions } from '../extension.js';
import { extensionOf, readExtension, refuseValue } from './find-extension.js';

/** `id-ce-cRLReasons`. */
export const idCeCRLReasons: Oid = '2.5.29.21';

/** RFC 5280 §5.3.1. Why a certificate is on a list; `removeFromCRL`, in deltas alone, says that it no longer is. */
export type CRLReason =
  | 'unspecified'
  | 'keyCompromise'
  | 'cACompromise'
  | 'affiliationChanged'
  | 'superseded'
  | 'cessationOfOperation'
  | 'certificateHold'
  | 'removeFromCRL'
  | 'privilegeWithdrawn'
  | 'aACompromise';

/** By their numbers; 7 is not used. */
const REASONS: readonly (CRLReason | undefined)[] = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
];

/**
 * Reads why an entry is on its list (RFC 5280 §5.3.1). Absent means `unspecified`.
 * @throws {@link DerError}; {@link X509Error} `ERR_X509_EXTENSION` for a number that no reason has.
 */
export const reasonCode = (of: HasExtensions): CRLReason | undefined =>
  readExtension(of, idCeCRLReasons, 'reasonCode', (reader) => readReason(reader, ''));

/** Writes it; never critical. RFC 5280 advises to leave `unspecified` out. */
export const reasonCodeExtension = (reason: CRLReason): Extension =>
  extensionOf(idCeCRLReasons, false, enumerated(reasonNumber(reason)));

/** Whether a reason has this number. */
export const isReasonNumber = (number: number): boolean => REASONS[number] !== undefined;

/** Reads `CRLReason ::= ENUMERATED`. */
export function readReason(reader: DerReader, field: string): CRLReason {
  const start = reader.offset;
  const number = reader.enumerated(field);
  return REASONS[number] ?? refuseValue(reader, start, `no reason has the number ${number}`);
}

/** @throws TypeError when there is no such reason. */
export function reasonNumber(reason: CRLReason): number {
  const number = REASONS.indexOf(reason);
  if (number < 0) throw new TypeError(`Cannot encode CRLReason: unknown reason ${reason}`);
  return number;
}
