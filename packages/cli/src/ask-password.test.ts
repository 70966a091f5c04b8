import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { askPassword } from './ask-password.js';

class Terminal extends EventEmitter {
  readonly isTTY: boolean;
  readonly modes: boolean[] = [];
  constructor(isTTY: boolean) {
    super();
    this.isTTY = isTTY;
  }
  setRawMode(raw: boolean): void {
    this.modes.push(raw);
  }
  resume(): void {}
  pause(): void {}
}

async function answerTo(typed: readonly string[]) {
  const input = new Terminal(true);
  let shown = '';
  const answer = askPassword('Password: ', input, { write: (text) => (shown += text) });
  for (const keys of typed) input.emit('data', new TextEncoder().encode(keys));
  const settled = await answer.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  return { ...settled, shown, modes: input.modes, listeners: input.listenerCount('data') };
}

test.each([
  ['one chunk', ['secret\r'], 'secret'],
  ['key by key', ['s', 'e', '\n'], 'se'],
  ['backspace', ['sex\u007fc\r'], 'sec'],
  ['backspace takes a whole character', ['aü\u007fb\r'], 'ab'],
  ['backspace on nothing', ['\u007fa\r'], 'a'],
  ['line kill', ['wrong\u0015right\r'], 'right'],
  ['nothing', ['\r'], ''],
])('%s', async (_name, typed, value) => {
  const result = await answerTo(typed);
  expect(result).toEqual({ value, shown: 'Password: \n', modes: [true, false], listeners: 0 });
});

test('Ctrl-C and endless input end the question', async () => {
  for (const typed of ['sec\u0003', 'a'.repeat(5000)]) {
    const result = await answerTo([typed]);
    expect(result).toMatchObject({ error: { code: 'ERR_CLI_USAGE' }, modes: [true, false], listeners: 0 });
  }
});

test('the terminal shows nothing any more when the question stands there', async () => {
  const input = new Terminal(true);
  const modes: boolean[] = [];
  const answer = askPassword('Password: ', input, { write: () => modes.push(...input.modes.slice(-1)) });
  input.emit('data', Uint8Array.of(0x0d));
  await answer;
  expect(modes).toEqual([true, false]);
});

test('nobody is asked without a terminal', async () => {
  const input = new Terminal(false);
  expect(await askPassword('Password: ', input, { write: () => expect.unreachable() })).toBeUndefined();
});
