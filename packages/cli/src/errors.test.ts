import { ApiError } from '@mayfly/pod-certificates/api';
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
  [
    'an API server of another authority',
    system('SELF_SIGNED_CERT_IN_CHAIN'),
    expect.stringContaining('certificate-authority'),
  ],
  [
    'credentials that nobody knows',
    new ApiError('Unauthorized', 'no'),
    expect.stringContaining('the user of the kubeconfig'),
  ],
  ['an API server that is not there', system('ECONNREFUSED'), expect.stringContaining('that the API server runs')],
  ['a host that nobody knows', system('ENOTFOUND'), expect.stringContaining('the server address of the kubeconfig')],
  ['an answer that says enough', new ApiError('NotFound', 'no'), undefined],
  ['another error', system('EIO'), undefined],
  ['a code of the prototype', system('constructor'), undefined],
  ['what is no error', 'ENOSPC', undefined],
])('advice for %s', (_name, error, advice) => {
  expect(adviceFor(error)).toEqual(advice);
});

test.each([
  [new CliError('ERR_CLI_USAGE', 'x'), 2],
  [new CliError('ERR_CLI_STATE', 'x'), 1],
  [new CliError('ERR_CLI_PROGRAM', 'x', { exitCode: 127 }), 127],
])('%s ends with %i', ({ exitCode }, expected) => {
  expect(exitCode).toBe(expected);
});
