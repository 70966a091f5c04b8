import { readFileSync } from 'node:fs';
import type { PodCertificateRequest } from '@mayfly/pod-certificates';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { createRequesterMetrics } from '../requester/metrics.js';
import { createMetrics } from './metrics.js';

const read = (name: string): string =>
  readFileSync(new URL(`../../deploy/monitoring/${name}`, import.meta.url), 'utf8');

const newMetrics = () =>
  createMetrics('example.com/workload', {
    authorityNotAfter: () => 0,
    nextStep: () => 0,
    members: () => 1,
    clockAhead: () => 0,
    isBundlePublished: () => true,
    canSign: () => true,
    now: () => 100,
  });

/** Names of all metrics that signer and requester have, histograms with what belongs to them. */
async function metricNames(): Promise<ReadonlySet<string>> {
  const requester = createRequesterMetrics(
    { signer: 'example.com/workload', namespace: 'shop', pod: 'web-0' },
    { status: () => undefined, isReady: () => true, clockAhead: () => 0, now: () => 0 },
  );
  const text = `${await newMetrics().text()}\n${await requester.text()}`;
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return new Set(
    types.flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
}

test.each(['alerts.yaml', 'dashboard.json'])('%s names only metrics that there are', async (name) => {
  const named = new Set(read(name).match(/mayfly_(?:signer|requester)_[a-z_]+/g));
  expect(named.size).toBeGreaterThan(3);
  expect([...named].filter((each) => !there.has(each))).toEqual([]);
});
const there = await metricNames();

test('what waits is counted until it is answered or another signer has it', async () => {
  const metrics = newMetrics();
  const request = (uid: string, creationTimestamp: number) =>
    ({ metadata: { uid, creationTimestamp } }) as PodCertificateRequest; // no more of it is read
  const shown = async () => {
    const text = await metrics.text();
    return ['waiting_requests', 'oldest_waiting_seconds'].map((name) =>
      Number(new RegExp(`^mayfly_signer_${name}{[^}]*} (\\d+)$`, 'm').exec(text)?.[1]),
    );
  };
  expect(await shown()).toEqual([0, 0]);
  for (const [uid, at] of [
    ['a', 30],
    ['b', 60],
    ['c', 90],
  ] as const)
    metrics.note({ type: 'retry', request: request(uid, at), error: new Error('later'), at: 101 });
  metrics.note({ type: 'disconnected', error: new Error('away'), at: 101 });
  expect(await shown()).toEqual([3, 70]);
  metrics.note({ type: 'left', request: request('a', 30) });
  expect(await shown()).toEqual([2, 40]);
  metrics.note({ type: 'denied', request: request('b', 60), denial: { reason: 'No', message: '' } });
  metrics.note({ type: 'left', request: request('c', 90) });
  expect(await shown()).toEqual([0, 0]);
});

test('every alert says for whom it is and what it is about', () => {
  const { groups } = parse(read('alerts.yaml'));
  const rules: readonly Record<string, unknown>[] = groups.flatMap((group: { rules: unknown }) => group.rules);
  expect(rules.length).toBeGreaterThan(5);
  for (const { alert, expr, labels, annotations } of rules)
    expect({ alert, expr, labels, annotations }).toEqual({
      alert: expect.stringMatching(/^Mayfly[A-Za-z]+$/),
      expr: expect.any(String),
      labels: { severity: expect.stringMatching(/^(warning|critical)$/) },
      annotations: { summary: expect.any(String) },
    });
});

test('the dashboard is one that Grafana can import: its panels stand apart and each asks something', () => {
  const { panels, uid, schemaVersion, templating } = JSON.parse(read('dashboard.json'));
  expect({ uid, schemaVersion }).toEqual({ uid: 'mayfly-signer', schemaVersion: 39 });
  expect(templating.list.map(({ name }: { name: string }) => name)).toEqual(['datasource', 'signer']);
  const cells = new Set<string>();
  for (const { gridPos, targets, title } of panels) {
    expect(targets.length, title).toBeGreaterThan(0);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(cells.has(`${x} ${y}`), title).toBe(false);
        cells.add(`${x} ${y}`);
      }
  }
  expect(new Set(panels.map(({ id }: { id: number }) => id)).size).toBe(panels.length);
});
