import type { Element } from '../der-tree.js';
import type { Reader } from '../types.js';

/** One edit of a valid vector. */
export interface FaultDefinition {
  /** The file is `faults/<name>.pem`. */
  readonly name: string;
  /** The edit, in words. */
  readonly about: string;
  /** File of the vector that is edited. */
  readonly of: string;
  readonly reader: Reader;
  /** Code that the reader refuses it with; none when it is tolerated. */
  readonly code?: string;
  readonly path?: string;
  /** Where it shows, when the element that `edit` returns does not start there. */
  readonly offset?: number;
  /** Edits the tree; returns the element at whose start the fault shows, if that is known. */
  readonly edit?: (root: Element) => Element | undefined;
  /** Edits the octets afterwards, for faults that no tree has. */
  readonly editOctets?: (der: Uint8Array) => Uint8Array;
}

/** The same edit, accepted. */
export const tolerated = ({ code: _code, path: _path, offset: _offset, ...rest }: FaultDefinition): FaultDefinition =>
  rest;
