import { CaError } from './errors.js';

/** Random octets of a serial number, behind the instance octet: 128 bits of entropy. */
const RANDOM_LENGTH = 16;
/** Octets of a serial number. */
export const SERIAL_LENGTH: number = 1 + RANDOM_LENGTH;
/** Most that are drawn at once: generators of browsers and `bufferedRandomBytes` give as many octets. */
const MOST_DRAWN = 256;

/** What gives random octets, of `Surroundings`. */
interface Generator {
  readonly randomBytes: (length: number) => Uint8Array;
}

/** The octets of one serial number as those of integers: its lowest 24, of which it has {@link SERIAL_LENGTH}. */
const view: DataView = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(24));
const VIEW_LENGTH = 24;

/**
 * Serial numbers, whose random octets are drawn for many at once when the first is asked for: they are those that each would
 * have drawn for itself.
 */
export class SerialNumbers {
  private readonly around: Generator;
  private readonly length: number;
  private random: Uint8Array | undefined;
  private next = 0;
  private first = 0;

  /** @param count - How many will be asked for; some fewer are no harm, more are drawn again. */
  constructor(around: Generator, count: number) {
    this.around = around;
    this.length = RANDOM_LENGTH * Math.min(count, MOST_DRAWN);
  }

  /**
   * The next one.
   * @param instance - Its first octet.
   * @throws {@link CaError} `ERR_CA_REQUEST` when there are not as many random octets as asked for.
   */
  draw(instance: number): bigint {
    if (this.random === undefined || this.next === this.length) {
      const drawn = this.around.randomBytes(this.length);
      if (drawn.length !== this.length)
        throw new CaError(
          'ERR_CA_REQUEST',
          `Cannot draw a serial number: ${drawn.length} random octets, not ${this.length}`,
        );
      this.random = drawn.slice(); // generators may use theirs again
      this.next = 0;
    }
    const { random, next } = this;
    for (let i = 0; i < RANDOM_LENGTH; i++) view.setUint8(VIEW_LENGTH - RANDOM_LENGTH + i, random[next + i]!);
    this.first = instance;
    this.next += RANDOM_LENGTH;
    return (BigInt(instance) << 128n) | (view.getBigUint64(8) << 64n) | view.getBigUint64(16);
  }

  /** Writes the one that was drawn last at `at`; returns the place behind it. */
  put(out: Uint8Array, at: number): number {
    out[at++] = this.first;
    const { random, next } = this;
    for (let i = next - RANDOM_LENGTH; i < next; i++) out[at++] = random![i]!; // it was drawn
    return at;
  }
}

/** Whether a serial number stands at `at`: to make a BigInt of what stands there would take longer. */
export function isSerialNumber(der: Uint8Array, at: number, serialNumber: bigint): boolean {
  view.setBigUint64(16, serialNumber);
  view.setBigUint64(8, serialNumber >> 64n);
  view.setBigUint64(0, serialNumber >> 128n);
  for (let i = 0; i < SERIAL_LENGTH; i++)
    if (der[at + i] !== view.getUint8(VIEW_LENGTH - SERIAL_LENGTH + i)) return false;
  return serialNumber >> BigInt(8 * SERIAL_LENGTH) === 0n;
}
