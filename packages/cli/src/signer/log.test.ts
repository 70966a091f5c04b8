import { expect, test } from 'vitest';
import { logTo, textLog } from './log.js';

const line = { level: 'warn', reason: 'Retry', message: 'Answers again\nsoon', pod: 'shop/web', attempts: 3 } as const;

/** What a log writes to a stream. */
function written(isTTY: boolean | undefined, format?: 'json' | 'text'): string {
  let text = '';
  logTo({ ...(isTTY !== undefined && { isTTY }), write: (more) => (text += more) }, format)(line);
  return text;
}

test.each([
  [undefined, undefined, 'json'],
  [true, undefined, 'text'],
  [true, 'json', 'json'],
  [undefined, 'text', 'text'],
] as const)('a stream with isTTY %j and --log-format %j is written %s', (isTTY, format, expected) => {
  const text = written(isTTY, format);
  if (expected === 'json') expect(JSON.parse(text)).toMatchObject(line);
  else expect(text).toMatch(/^\d\d:\d\d:\d\d ! Retry/);
});

test('a line for people stays one line, with its details behind', () => {
  let text = '';
  textLog(
    (more) => (text = more),
    () => 0,
  )({ ...line, clockAhead: undefined });
  expect(text.slice(8)).toBe(' ! Retry              Answers again\\u{a}soon  pod=shop/web  attempts=3\n');
});
