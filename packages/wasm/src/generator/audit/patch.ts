import { decodeModule } from './decode.js';

/**
 * The module with a function that traps when it is called: what tells whether a way that is seldom gone has been gone.
 * @param index - Of the function.
 */
export function trapping(bytes: Uint8Array, index: number): Uint8Array<ArrayBuffer> {
  const { functions } = decodeModule(bytes);
  const [first, second] = functions[index]?.body ?? [];
  if (first === undefined || second === undefined)
    throw new RangeError(`Cannot make function ${index} trap: it is empty`);
  const patched = Uint8Array.from(bytes);
  patched.fill(0x01, first.offset, second.offset); // nop
  patched[first.offset] = 0x00; // unreachable: what follows need not make sense
  return patched;
}
