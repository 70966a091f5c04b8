import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { overviewChart, suiteChart } from './document/chart.js';
import { type Headline, headlines } from './document/headlines.js';
import { headlineTable, markdown } from './document/markdown.js';
import { page } from './document/page.js';
import type { Report } from './report.js';
import { directory, readResults } from './results.js';
import { suites } from './suites.js';

const README = new URL('../../README.md', directory);
const BEGIN = '<!-- figures: made by npm run bench -- --report -->';
const END = '<!-- end of figures -->';
/** Peers of a row in the README, the quickest of all. */
const MOST_PEERS = 3;

/** Writes the report, its charts, and the table of the README from what was saved. */
export async function writeDocuments(): Promise<void> {
  await mkdir(new URL('charts/', directory), { recursive: true });
  for (const [url, text] of await documents()) await writeFile(url, text);
}

/** Tells which of the documents are not those of what was saved; true where all are. */
export async function checkDocuments(): Promise<boolean> {
  const stale = await staleDocuments();
  for (const path of stale) console.error(`${path} is not what was saved: run npm run bench -- --report`);
  return stale.length === 0;
}

/** Paths of documents, from the root, that `writeDocuments` would change. */
export async function staleDocuments(): Promise<readonly string[]> {
  const stale: string[] = [];
  for (const [url, text] of await documents()) {
    const found = await readFile(url, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (found !== text) stale.push(url.href.slice(new URL('../../', directory).href.length));
  }
  return stale;
}

async function documents(): Promise<readonly (readonly [url: URL, text: string])[]> {
  const order = suites.map(({ name }) => name);
  const reports = [...(await readResults())].sort((a, b) => order.indexOf(a.suite) - order.indexOf(b.suite));
  const question = (name: string) => suites.find((suite) => suite.name === name)?.question ?? name;
  const text = markdown(reports, question);
  const all = headlines(reports);
  return [
    [new URL('report.md', directory), text],
    [new URL('report.html', directory), page('Mayfly: benchmarks', text)],
    [new URL('charts/overview.svg', directory), overviewChart(all)],
    ...reports.map((report) => [new URL(`charts/${report.suite}.svg`, directory), suiteChart(report)] as const),
    [README, withFigures(await readFile(README, 'utf8'), reports, all)],
  ];
}

/**
 * The README with the table of today.
 * @throws Error where it has no place for it.
 */
export function withFigures(readme: string, reports: readonly Report[], all: readonly Headline[]): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`Cannot write figures into README.md: no ${BEGIN} before ${END}`);
  const table = headlineTable(all.map((one) => ({ ...one, peers: one.peers.slice(0, MOST_PEERS) })));
  const places = [...new Set(reports.map(({ node, cpu, machine }) => `Node ${node}, ${cpu}, ${machine}`))].join('; ');
  const dates = reports.map(({ date }) => date.slice(0, 10)).sort();
  const days = [...new Set([dates[0], dates.at(-1)])].join(' to ');
  const middle = [`Measured ${days}: ${places}.`, '', ...table].join('\n');
  return `${readme.slice(0, begin + BEGIN.length)}\n${middle}\n${readme.slice(end)}`;
}
