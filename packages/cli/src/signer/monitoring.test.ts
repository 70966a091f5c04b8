import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { createMetrics } from './metrics.js';

const read = (name: string): string =>
  readFileSync(new URL(`../../deploy/monitoring/${name}`, import.meta.url), 'utf8');

/** Names of all metrics that a signer has, histograms with what belongs to them. */
async function metricNames(): Promise<ReadonlySet<string>> {
  const metrics = createMetrics('example.com/workload', {
    authorityNotAfter: () => 0,
    nextStep: () => 0,
    members: () => 1,
    clockAhead: () => 0,
    oldestWaiting: () => 0,
    waiting: () => 0,
    isBundlePublished: () => true,
    now: () => 0,
  });
  const types = [...(await metrics.text()).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return new Set(
    types.flatMap(([, name = '', type]) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
}

test.each(['alerts.yaml', 'dashboard.json'])('%s names only metrics that there are', async (name) => {
  const named = new Set(read(name).match(/mayfly_signer_[a-z_]+/g));
  expect(named.size).toBeGreaterThan(3);
  expect([...named].filter((each) => !there.has(each))).toEqual([]);
});
const there = await metricNames();

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
