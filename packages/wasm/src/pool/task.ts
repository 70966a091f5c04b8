import type { Backend } from '@mayfly/keys/backend';
import { type SoftwareKeyOptions, softwareKey } from '@mayfly/keys/software';

/** What a worker is to sign. */
export interface Task {
  /** PKCS#8, in memory that all threads share: wiped once it is wiped for all of them. */
  readonly pkcs8: Uint8Array;
  readonly nonce: NonNullable<SoftwareKeyOptions['nonce']>;
  readonly messages: Packed;
}

/** Signatures in the order of the messages, or why there are none. */
export type Answer =
  | { readonly ok: true; readonly signatures: Packed }
  | { readonly ok: false; readonly name: string; readonly message: string; readonly code?: string };

/** Several pieces in one, which costs a message between threads far less than as many pieces. */
export interface Packed {
  readonly octets: Uint8Array;
  readonly lengths: Uint32Array;
}

/** Copies the pieces into one. */
export function pack(pieces: readonly Uint8Array[]): Packed {
  const lengths = Uint32Array.from(pieces, ({ length }) => length);
  const octets = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    octets.set(piece, at);
    at += piece.length;
  }
  return { octets, lengths };
}

/** The pieces, as views. */
export function unpack({ octets, lengths }: Packed): readonly Uint8Array[] {
  let at = 0;
  return Array.from(lengths, (length) => {
    at += length;
    return octets.subarray(at - length, at);
  });
}

/** Signs what a task holds. The key is copied for as long as that takes; a fault is an answer, for whatever else ends a worker. */
export function answerTask(backend: Backend, { pkcs8, nonce, messages }: Task): Answer {
  try {
    const key = softwareKey(pkcs8, backend, { nonce });
    try {
      const batch = unpack(messages);
      return { ok: true, signatures: pack(key.signMany?.(batch) ?? batch.map((tbs) => key.sign(tbs))) };
    } finally {
      key.destroy();
    }
  } catch (error) {
    const { name, message, code } = error as Error & { readonly code?: string }; // nothing else is thrown there
    return { ok: false, name, message, ...(code !== undefined && { code }) };
  }
}
