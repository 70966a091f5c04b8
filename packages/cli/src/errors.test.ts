import { RotationError } from '@mayfly/rotation';
import { expect, test } from 'vitest';
import { adviceFor, CliError } from './errors.js';

const system = (code: string): Error => Object.assign(new Error(code), { code });

test.each([
  ['a full disk', system('ENOSPC'), 'the disk is full: make room on it'],
  [
    'a full disk, two errors down',
    new RotationError('ERR_ROTATION_IO', 'Cannot write', { cause: new Error('outer', { cause: system('ENOSPC') }) }),
    'the disk is full: make room on it',
  ],
  ['another error', system('EIO'), undefined],
  ['a code of the prototype', system('constructor'), undefined],
  ['what is no error', 'ENOSPC', undefined],
])('advice for %s', (_name, error, advice) => {
  expect(adviceFor(error)).toBe(advice);
});

test.each([
  [new CliError('ERR_CLI_USAGE', 'x'), 2],
  [new CliError('ERR_CLI_STATE', 'x'), 1],
  [new CliError('ERR_CLI_PROGRAM', 'x', { exitCode: 127 }), 127],
])('%s ends with %i', ({ exitCode }, expected) => {
  expect(exitCode).toBe(expected);
});
