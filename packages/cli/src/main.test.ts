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
