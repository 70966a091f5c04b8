import { afterEach, expect, test, vi } from 'vitest';
import { run } from './main.js';

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

test.each([
  ['EPIPE', undefined],
  ['ENOSPC', 1],
])('%s of an output is no reason to fall over, and ends with exit code %j', async (code, exitCode) => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  for (const _ of [1, 2]) await run(['node', 'mayfly', '--version']);
  process.exitCode = undefined;
  for (const stream of [process.stdout, process.stderr]) {
    const before = stream.listenerCount('error');
    await run(['node', 'mayfly', '--version']);
    expect(stream.listenerCount('error')).toBe(before);
    process.exitCode = undefined;
    stream.emit('error', Object.assign(new Error(code), { code }));
    expect(process.exitCode).toBe(exitCode);
    process.exitCode = undefined;
  }
});

test('help of a command below another is that command’s', async () => {
  let told = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    told += text;
    return true;
  });
  await run(['node', 'mayfly', 'help', 'p12', 'create']);
  expect(told).toMatch(/^Usage: mayfly p12 create /);
  expect(process.exitCode ?? 0).toBe(0);
});

test.each([
  [['help', 'foo'], 'Cannot show help for foo: there is no such command; there are up, exec,'],
  [['help', 'sigenr'], 'there is no such command; did you mean signer?'],
  [['help', 'ca', 'rotat'], 'there is no such command; did you mean rotate?'],
  [['upp'], "unknown command 'upp'\n(Did you mean up?)"],
  [['\u001b[31mup'], "unknown command '\\u{1b}[31mup'"],
  [['csr', '--\u001b[2J'], "unknown option '--\\u{1b}[2J'"],
  [['csr', '--no-such-flag'], "unknown option '--no-such-flag'"],
  [['up', 'pod.yaml'], 'manifests are named behind -f, as in mayfly up -f pod.yaml'],
])('%j is told what was meant, by one name', async (args, expected) => {
  let told = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    told += text;
    return true;
  });
  await run(['node', 'mayfly', ...args]);
  expect(told).toMatch(/^mayfly: /);
  expect(told).toContain(expected);
  expect(process.exitCode).toBe(2);
});
