import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import type { UpEvent } from './event.js';
import type { RunnablePod } from './pod-file.js';
import { createPrograms } from './programs.js';

const podOf = (name: string, command: readonly string[], env: Readonly<Record<string, string>> = {}): RunnablePod => ({
  version: 1,
  namespace: 'shop',
  name,
  directory: process.cwd(),
  volumes: [],
  containers: [{ name: 'main', command, env, mappings: [] }],
});
const shell = (name: string, script: string): RunnablePod => podOf(name, ['sh', '-c', script]);

function programsOf(...pods: readonly RunnablePod[]) {
  const events: Omit<UpEvent, 'at'>[] = [];
  const lines: string[] = [];
  const ready = new Set(pods);
  const plans = pods.map((pod) => ({ pod, ready: () => ready.has(pod) }));
  const programs = createPrograms(plans, {
    emit: (event) => {
      events.push(event);
      programs.wake(); // as every change does
    },
    onLine: (pod, line) => lines.push(`${pod} ${line}`),
  });
  return { programs, events, lines, ready };
}

test('the newest counts of all programs are summed; other lines are passed on', async () => {
  const { programs, lines } = programsOf(
    shell('a', `echo '{"requests":1,"failed":0}'; echo hello; echo '{"requests":7,"failed":2}'; sleep 60`),
    shell('b', `echo '{"requests":5,"failed":0}'; echo '{"requests":-1,"failed":0}'; echo '{broken'; sleep 60`),
  );
  programs.wake();
  await vi.waitFor(() => expect(lines).toHaveLength(3));
  await vi.waitFor(() => expect(programs.tally()).toEqual({ requests: 12, failed: 2 }));
  expect([...lines].sort()).toEqual(['shop/a hello', 'shop/b {"requests":-1,"failed":0}', 'shop/b {broken']);
  expect(programs.problems()).toEqual(['shop/a: 2 of 7 requests failed']);
  await programs.stop();
  expect(programs.exited()).toBe(0);
});

test('a program that holds the end up is named', async () => {
  const { programs, events, lines } = programsOf(
    shell('slow', 'trap "sleep 1.5; exit" TERM; echo on; while :; do sleep 0.05; done'),
  );
  programs.wake();
  await vi.waitFor(() => expect(lines).toContain('shop/slow on'));
  await programs.stop();
  expect(events.filter(({ reason }) => reason === 'Ending')).toMatchObject([
    { pod: 'shop/slow', message: expect.stringContaining('it is killed after 10 s') },
  ]);
});

test('no program starts before it is ready, nor before the one it follows, nor twice', async () => {
  const [first, second] = [shell('a', 'sleep 60'), shell('b', 'sleep 60')];
  const { programs, events, ready } = programsOf(first, second);
  ready.delete(first);
  programs.wake();
  expect(events).toEqual([]);
  ready.add(first);
  programs.wake();
  programs.wake();
  expect(events.map(({ reason, pod }) => `${reason} ${pod}`)).toEqual([
    'ProgramStarted shop/a',
    'ProgramStarted shop/b',
  ]);
  await programs.stop();
});

test.each([
  ['ends by itself', shell('a', 'exit 3'), /^The command of shop\/a ended by itself with code 3$/],
  ['is killed', shell('a', 'kill -9 $$'), /^The command of shop\/a ended by itself with SIGKILL$/],
  ['is not there', podOf('a', ['no-such-command']), /^Cannot run no-such-command: no such command$/],
  ['cannot even be tried', podOf('a', ['true'], { A: 'x\0y' }), /null bytes/],
])('a program that %s is told and counted', async (_name, pod, message) => {
  const { programs, events } = programsOf(pod);
  programs.wake();
  await vi.waitFor(() => expect(programs.exited()).toBe(1));
  expect(events.at(-1)).toMatchObject({ type: 'Warning', reason: 'ProgramExited', pod: 'shop/a' });
  expect(events.at(-1)?.message).toMatch(message);
  expect(programs.problems()).toEqual([expect.stringMatching(/^shop\/a: /)]);
  await programs.stop();
});

test('what a program leaves behind ends with it, and its number is left alone from then on', async () => {
  const child = `trap 'echo bye; exit 0' TERM; kill -USR1 $$; sleep 60 & wait`;
  const { programs, lines } = programsOf(shell('a', `trap 'exit 0' USR1; (${child}) & wait`));
  programs.wake();
  await vi.waitFor(() => expect(programs.exited()).toBe(1));
  await vi.waitFor(() => expect(lines.at(-1)).toBe('shop/a bye'));
  const signals = vi.spyOn(process, 'kill');
  await programs.stop();
  expect(signals).not.toHaveBeenCalled();
  signals.mockRestore();
});

test('they are stopped the last first, each with what it started, and that is no failure', async () => {
  const mourn = (name: string): string => `trap 'echo bye ${name}; exit 0' TERM; echo up; sleep 60 & wait`;
  const { programs, lines } = programsOf(shell('a', mourn('a')), shell('b', mourn('b')));
  programs.wake();
  await vi.waitFor(() => expect(lines).toHaveLength(2));
  await programs.stop();
  await delay(20);
  expect(lines.slice(2)).toEqual(['shop/b bye b', 'shop/a bye a']);
  expect(programs.exited()).toBe(0);
});
