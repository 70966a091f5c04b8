/** Why a field was refused, in the words of a Kubernetes `StatusCause`. */
export type FieldErrorReason =
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueRequired'
  | 'FieldValueTooLong'
  | 'FieldValueTypeInvalid';

/** One refused field: a cause of a 422, worded as kube-apiserver words it. */
export interface FieldError {
  readonly reason: FieldErrorReason;
  /** For example `spec.podUID` or `status.conditions[0].reason`. */
  readonly field: string;
  /** For example `Required value: must not be empty`. A refused value is cut after 256 characters. */
  readonly message: string;
}

/** Longest value that is repeated in a message, in characters. */
const MAX_QUOTED = 256;

/** The value is left out (`undefined`) where the API server leaves it out. */
export function invalid(field: string, value: string | number | bigint | undefined, detail: string): FieldError {
  const shown = value === undefined ? '' : `${quote(value)}: `;
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${shown}${detail}` };
}

export const required = (field: string, detail: string): FieldError => ({
  reason: 'FieldValueRequired',
  field,
  message: detail === '' ? 'Required value' : `Required value: ${detail}`,
});

export const tooLong = (field: string, maximum: number): FieldError => ({
  reason: 'FieldValueTooLong',
  field,
  message: `Too long: may not be more than ${maximum} bytes`,
});

export const notSupported = (field: string, value: string, supported: readonly string[]): FieldError => ({
  reason: 'FieldValueNotSupported',
  field,
  message: `Unsupported value: ${quote(value)}: supported values: ${supported.map(quote).join(', ')}`,
});

export const wrongType = (field: string, expected: string): FieldError => ({
  reason: 'FieldValueTypeInvalid',
  field,
  message: `Invalid value: expected ${expected}`,
});

export const duplicate = (field: string, value: string): FieldError => ({
  reason: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${quote(value)}`,
});

/** `field: message`, as it stands in the message of a 422. */
export const describeFieldError = ({ field, message }: FieldError): string => `${field}: ${message}`;

/** Octets of UTF-8, in which the API server measures text. */
export const byteLength = (text: string): number => new TextEncoder().encode(text).length;

function quote(value: string | number | bigint): string {
  if (typeof value !== 'string') return String(value);
  return JSON.stringify(value.length > MAX_QUOTED ? value.slice(0, MAX_QUOTED) + '…' : value);
}
