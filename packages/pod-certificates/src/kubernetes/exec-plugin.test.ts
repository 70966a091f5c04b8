import { expect, test } from 'vitest';
import { askExecPlugin, programRunner } from './exec-plugin.js';

const ask = (script: string, timeout = 30) =>
  askExecPlugin(
    {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: '/bin/sh',
      args: ['-c', script, '--client-secret=c4na7y'],
      env: {},
      installHint: undefined,
      provideClusterInfo: false,
    },
    undefined,
    process.env,
    programRunner(timeout),
  );
const CREDENTIAL = '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t"}}';

test.skipIf(process.platform === 'win32')('a program that prints a credential is believed', async () => {
  expect(await ask(`echo '${CREDENTIAL}'`)).toMatchObject({ token: 't' });
});

test.skipIf(process.platform === 'win32').each([
  ['does not let itself be ended', "trap '' TERM; sleep 30", 'it took longer than 60 s'],
  ['leaves its output open to another', 'sleep 30 & wait', 'it took longer than 60 s'],
  ['is killed', 'kill -9 $$', 'it was ended by SIGKILL'],
  ['ends with a fault', 'exit 7', 'it ended with 7'],
  ['prints for ever', 'while :; do echo c4na7yc4na7yc4na7yc4na7yc4na7yc4na7yc4na7y; done', 'it printed more than'],
])('one that %s is refused, and neither its arguments nor its words are told', async (_name, script, state) => {
  const failure = await ask(script, state.includes('longer') ? 0.2 : 30).catch((error: Error) => error);
  expect(failure).toMatchObject({ message: expect.stringContaining(state) });
  expect([String(failure), (failure as Error).cause]).toEqual([expect.not.stringContaining('c4na7y'), undefined]);
});
