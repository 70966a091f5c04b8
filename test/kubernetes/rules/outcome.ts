import type { Json } from '../client.js';

/** What became of a write, in words that two servers can be compared by. */
export interface Outcome {
  /** HTTP status. */
  readonly status: number;
  /** Of Kubernetes' Status; `undefined` for a success. */
  readonly reason: string | undefined;
  /** Of the Status, without the name of the object. */
  readonly message: string;
  /** The refused fields of a 422: `field: reason: message`. */
  readonly causes: readonly string[];
}

export const accepted: Outcome = { status: 200, reason: undefined, message: '', causes: [] };

/** A refusal as a Status has it; `name` is the object's, which differs between two runs. */
export const refusal = ({ code, reason, message, details }: Json, name: string): Outcome => ({
  status: code,
  reason,
  // What follows are the causes once more.
  message: String(message)
    .replaceAll(JSON.stringify(name), '"<name>"')
    .replace(/ is invalid: .*/s, ' is invalid'),
  causes: ((details?.causes ?? []) as readonly Json[]).map(
    ({ field, reason: why, message: what }) => `${field}: ${why}: ${comparable(what)}`,
  ),
});

/** Kubernetes repeats a refused value whatever its length; the embedded API cuts it after 256 characters. */
const comparable = (message: string): string =>
  message.replace(/^(\w+ value: )"((?:[^"\\]|\\.){64})(?:[^"\\]|\\.){193,}"/, '$1"$2…"');
