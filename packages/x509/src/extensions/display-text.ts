import { type DerNode, type DerReader, string, tags } from '@mayfly/der';

/** RFC 5280 §4.2.1.4: text for people, at most 200 characters when it is written. */
export interface DisplayText {
  readonly value: string;
  /** UTF8String unless something else is asked for. */
  readonly stringType?: 'ia5String' | 'visibleString' | 'bmpString' | 'utf8String';
}

const STRING_TYPES = ['utf8String', 'ia5String', 'visibleString', 'bmpString'] as const;

/** Whether the next element of a reader is a DisplayText. */
export const isDisplayText = (reader: DerReader): boolean => STRING_TYPES.some((type) => tags[type] === reader.peek());

/** Reads a DisplayText; longer ones than RFC 5280 allows are in use and are read. */
export function readDisplayText(reader: DerReader, field: string): DisplayText {
  const stringType = STRING_TYPES.find((type) => tags[type] === reader.peek()) ?? 'utf8String';
  return { value: reader.stringOf(tags[stringType], field), stringType };
}

/** @throws RangeError when the text does not fit its type, is empty or has more than 200 characters. */
export function displayTextNode({ value, stringType = 'utf8String' }: DisplayText): DerNode {
  const characters = [...value].length;
  if (characters === 0 || characters > 200)
    throw new RangeError(`Cannot encode DisplayText: ${characters} characters, 1 to 200 are allowed`);
  return string(tags[stringType], value);
}
