import { ApiError } from '@mayfly/pod-certificates/api';
import { KubernetesError } from '@mayfly/pod-certificates/kubernetes';
import { RotationError } from '@mayfly/rotation';
import { expect, test } from 'vitest';
import { adviceFor, CliError } from './errors.js';

const system = (code: string): Error => Object.assign(new Error(code), { code });
const connection = (code: string): Error =>
  new KubernetesError('ERR_KUBERNETES_CONNECTION', '/version', 'Cannot ask', { cause: system(code) });

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
  ['an API server that is not there', connection('ECONNREFUSED'), expect.stringContaining('that the API server runs')],
  [
    'a host that nobody knows',
    connection('ENOTFOUND'),
    expect.stringContaining('the server address of the kubeconfig'),
  ],
  [
    'an API server that does not answer',
    new KubernetesError('ERR_KUBERNETES_TIMEOUT', '/version', 'Cannot ask', { cause: system('ETIMEDOUT') }),
    expect.stringContaining('that the API server runs'),
  ],
  ['a file on a server that does not answer', new Error('Cannot write', { cause: system('ETIMEDOUT') }), undefined],
  [
    'a kubeconfig on a server that does not answer',
    new KubernetesError('ERR_KUBERNETES_FILE', 'config', 'Cannot read', { cause: system('ETIMEDOUT') }),
    undefined,
  ],
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
