import type { CertificateStatus, StatusSummary } from '@mayfly/console';
import { expect, test } from 'vitest';
import { createStatusFeed } from './feed.js';

const summary: StatusSummary = {
  command: 'up',
  now: 100,
  startedAt: 0,
  problems: [],
  problemCount: 0,
  counts: { issued: 0, rotations: 0, overdue: 0, refused: 0 },
  authorities: [],
  trustBundles: [],
  steps: [],
};
const certificate = (id: string, rotations = 0): CertificateStatus => ({
  id,
  pod: `shop/${id}`,
  signerName: 'example.com/workload',
  held: [],
  rotations,
});

/** What a message is, and which certificates and events it has. */
function read(message: string) {
  const [, kind, data] = /^event: (\w+)\ndata: ([^\n]*)\n\n$/.exec(message)!;
  const { certificates, events } = JSON.parse(data!);
  return [
    kind,
    certificates.map(({ id }: { id: string }) => id),
    events.map(({ reason }: { reason: string }) => reason),
  ];
}

test('a reader gets everything first, then what changed since its own last message', () => {
  let certificates = [certificate('a'), certificate('b')];
  const feed = createStatusFeed({ summary: () => summary, certificates: () => certificates });
  const event = (reason: string) => feed.note({ at: 1, type: 'Normal', reason, message: reason });
  event('Issued');
  const early = feed.reader();
  expect(read(early.next())).toEqual(['snapshot', ['a', 'b'], ['Issued']]);
  expect(read(early.next())).toEqual(['changes', [], []]);
  certificates = [certificate('a'), certificate('b', 1), certificate('c')];
  event('Rotated');
  const late = feed.reader();
  expect(read(late.next())).toEqual(['snapshot', ['a', 'b', 'c'], ['Issued', 'Rotated']]);
  expect(read(early.next())).toEqual(['changes', ['b', 'c'], ['Rotated']]);
  expect(read(late.next())).toEqual(['changes', [], []]);
});

test('when a certificate is gone every reader begins anew', () => {
  let certificates = [certificate('a'), certificate('b')];
  const feed = createStatusFeed({ summary: () => summary, certificates: () => certificates });
  const [first, second] = [feed.reader(), feed.reader()];
  first.next();
  second.next();
  certificates = [certificate('b')];
  expect(read(first.next())).toEqual(['snapshot', ['b'], []]);
  expect(read(second.next())).toEqual(['snapshot', ['b'], []]);
  expect(read(second.next())).toEqual(['changes', [], []]);
});

test('events are kept in bounds', () => {
  const feed = createStatusFeed({ summary: () => summary, certificates: () => [] });
  for (let i = 0; i < 1000; i++) feed.note({ at: i, type: 'Normal', reason: `R${i}`, message: '' });
  const { events } = JSON.parse(feed.snapshot());
  expect(events.length).toBe(300);
  expect(events.at(-1).reason).toBe('R999');
});

test('a line break in a message does not break the stream', () => {
  const feed = createStatusFeed({ summary: () => summary, certificates: () => [] });
  feed.note({ at: 1, type: 'Warning', reason: 'Failed', message: 'one\n\nevent: snapshot\ndata: {}' });
  expect(read(feed.reader().next())).toEqual(['snapshot', [], ['Failed']]);
});
