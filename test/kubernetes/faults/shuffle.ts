import { Transform } from 'node:stream';

/** Events that wait for each other, and milliseconds that the first of them waits. */
const HELD = 4;
const HOLD_MS = 100;
/** Events that may be told again. */
const REMEMBERED = 50;

/**
 * A watch as a cache that lags and stutters would tell it: events change places, and old ones come again. What a bookmark or
 * the end stands behind is told before it.
 */
export function shuffledWatch(random: () => number): Transform {
  let rest = '';
  const held: string[] = [];
  const told: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const pick = (lines: string[]): string => lines.splice(Math.floor(random() * lines.length), 1)[0]!; // only of what has some
  const tell = (stream: Transform, line: string): void => void stream.push(`${line}\n`, 'latin1');
  const release = (stream: Transform): void => {
    clearTimeout(timer);
    timer = undefined;
    while (held.length > 0) {
      const line = pick(held);
      tell(stream, line);
      told.push(line);
      if (told.length > REMEMBERED) told.shift();
      if (random() < 0.5) tell(stream, told[Math.floor(random() * told.length)]!); // one was told above
    }
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop()!; // a split has at least one part
      for (const line of lines) {
        if (line.startsWith('{"type":"BOOKMARK"')) {
          release(this);
          tell(this, line);
        } else held.push(line);
        if (held.length >= HELD) release(this);
      }
      if (held.length > 0) timer ??= setTimeout(() => release(this), HOLD_MS);
      done();
    },
    flush(done) {
      release(this);
      done();
    },
  });
}
