/** One change to one sound input: a cut, or another octet somewhere. */
export interface Mutation {
  /** Position of the input among the sources. */
  readonly source: number;
  readonly type: 'cut' | 'replace';
  /** Octets kept, or the position of the octet. */
  readonly at: number;
  /** What is put there. */
  readonly octet: number;
}

/** The mutation that four numbers of [0, 1) stand for; one in eight is a cut. */
export function mutationFrom(
  sources: readonly Uint8Array[],
  [source, type, at, octet]: readonly [number, number, number, number],
): Mutation {
  const position = Math.floor(source * sources.length);
  const { length } = sources[position]!;
  return {
    source: position,
    type: type < 1 / 8 ? 'cut' : 'replace',
    at: Math.floor(at * length),
    octet: Math.floor(octet * 256),
  };
}

/** A new array with the mutation in it. */
export function mutate(sources: readonly Uint8Array[], { source, type, at, octet }: Mutation): Uint8Array {
  const input = sources[source]!;
  if (type === 'cut') return input.slice(0, at);
  const mutant = input.slice();
  mutant[at] = octet;
  return mutant;
}
