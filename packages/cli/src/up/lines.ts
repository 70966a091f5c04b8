import type { Readable } from 'node:stream';

/** Longest line that is passed on, in characters; the rest of a longer one is dropped. */
export const MAX_LINE_LENGTH = 16_384;

/** Calls back for each line of a stream of UTF-8, with what is left at its end; memory stays bounded however long one is. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  let line = '';
  const add = (piece: string): void => {
    if (line.length <= MAX_LINE_LENGTH) line += piece.slice(0, MAX_LINE_LENGTH + 1 - line.length);
  };
  const finish = (): void => {
    const whole = line;
    line = '';
    if (whole.length > MAX_LINE_LENGTH) onLine(`${whole.slice(0, MAX_LINE_LENGTH)}…`);
    else onLine(whole.endsWith('\r') ? whole.slice(0, -1) : whole);
  };
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    let at = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', at)) {
      add(chunk.slice(at, end));
      finish();
      at = end + 1;
    }
    add(chunk.slice(at));
  });
  stream.on('end', () => {
    if (line !== '') finish();
  });
}
