/** A module that the audit cannot vouch for because it cannot read it. */
export class AuditError extends Error {
  override readonly name = 'AuditError';
  /** Octets from the start of the module. */
  readonly offset: number;

  constructor(offset: number, state: string) {
    super(`Cannot audit the module at byte ${offset}: found ${state}`);
    this.offset = offset;
  }
}

/** Reads the octets of a module from front to back. */
export class OctetReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #offset: number;

  constructor(bytes: Uint8Array, start: number = 0, end: number = bytes.length) {
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = end;
  }

  /** Octets from the start of the module. */
  get offset(): number {
    return this.#offset;
  }

  atEnd(): boolean {
    return this.#offset === this.#end;
  }

  end(): void {
    if (!this.atEnd()) throw this.fail(`${this.#end - this.#offset} octets behind the end`);
  }

  /** The next `length` octets, with a reader of their own. */
  part(length: number): OctetReader {
    const start = this.#offset;
    this.octets(length);
    return new OctetReader(this.#bytes, start, this.#offset);
  }

  peek(): number {
    const octet = this.#offset < this.#end ? this.#bytes[this.#offset] : undefined;
    if (octet === undefined) throw this.fail('the end');
    return octet;
  }

  octet(): number {
    const octet = this.peek();
    this.#offset++;
    return octet;
  }

  octets(length: number): Uint8Array {
    if (length > this.#end - this.#offset) throw this.fail(`${this.#end - this.#offset} octets instead of ${length}`);
    const start = this.#offset;
    this.#offset += length;
    return this.#bytes.subarray(start, this.#offset);
  }

  expect(octet: number, meaning: string): void {
    const at = this.#offset;
    const found = this.octet();
    if (found !== octet) throw this.fail(`0x${found.toString(16)} instead of ${meaning}`, at);
  }

  /** LEB128 of an unsigned 32-bit number (§5.2.2). */
  unsigned(): number {
    const at = this.#offset;
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const octet = this.octet();
      value += (octet & 0x7f) * 2 ** shift;
      if ((octet & 0x80) === 0) {
        if (value >= 2 ** 32) break;
        return value;
      }
    }
    throw this.fail('a number above 32 bits', at);
  }

  /** Passes over LEB128 of a signed number of up to 64 bits. */
  signed(): void {
    const at = this.#offset;
    for (let count = 0; count < 10; count++) if ((this.octet() & 0x80) === 0) return;
    throw this.fail('a number above 64 bits', at);
  }

  /** As many items as a number in front of them says. */
  vector<T>(read: (reader: OctetReader) => T): readonly T[] {
    return Array.from({ length: this.unsigned() }, () => read(this));
  }

  fail(state: string, offset: number = this.#offset): AuditError {
    return new AuditError(offset, state);
  }
}
