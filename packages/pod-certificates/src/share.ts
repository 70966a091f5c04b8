/** What one of several signers of a name answers. */
export interface RequestShare {
  /** Whether a key, for example the uid of a request, is this one's now. Asked right before each signature. */
  owns(key: string): boolean;
  /** Calls back whenever `owns` may answer otherwise than before; returns how to end that. */
  onChange(listener: () => void): () => void;
}
