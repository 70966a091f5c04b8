import type { Fault, Vector } from './types.js';

/** Text above the block: what it is, where it is from, and what is to become of it. */
export function header(
  vector: Pick<Vector, 'kind' | 'file' | 'about' | 'expect'> & { readonly fault?: Fault },
): string {
  const { kind, file, about, expect, fault } = vector;
  if (kind === 'pem') return '';
  const origin =
    file.startsWith('faults/') && fault !== undefined ? `${fault.of} with one edit` : 'the openssl command';
  return [
    `Mayfly ${file}: ${about}`,
    `Origin: ${origin}, by "npm run vectors"`,
    'Licence: Apache-2.0',
    `Expected: ${expect}${fault === undefined ? '' : outcome(fault)}`,
    '',
  ].join('\n');
}

function outcome({ reader, code, offset, path }: Fault): string {
  if (code === undefined) return ` by the reader of ${reader}`;
  const place = [path, offset === undefined ? undefined : `byte ${offset}`].filter((part) => part !== undefined);
  return ` by the reader of ${reader}: ${code}${place.length > 0 ? ` at ${place.join(', ')}` : ''}`;
}

/** What stands below the header; files of kind `pem` have none. */
export const withoutHeader = (text: string): string =>
  text.startsWith('Mayfly ') ? text.split('\n').slice(4).join('\n') : text;
