import { describe, expect, test } from 'vitest';
import { fasterPeers } from './document/faster.js';
import { page } from './document/page.js';
import { staleDocuments, withFigures } from './documents.js';
import type { Report, ReportedCase } from './report.js';

const reportOf = (cases: readonly ReportedCase[], ratio: number): Report => ({
  ...{ suite: 'parse', node: '20.0.0', cpu: 'Some CPU', date: '2026-01-02T03:04:05.000Z' },
  ...{ effort: 'full', machine: '2 cores', versions: {}, cases },
  ratios: [{ name: 'parse/leaf', peer: 'pkijs', ratio }],
});
const timed = (impl: string, medianNs: number, wobble: number): ReportedCase => ({
  ...{ name: 'parse/leaf', impl, medianNs, p99Ns: medianNs },
  ...{ medianLowNs: medianNs - wobble, medianHighNs: medianNs + wobble },
});

test('report, charts and the table of the README are those of what was saved', async () => {
  expect(await staleDocuments()).toEqual([]);
});

describe('where a peer is faster', () => {
  test('it is told, and whether the intervals meet', () => {
    const told = (wobble: number) =>
      fasterPeers([reportOf([timed('mayfly', 110, wobble), timed('pkijs', 100, wobble)], 0.91)]);
    expect(told(2)).toMatchObject([{ suite: 'parse', theirs: { impl: 'pkijs' }, close: false }]);
    expect(told(6)).toMatchObject([{ close: true }]);
  });

  test('where Mayfly is, nothing is told', () => {
    expect(fasterPeers([reportOf([timed('mayfly', 100, 1), timed('pkijs', 110, 1)], 1.1)])).toEqual([]);
  });
});

describe('the README', () => {
  const marked = 'a\n<!-- figures: made by npm run bench -- --report -->\nold\n<!-- end of figures -->\nb\n';

  test('has the figures between its marks, and keeps the rest', () => {
    const all = [{ suite: 'parse', job: 'a job', mayfly: '2 µs', peers: [{ impl: 'x', figure: '4 µs', ratio: 2 }] }];
    const made = withFigures(marked, [reportOf([], 1)], all);
    expect(made).toMatch(/^a\n<!-- figures.*-->\n.*2026-01-02.*Some CPU.*\n\n/s);
    expect(made).toContain('| `parse` | a job | 2 µs | x 4 µs (2.00 x) |\n<!-- end of figures -->\nb\n');
    expect(withFigures(made, [reportOf([], 1)], all)).toBe(made);
  });

  test('without marks is refused', () => {
    expect(() => withFigures('a\n', [], [])).toThrow('Cannot write figures into README.md');
  });
});

test('a page has an index of its sections, and no markup of others', () => {
  const made = page('T', '# T\n\n## One two\n\n<script>alert(1)</script>\n');
  expect(made).toContain('<a href="#one-two">One two</a>');
  expect(made).toContain('<h2 id="one-two">');
  expect(made).not.toContain('<script>');
});
