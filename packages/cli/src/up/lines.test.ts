import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { MAX_LINE_LENGTH, readLines } from './lines.js';

async function linesOf(...chunks: readonly (string | Uint8Array)[]): Promise<readonly string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, (line) => lines.push(line));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await new Promise((resolve) => stream.once('close', resolve));
  return lines;
}

const most = 'x'.repeat(MAX_LINE_LENGTH);

test.each<readonly [string, readonly (string | Uint8Array)[], readonly string[]]>([
  ['lines of either end, empty ones too', ['a\r\n\nb\n'], ['a', '', 'b']],
  ['a last line without an end', ['a\nb'], ['a', 'b']],
  ['a line in pieces', ['a', 'b', 'c\nd', '\n'], ['abc', 'd']],
  ['a character in two pieces', [Uint8Array.of(0xc3), Uint8Array.of(0xa4, 0x0a)], ['ä']],
  ['the longest line', [most, '\nnext\n'], [most, 'next']],
  ['one character more', [`${most}y\nnext\n`], [`${most}…`, 'next']],
  ['a line without end, chunk by chunk', [...Array<string>(64).fill(most), '\nnext\n'], [`${most}…`, 'next']],
])('%s', async (_name, chunks, lines) => {
  expect(await linesOf(...chunks)).toEqual(lines);
});
