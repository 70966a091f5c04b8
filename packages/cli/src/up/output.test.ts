import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { eventToJson, type UpEvent } from './event.js';
import { jsonOutput, plainOutput } from './output.js';
import { renderTable } from './table.js';

const collect = (): { readonly text: () => string; write(text: string): void } => {
  let written = '';
  return {
    text: () => written,
    write(text) {
      written += text;
    },
  };
};
const event = (change: Partial<UpEvent> = {}): UpEvent => ({
  at: 1_700_000_000,
  type: 'Warning',
  reason: 'Denied',
  message: 'shop/web/tls got no certificate',
  pod: 'shop/web',
  volume: 'tls',
  signerName: 'mayfly.dev/workload',
  ...change,
});
const SUMMARY = {
  tally: { requests: 1, failed: 0 },
  rotations: 2,
  overdue: 0,
  issued: 3,
  denied: 0,
  exited: 0,
  problems: [],
};

test('what goes wrong again and again is told once until something changes', () => {
  const stdout = collect();
  const output = plainOutput(stdout, collect());
  const linesAfter = (...events: readonly UpEvent[]): number => {
    for (const each of events) output.event(each);
    return stdout.text().split('\n').length - 1;
  };
  expect(linesAfter(event(), event({ at: 1_700_000_060 }))).toBe(1);
  expect(linesAfter(event({ pod: 'shop/db' }))).toBe(2);
  expect(
    linesAfter(
      event({ reason: 'RefreshFailed', message: 'disk' }),
      event(),
      event({ reason: 'RefreshFailed', message: 'disk' }),
    ),
  ).toBe(3);
  expect(linesAfter(event({ type: 'Normal', reason: 'Issued', message: 'issued' }))).toBe(4);
  expect(linesAfter(event())).toBe(5);
});

test('programs for programs get every event, and the summary last', () => {
  const [stdout, stderr] = [collect(), collect()];
  const output = jsonOutput(stdout, stderr);
  output.notice('ignored: image');
  output.event(event());
  output.event(event());
  output.line('shop/web', 'hello');
  output.finished(SUMMARY, 61, true);
  const lines = stdout.text().trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toHaveLength(3);
  const { tally, ...summary } = SUMMARY;
  expect(JSON.parse(lines[2]!)).toEqual({ ...tally, ...summary });
  const silent = collect();
  jsonOutput(silent, collect()).finished({ ...SUMMARY, tally: undefined }, 61, true);
  expect(JSON.parse(silent.text())).toMatchObject({ requests: 0, failed: 0 });
  expect(stderr.text()).toBe('ignored: image\nshop/web | hello\n');
});

test('nothing that a terminal obeys comes through', () => {
  const stdout = collect();
  const output = plainOutput(stdout, collect());
  output.line('shop/web', 'red \u001b[31m bell \u0007 \u009b31m');
  output.event(event({ message: 'evil\r\u001b[2J' }));
  expect(stdout.text()).toContain('red \\u{1b}[31m bell \\u{7} \\u{9b}31m');
  expect(stdout.text()).toContain('evil\\u{d}\\u{1b}[2J');
});

test('times of an event are written as RFC 3339', () => {
  const json = eventToJson(event({ refreshAt: 1_700_000_100, notAfter: 1_700_000_200, retryAt: 1_700_000_300 }));
  expect(JSON.parse(json)).toEqual({
    time: '2023-11-14T22:13:20Z',
    type: 'Warning',
    reason: 'Denied',
    message: 'shop/web/tls got no certificate',
    pod: 'shop/web',
    volume: 'tls',
    signerName: 'mayfly.dev/workload',
    refreshAt: '2023-11-14T22:15:00Z',
    notAfter: '2023-11-14T22:16:40Z',
    retryAt: '2023-11-14T22:18:20Z',
  });
});

test('the last words count, in singular and plural', () => {
  const stdout = collect();
  plainOutput(stdout, collect()).finished(
    { ...SUMMARY, denied: 1, exited: 2, problems: ['shop/web/tls: denied', 'shop/db: its command ended'] },
    61,
    false,
  );
  expect(stdout.text()).toBe(
    'Not all well after 1m1s: 3 certificates issued, 2 rotations, 0 overdue, 1 denial, 2 programs ended by themselves\n  ! shop/web/tls: denied\n  ! shop/db: its command ended\n1 request, 0 failed\n',
  );
});

test('requests that nobody counts are not spoken of', () => {
  const stdout = collect();
  plainOutput(stdout, collect()).finished({ ...SUMMARY, tally: undefined }, 61, true);
  expect(stdout.text()).toBe('All well after 1m1s: 3 certificates issued, 2 rotations, 0 overdue\n');
});

test.each([
  ['the usual state', resolve('.mayfly'), 'mayfly exec --pod NAME -- COMMAND'],
  ['a state nearby', resolve('other'), 'mayfly exec --state other --pod NAME -- COMMAND'],
  ['a state far away', '/elsewhere', 'mayfly exec --state /elsewhere --pod NAME -- COMMAND'],
])('the first lines say how a program is run with %s, and what is ignored, last', (_name, stateDirectory, command) => {
  const [stdout, stderr] = [collect(), collect()];
  const started = { stateDirectory, trustDomain: 'x', healthUrl: undefined, statusUrl: undefined, pods: [] };
  plainOutput(stdout, stderr).started({ ...started, status: () => expect.fail() }, ['ignored: image']);
  expect(stdout.text()).toMatch(new RegExp(`\n {2}run as a pod ${command}\n {2}ignored: image\n$`));
  expect(stderr.text()).toBe('');
});

test('the table tells ages, names volumes where a pod has several, and fits its width', () => {
  const source = (volume: string, more: object = {}) => ({
    pod: 'shop/web',
    volume,
    signerName: 'mayfly.dev/workload',
    id: 'a',
    certificate: undefined,
    earlier: [],
    requestedAt: undefined,
    retryAt: undefined,
    rotations: 0,
    last: 'denied',
    problem: undefined,
    ...more,
  });
  const certificate = { serialNumber: 0xabcdef0123456789n, since: 900, refreshAt: 1100, notAfter: 1199 };
  const status = {
    now: 1000,
    sources: [source('a', { certificate, last: 'issued' }), source('b')],
    health: { ready: false, problems: ['x'] },
    summary: SUMMARY,
  };
  expect(renderTable(status, 200)).toEqual([
    'POD           SIGNER               SERIAL      AGE    REFRESH IN  EXPIRES IN  LAST EVENT',
    'shop/web (a)  mayfly.dev/workload  abcdef0123  1m40s  1m40s       3m20s       issued',
    'shop/web (b)  mayfly.dev/workload  -           -      -           -           denied',
    '',
    'not ready   rotations 2   overdue 0   requests 1   failed 0',
  ]);
  expect(renderTable({ ...status, summary: { ...SUMMARY, tally: undefined } }, 200).at(-1)).toBe(
    'not ready   rotations 2   overdue 0',
  );
  expect(renderTable({ ...status, now: 1200 }, 200)[1]).toMatch(/ 5m +now +expired +issued$/);
  for (const line of renderTable(status, 40)) expect(line.length).toBeLessThanOrEqual(40);
});
