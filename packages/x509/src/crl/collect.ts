import { DerError } from '@mayfly/der';
import { MAX_CRL_LENGTH, type ParseCRLOptions } from './certificate-list.js';

/**
 * Gathers a list that arrives in pieces, as a response or a file does, in one array of the length that its header says:
 * a list that is too long is refused by its first octets, and nothing is copied twice.
 * @returns DER that {@link parseCRL} reads; the caller owns it.
 * @throws {@link DerError} `ERR_DER_TAG`, `ERR_DER_LENGTH` for what does not begin like a list, `ERR_DER_TOO_LARGE`,
 * `ERR_DER_TRUNCATED`, `ERR_DER_TRAILING_DATA`; and what the source throws.
 */
export async function collectCRL(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { maxLength = MAX_CRL_LENGTH, ...unknown }: ParseCRLOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  unknown satisfies Record<string, never>;
  const head = new Uint8Array(MAX_HEADER_LENGTH);
  let received = 0;
  let whole: Uint8Array<ArrayBuffer> | undefined;
  for await (const piece of pieces) {
    if (whole === undefined) {
      head.set(piece.subarray(0, MAX_HEADER_LENGTH - received), received);
      const length = lengthOf(head.subarray(0, received + piece.length));
      if (length === undefined) {
        received += piece.length; // fewer than six octets, and all of them in `head`
        continue;
      }
      if (length > maxLength) refuse('ERR_DER_TOO_LARGE', 0, `${length} octets, at most ${maxLength} are read`);
      whole = new Uint8Array(length);
      whole.set(head.subarray(0, received));
    }
    if (received + piece.length > whole.length)
      refuse(
        'ERR_DER_TRAILING_DATA',
        whole.length,
        `${received + piece.length - whole.length} octets or more left over`,
      );
    whole.set(piece, received);
    received += piece.length;
  }
  if (whole === undefined || received < whole.length)
    refuse('ERR_DER_TRUNCATED', received, `${received} octets of ${whole?.length ?? 'a header'} came`);
  return whole;
}

/** Identifier, length of the length, and the four octets that a length takes at most. */
const MAX_HEADER_LENGTH = 6;

/** Octets of the element whose beginning this is; `undefined` while that does not show. */
function lengthOf(head: Uint8Array): number | undefined {
  const [tag, first] = head;
  if (tag === undefined) return undefined;
  if (tag !== 0x30) refuse('ERR_DER_TAG', 0, `expected SEQUENCE (0x30), found 0x${tag.toString(16).padStart(2, '0')}`);
  if (first === undefined) return undefined;
  if (first < 0x80) return 2 + first;
  const octets = first & 0x7f;
  if (octets === 0 || octets > 4) refuse('ERR_DER_LENGTH', 0, 'length is indefinite or takes more than 4 octets');
  if (head.length < 2 + octets) return undefined;
  let length = 0;
  for (let i = 0; i < octets; i++) length = length * 256 + head[2 + i]!;
  return 2 + octets + length;
}

function refuse(code: ConstructorParameters<typeof DerError>[0], offset: number, state: string): never {
  throw new DerError(code, offset, 'certificateList', state);
}
